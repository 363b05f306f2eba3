// Three ways to resume, and what removeSession does to each.
import type { SslSession } from '../src/index.ts';
import { Endpoint, type Outcome, type Protocol } from './endpoint.ts';
import { changes, heading, note, short, step } from './print.ts';

interface Story {
  title: string;
  protocol: Protocol;
  tickets: 'stateful' | 'stateless';
}

const stories: readonly Story[] = [
  { title: 'TLS 1.2, session IDs', protocol: 'TLSv1.2', tickets: 'stateful' },
  { title: 'TLS 1.3, stateful tickets', protocol: 'TLSv1.3', tickets: 'stateful' },
  { title: 'TLS 1.3, stateless tickets', protocol: 'TLSv1.3', tickets: 'stateless' },
];

export async function tellStories(): Promise<void> {
  for (const story of stories) {
    heading(`${story.title} (tickets: '${story.tickets}')`);
    const endpoint = await Endpoint.start(story.protocol, { tickets: story.tickets });
    try {
      if (story.tickets === 'stateful') await tellStateful(endpoint);
      else await tellStateless(endpoint);
    } finally {
      await endpoint.stop();
    }
  }
}

function show(what: string, outcome: Outcome, expected: string): void {
  step(what, outcome.word, expected, changes(outcome.before, outcome.after));
  note(`s_client: ${outcome.report}`);
}

async function tellStateful(endpoint: Endpoint): Promise<void> {
  const { context } = endpoint;
  const first = await endpoint.connect();
  show('1 s_client', first, 'New');
  const second = await endpoint.connect(first.result.session);
  show('2 s_client -sess_in', second, 'Reused');

  for (const id of new Set(endpoint.idsOf(first, second).map((each) => each.toString('hex')))) {
    const before = context.stats;
    using session = context.getSession(Buffer.from(id, 'hex'));
    const isRemoved = session !== undefined && context.removeSession(session);
    step(
      `  removeSession(${short(Buffer.from(id, 'hex'))})`,
      String(isRemoved),
      'true',
      changes(before, context.stats),
    );
  }

  const third = await endpoint.connect(second.result.session ?? first.result.session);
  show('3 s_client -sess_in', third, 'New');
  note('The client had all it needs. The server did not: the session was in its cache and nowhere else.');
}

async function tellStateless(endpoint: Endpoint): Promise<void> {
  const { context } = endpoint;
  const made: SslSession[] = [];
  context.on('newSession', (session) => made.push(session));
  const first = await endpoint.connect();
  show('1 s_client', first, 'New');
  const second = await endpoint.connect(first.result.session);
  show('2 s_client -sess_in', second, 'Reused');

  for (const session of made) {
    const before = context.stats;
    const isRemoved = context.removeSession(session);
    step(`  removeSession(${short(session.id)})`, String(isRemoved), 'false', changes(before, context.stats));
    session.free();
  }

  const third = await endpoint.connect(second.result.session ?? first.result.session);
  show('3 s_client -sess_in', third, 'Reused');
  note('Still reused, and rightly so: the ticket is the whole session, encrypted with the ticket keys. The cache was');
  note('empty all the time, so there was nothing to remove. Only other ticket keys, or time, end such a session;');
  note(`a single one can be revoked only where the server keeps it: tickets: 'stateful'.`);
}
