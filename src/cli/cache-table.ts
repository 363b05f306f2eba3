// A cache as a table.
import { type ControlSession, describeSession } from '../control/protocol.ts';
import type { SslServer } from '../net/server.ts';
import type { StoreStatistics } from '../store/statistics.ts';
import { plural, printable, short, style, table } from './output.ts';

const head = ['session', 'protocol', 'cipher', 'expires in', 'name'];

function row(session: ControlSession): string[] {
  const left = session.expiresAt - Math.floor(Date.now() / 1000);
  const { id, protocol, cipher = '', hostname = '' } = session;
  return [short(id), protocol, cipher, session.isExpired ? 'expired' : `${left} s`, printable(hostname)];
}

/** Rows for sessions that the control socket or a context has told of. */
export function sessionTable(sessions: readonly ControlSession[]): string[] {
  return table(sessions.map(row), head);
}

/** The state of a cache in at most `limit` rows, and its counters. */
export function cacheTable({ context, sessionStore }: SslServer, limit: number): string[] {
  const { stats, sessionCacheSize, sessionCacheModes } = context;
  const sessions: ControlSession[] = [];
  for (const session of context.sessions()) {
    sessions.push(describeSession(session));
    session.free();
    if (sessions.length >= limit) break;
  }
  const more = stats.number - sessions.length;
  const size = sessionCacheSize === 0 ? '' : ` of ${sessionCacheSize}`;
  const title = `${plural(stats.number, 'session')}${size}, mode ${sessionCacheModes.join(' ')}`;
  const counters =
    `handshakes ${stats.acceptGood}  hits ${stats.hits}  misses ${stats.misses}` +
    `  timeouts ${stats.timeouts}  evicted ${stats.cacheFull}`;
  return [
    style('dim', '─'.repeat(60)),
    `${style('bold', title)}  ${counters}`,
    ...(sessionStore === undefined ? [] : [storeLine(sessionStore.statistics)]),
    ...(sessions.length > 0 ? sessionTable(sessions) : []),
    ...(more > 0 ? [style('dim', `and ${more} more`)] : []),
  ];
}

function storeLine({ breaker, hits, misses, failures, timeouts, writes, pending }: StoreStatistics): string {
  const state = breaker === 'closed' ? 'answers' : style('red', 'does not answer');
  const counters = `hits ${hits}  misses ${misses}  failures ${failures}  timeouts ${timeouts}`;
  return `${style('bold', 'store')} ${state}  ${counters}  writes ${writes}  waiting ${pending}`;
}
