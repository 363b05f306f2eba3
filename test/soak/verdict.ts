// What is wrong with what was measured.
import type { Measured } from './report.ts';
import type { Counts } from './settle.ts';

const MIB = 1024 * 1024;

/**
 * How much more there may be at the end than at the first tenth: 10 %, and at least this. malloc's smallest block takes 32
 * bytes: of 900,000 handshakes that lose one each, 27 MiB are left.
 */
const slack = { rss: 16 * MIB, native: 8 * MIB, heap: 4 * MIB } as const;

/** Contexts, and handles of what is kept, that may come and go: not one for each round or each handshake. */
const few = { SSL_CTX: 8, SSL: 16, fds: 24, handles: 200 } as const;

export interface Evidence {
  readonly points: readonly Measured[];
  readonly before: Counts;
  readonly after: Counts;
  /** Connections of the load that failed without a reason. */
  readonly failures: number;
}

export function verdict({ points, before, after, failures }: Evidence): string[] {
  const wrong: string[] = [];
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return ['nothing was measured'];
  for (const what of ['rss', 'native', 'heap'] as const) {
    const [from, to] = [first[what] ?? 0, last[what] ?? 0];
    const most = from + Math.max(slack[what], from / 10);
    if (to > most) wrong.push(`${what} has grown from ${mib(from)} to ${mib(to)}`);
  }
  for (const what of ['SSL_CTX', 'SSL', 'fds', 'handles'] as const) {
    if (last[what] > first[what] + few[what]) wrong.push(`${what}: ${first[what]} have become ${last[what]}`);
  }
  for (const [index, { caches, SSL_SESSION }] of points.entries()) {
    for (const { name, entries, most } of caches) {
      if (entries > most) wrong.push(`${name} has ${entries} entries of ${most} at point ${index + 1}`);
    }
    // Those of caches, and what clients of the process keep.
    const most = caches.reduce((sum, one) => sum + one.most, 0);
    if (SSL_SESSION > most) wrong.push(`${SSL_SESSION} sessions live at point ${index + 1}, ${most} may`);
  }
  for (const what of ['SSL_CTX', 'SSL', 'SSL_SESSION', 'fds', 'handles'] as const) {
    if (after[what] > before[what]) wrong.push(`${what}: ${after[what] - before[what]} are left when all is closed`);
  }
  if (failures > 0) wrong.push(`${failures} connections have failed`);
  return wrong;
}

export function mib(bytes: number | null): string {
  return bytes === null ? 'unknown' : `${(bytes / MIB).toFixed(1)} MiB`;
}
