// The same three connections under each cache mode, and what two of the flags do elsewhere.
import { type SessionCacheModeName, SslConnection, SslContext, SslSession } from '../src/index.ts';
import { makeCertificate } from '../src/testing/index.ts';
import { Endpoint, type Protocol } from './endpoint.ts';
import { changes, heading, note, step } from './print.ts';

interface ModeStory {
  mode: readonly SessionCacheModeName[];
  /** The three words of s_client. */
  expected: string;
  /** Sessions in the cache after the first connection. */
  cached: Readonly<Record<Protocol, number>>;
  why: string;
}

const none = { 'TLSv1.2': 0, 'TLSv1.3': 0 };
// A session for each of the two tickets of TLS 1.3.
const some = { 'TLSv1.2': 1, 'TLSv1.3': 2 };

const stories: readonly ModeStory[] = [
  { mode: ['server'], expected: 'New Reused New', cached: some, why: 'the default' },
  { mode: ['both'], expected: 'New Reused New', cached: some, why: 'client sessions too; of no effect on a server' },
  { mode: ['off'], expected: 'New New New', cached: none, why: 'nothing is stored' },
  { mode: ['client'], expected: 'New New New', cached: none, why: 'a server stores nothing' },
  { mode: ['server', 'no-internal-lookup'], expected: 'New New New', cached: some, why: 'stored, never searched' },
  { mode: ['server', 'no-internal-store'], expected: 'New New New', cached: none, why: 'searched, never stored' },
  {
    mode: ['server', 'no-internal'],
    expected: 'New New New',
    cached: none,
    why: 'both: the place for a cache elsewhere',
  },
  { mode: ['server', 'no-auto-clear'], expected: 'New Reused New', cached: some, why: 'see below' },
  { mode: ['server', 'update-time'], expected: 'New Reused New', cached: some, why: 'see below' },
];

export async function tellModes(): Promise<void> {
  for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
    heading(`The cache modes, ${protocol}, stateful: s_client, again, again after removeSession`);
    for (const story of stories) await tellMode(protocol, story);
  }
  heading('What no-auto-clear and update-time are about');
  tellAutoClear();
  tellUpdateTime();
}

async function tellMode(protocol: Protocol, { mode, expected, cached, why }: ModeStory): Promise<void> {
  const endpoint = await Endpoint.start(protocol, { tickets: 'stateful', sessionCache: { mode } });
  try {
    const { context } = endpoint;
    const before = context.stats;
    const first = await endpoint.connect();
    const inCache = first.after.number;
    const second = await endpoint.connect(first.result.session);
    for (const session of context.sessions()) {
      context.removeSession(session);
      session.free();
    }
    const third = await endpoint.connect(second.result.session ?? first.result.session);
    const words = [first, second, third].map(({ word }) => word).join(' ');
    const name = context.sessionCacheModes.join(' ');
    step(name, `${words}, ${inCache} cached`, `${expected}, ${cached[protocol]} cached`, why);
    note(changes(before, third.after));
  } finally {
    await endpoint.stop();
  }
}

/** libssl flushes when the number of good handshakes ends in 255: shown with handshakes in memory. */
function tellAutoClear(): void {
  for (const [mode, expected] of [
    [['server'], 'gone'],
    [['server', 'no-auto-clear'], 'there'],
  ] as const) {
    using context = new SslContext({ ...makeCertificate(), tickets: 'stateful', sessionCache: { mode } });
    using expired = SslSession.create({ time: 1_000_000_000, timeout: 1 });
    context.addSession(expired);
    for (let count = 0; count < 256; count++) handshakeInMemory(context);
    const outcome = context.hasSession(expired.id) ? 'there' : 'gone';
    step(`${context.sessionCacheModes.join(' ')}`, outcome, expected, 'an expired session, after 256 handshakes');
  }
}

function handshakeInMemory(context: SslContext): void {
  using server = new SslConnection(context, { isServer: true });
  using client = new SslConnection(context, { rejectUnauthorized: false });
  for (let turn = 0; turn < 10 && !(client.isHandshakeDone && server.isHandshakeDone); turn++) {
    client.handshake();
    server.receive(client.takeOutput() ?? new Uint8Array(0));
    client.receive(server.takeOutput() ?? new Uint8Array(0));
  }
  // Without a clean end, libssl would take the sessions out again.
  client.shutdown();
  server.shutdown();
}

/** The time of a session is set to now when it is added, by hand or from an external cache. */
function tellUpdateTime(): void {
  for (const [mode, expected] of [
    [['server'], 'as it was'],
    [['server', 'update-time'], 'now'],
  ] as const) {
    using context = new SslContext({ sessionCache: { mode } });
    const time = Math.floor(Date.now() / 1000) - 100;
    using session = SslSession.create({ time });
    context.addSession(session);
    step(
      context.sessionCacheModes.join(' '),
      session.time === time ? 'as it was' : 'now',
      expected,
      'time after addSession',
    );
  }
}
