// A cache as a table.
import { type ControlSession, describeSession } from '../control/protocol.ts';
import type { SslServer } from '../net/server.ts';
import type { StoreStatistics } from '../store/statistics.ts';
import { plural, printable, short, style, table } from './output.ts';
import { flow, widthOf } from './width.ts';

const wide = ['session', 'protocol', 'cipher', 'expires in', 'name'] as const;
type Column = (typeof wide)[number];
/** Without what is longest, and matters least. */
const narrow: readonly Column[] = ['session', 'protocol', 'expires in', 'name'];

function cells(session: ControlSession): Record<Column, string> {
  const left = session.expiresAt - Math.floor(Date.now() / 1000);
  const { id, protocol, cipher = '', hostname = '', isExpired } = session;
  return {
    session: short(id),
    protocol,
    cipher,
    'expires in': isExpired ? 'expired' : `${left} s`,
    name: printable(hostname),
  };
}

/** Rows for sessions that the control socket or a context has told of. */
export function sessionTable(sessions: readonly ControlSession[], columns: readonly Column[] = wide): string[] {
  const rows = sessions.map(cells).map((row) => columns.map((column) => row[column]));
  return table(rows, columns);
}

/** The state of a cache and its counters, for a terminal of this size: at most half of it. */
export function cacheTable({ context, sessionStore }: SslServer, columns: number, rows: number): string[] {
  const { stats, sessionCacheSize, sessionCacheModes } = context;
  const limit = Math.max(1, Math.floor(rows / 2) - 4);
  const sessions: ControlSession[] = [];
  for (const session of context.sessions()) {
    sessions.push(describeSession(session));
    session.free();
    if (sessions.length >= limit) break;
  }
  const more = stats.number - sessions.length;
  const size = sessionCacheSize === 0 ? '' : ` of ${sessionCacheSize}`;
  const title = `${plural(stats.number, 'session')}${size}, mode ${sessionCacheModes.join(' ')}`;
  const { acceptGood: handshakes, hits, misses, timeouts, cacheFull: evicted } = stats;
  const full = sessionTable(sessions);
  const isNarrow = full.some((line) => widthOf(line) > columns);
  return [
    style('dim', '─'.repeat(Math.min(60, columns))),
    ...flow([style('bold', title), ...counted({ handshakes, hits, misses, timeouts, evicted })], columns, 2),
    ...(sessionStore === undefined ? [] : flow(storeParts(sessionStore.statistics), columns, 2)),
    ...(sessions.length === 0 ? [] : isNarrow ? sessionTable(sessions, narrow) : full),
    ...(more > 0 ? [style('dim', `and ${more} more`)] : []),
  ];
}

function counted(counters: Readonly<Record<string, number>>): string[] {
  return Object.entries(counters).map(([name, count]) => `${name} ${count}`);
}

function storeParts({ breaker, hits, misses, failures, timeouts, writes, pending }: StoreStatistics): string[] {
  const state = breaker === 'closed' ? 'answers' : style('red', 'does not answer');
  return [
    `${style('bold', 'store')} ${state}`,
    ...counted({ hits, misses, failures, timeouts, writes, waiting: pending }),
  ];
}
