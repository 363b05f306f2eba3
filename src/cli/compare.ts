// `sslctx connect --compare`: the same with the real openssl s_client.
import { type SClientResult, sClient } from '../testing/s_client.ts';
import type { ConnectFlags } from './connect.ts';
import type { Endpoint } from './options.ts';
import { json, line, style, table } from './output.ts';
import { readSession } from './session-file.ts';
import type { Visit } from './visit.ts';

/** Whether s_client resumed where this program did. */
export async function compareWithSClient(where: Endpoint, flags: ConnectFlags, visits: Visit[]): Promise<boolean> {
  const protocol = visits[0]?.protocol;
  if (protocol !== 'TLSv1.2' && protocol !== 'TLSv1.3') throw new Error(`s_client is not compared in ${protocol}`);
  const isTls12 = protocol === 'TLSv1.2';
  // -reconnect makes six connections, and in TLS 1.3 it resumes none: there, each run gets the session of the last.
  const theirs = isTls12 ? await reconnect(where, flags) : await inTurn(where, flags, visits);
  const ours = visits.map(({ resumption }) => resumption.accepted);
  const count = Math.min(ours.length, theirs.length);
  const isSame = ours.slice(0, count).every((each, index) => each === theirs[index]);
  const command = isTls12 ? 'openssl s_client -reconnect' : 'openssl s_client -sess_in';
  if (flags.json) json({ command, resumed: theirs, same: isSame });
  else {
    const word = (isResumed: boolean | undefined): string => (isResumed ? 'resumed' : 'full');
    const rows = Array.from({ length: count }, (_, index) => [`${index + 1}`, word(ours[index]), word(theirs[index])]);
    for (const row of table(rows, ['', 'sslctx', command])) line(row);
    line(isSame ? style('green', 'the same') : style('red', 'not the same'));
  }
  return isSame;
}

function common(where: Endpoint, { servername, ca, cert, key, ciphers, alpn, timeout, tickets }: ConnectFlags) {
  const name = servername ?? where.host;
  const suites = ciphers?.split(':') ?? [];
  const own = (isTls13: boolean): string | undefined =>
    suites.filter((suite) => suite.startsWith('TLS_') === isTls13).join(':') || undefined;
  return {
    ...where,
    servername: /[:]|^[\d.]+$/.test(name) ? undefined : name,
    ...{ ca, cert, key, alpn, timeout, ciphers: own(false), ciphersuites: own(true), noTicket: !tickets },
  };
}

function sessionIn({ sessionIn: path }: ConnectFlags): string | undefined {
  return path === undefined ? undefined : readSession(path).session.toPEM();
}

async function reconnect(where: Endpoint, flags: ConnectFlags): Promise<boolean[]> {
  const own = { ...common(where, flags), protocol: 'TLSv1.2', reconnect: true, sessionIn: sessionIn(flags) } as const;
  return (await sClient(own)).connections.map(({ reused }) => reused === true);
}

/** Waits for as many tickets as this program got, and no longer. */
async function inTurn(where: Endpoint, flags: ConnectFlags, visits: readonly Visit[]): Promise<boolean[]> {
  const resumed: boolean[] = [];
  let session = sessionIn(flags);
  for (const { sessions } of visits) {
    const own = { ...common(where, flags), protocol: 'TLSv1.3', sessionIn: session } as const;
    const result: SClientResult = await sClient({ ...own, waitForTickets: sessions.length });
    resumed.push(result.reused === true);
    if (session === undefined || flags.first !== true) session = result.session ?? session;
  }
  return resumed;
}
