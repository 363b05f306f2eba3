// `sslctx connect`: several connections, one after the other.
import { writeFileSync } from 'node:fs';
import { SslContext } from '../context.ts';
import type { SslSession } from '../session.ts';
import { compareWithSClient } from './compare.ts';
import { ExitCode } from './exit.ts';
import { type CommonFlags, contextOptions, type Endpoint, endpointText } from './options.ts';
import { json, line, plural, printable, seconds, style, table } from './output.ts';
import { readSession } from './session-file.ts';
import { type Visit, visit } from './visit.ts';

/** What the commands that connect have in common. */
export interface ClientFlags extends CommonFlags {
  servername?: string;
  timeout: number;
  wait: number;
  http?: true;
  early?: true;
}

export interface ConnectFlags extends ClientFlags {
  count: number;
  first?: true;
  verify?: true;
  tickets: boolean;
  sessionIn?: string;
  sessionOut?: string;
  compare?: true;
}

export async function connectCommand(where: Endpoint, flags: ConnectFlags): Promise<number> {
  const context = new SslContext({
    ...contextOptions(flags),
    sessionCache: { mode: ['client', 'no-internal'] },
    tickets: flags.tickets ? 'stateless' : 'none',
  });
  let session = flags.sessionIn === undefined ? undefined : readSession(flags.sessionIn).session;
  const visits: Visit[] = [];
  if (!flags.json) line(`${style('bold', endpointText(where))}, ${plural(flags.count, 'connection')}`);
  for (let index = 0; index < flags.count; index++) {
    const seen = await visit({
      context,
      ...where,
      servername: flags.servername,
      session,
      verify: flags.verify,
      timeout: flags.timeout,
      wait: flags.wait,
      alpn: flags.alpn,
      http: flags.http,
      early: flags.early,
    });
    visits.push(seen);
    if (flags.json) json({ connection: index + 1, ...describe(seen) });
    else tell(index, seen);
    session = next(session, seen, flags.first === true);
  }
  if (flags.sessionOut !== undefined && session !== undefined) {
    writeFileSync(flags.sessionOut, session.toPEM(), { mode: 0o600 });
  }
  const isGood = summarize(visits, flags);
  const isSame = flags.compare !== true || (await compareWithSClient(where, flags, visits));
  return isGood && isSame ? ExitCode.ok : ExitCode.no;
}

/** A ticket that was just used may not be good again, RFC 8446 C.4: the newest, unless told otherwise. */
function next(session: SslSession | undefined, seen: Visit, isFirstWanted: boolean): SslSession | undefined {
  if (isFirstWanted && session !== undefined) return session;
  return seen.sessions.at(-1) ?? session;
}

function describe({ sessions, handshakeTime, ...seen }: Visit): object {
  return {
    ...seen,
    handshakeMilliseconds: Number(handshakeTime.toFixed(3)),
    issued: sessions.map((session) => ({
      kind: kindOf(session),
      ticketBytes: session.ticket?.length ?? 0,
      lifetime: session.ticketLifetimeHint,
      maxEarlyData: session.maxEarlyData,
      sessionId: session.hasTicket ? undefined : session.id.toString('hex'),
    })),
  };
}

function kindOf(session: SslSession): string {
  if (!session.hasTicket) return 'session-id';
  return session.protocol === 'TLSv1.3' && session.ticket?.length === 32 ? 'stateful-ticket' : 'stateless-ticket';
}

function tell(index: number, seen: Visit): void {
  const { resumption, sessions } = seen;
  if (index === 0) {
    const trust = seen.trustProblem === undefined ? style('green', 'trusted') : style('yellow', seen.trustProblem);
    line(`  certificate  ${printable(seen.subject ?? 'none')}: ${printable(trust)}`);
  }
  const outcome = resumption.accepted ? style('green', 'resumed') : style('yellow', 'full   ');
  const number = `${index + 1}`.padStart(3);
  const alpn = seen.alpn === undefined ? '' : `  ${printable(seen.alpn)}`;
  line(`${number}  ${outcome}  ${seen.protocol}  ${seen.cipher}  ${seen.handshakeTime.toFixed(1)} ms${alpn}`);
  const details = [
    ['offered', resumption.offered ? words(resumption.kind) : 'nothing'],
    ...(resumption.reason === undefined ? [] : [['accepted', `no: ${words(resumption.reason)}`]]),
    ...(seen.earlyData === undefined ? [] : [['early', `data ${words(seen.earlyData)}`]]),
    ['issued', issued(sessions)],
  ];
  for (const row of table(details)) line(`       ${style('dim', row)}`);
}

function words(name: string | undefined): string {
  return (name ?? '').replaceAll('-', ' ').replace('id', 'ID');
}

function issued(sessions: readonly SslSession[]): string {
  const [first] = sessions;
  if (first === undefined) return 'nothing';
  if (!first.hasTicket) return `session ID ${first.id.toString('hex').slice(0, 16)}…`;
  const lifetime =
    first.ticketLifetimeHint === 0 ? 'no lifetime told' : `good for ${seconds(first.ticketLifetimeHint)}`;
  const early = first.maxEarlyData > 0 ? `, ${first.maxEarlyData} bytes of early data` : '';
  const bytes = `${first.ticket?.length ?? 0} bytes`;
  return `${plural(sessions.length, words(kindOf(first)))}, ${bytes}, ${lifetime}${early}`;
}

/** Whether each connection that could resume did. */
function summarize(visits: readonly Visit[], flags: ConnectFlags): boolean {
  const offered = visits.filter(({ resumption }) => resumption.offered).length;
  const accepted = visits.filter(({ resumption }) => resumption.accepted).length;
  const expected = visits.length - (flags.sessionIn === undefined ? 1 : 0);
  const isGood = accepted === expected;
  if (flags.json) json({ connections: visits.length, offered, accepted });
  else {
    const verdict = `${accepted} of ${expected} resumed`;
    const silent = offered < expected ? `; ${plural(expected - offered, 'time')} there was no session to offer` : '';
    line(style(isGood ? 'green' : 'yellow', verdict + silent));
  }
  return isGood;
}
