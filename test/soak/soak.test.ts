// The soak in small; `npm run soak -- --handshakes 1000000` is what finds slow leaks.
import test from 'ava';
import { SLOWER } from '../helpers/limits.ts';
import type { Measured } from './report.ts';
import { soak } from './run.ts';
import { verdict } from './verdict.ts';

const MIB = 1024 * 1024;

// The load is of Linux. Under the sanitizers, where freed memory is kept, what "stays in bounds" is not run.
const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('in some thousand handshakes of every kind memory stays in bounds, and nothing is left', async (t) => {
  t.timeout(240_000 * SLOWER);
  const library = new URL('../../src/index.ts', import.meta.url);
  const result = await soak({ handshakes: 4000, minutes: 3 * SLOWER, slice: 0.5, library });
  t.deepEqual(result.wrong, []);
  const last = result.points.at(-1) ?? t.fail('a point');
  t.true(last.terminated > 0 && last.rounds > 0 && last.workers === 2);
  t.true(last.handshakes > result.connections / 2 && last.resumed > 0);
  t.true((last.native ?? MIB) >= MIB);
});

const counts = { SSL_CTX: 5, SSL: 0, SSL_SESSION: 100, fds: 30, handles: 20 };
const first: Measured = {
  ...counts,
  rss: 100 * MIB,
  native: 20 * MIB,
  heap: 10 * MIB,
  handshakes: 1000,
  resumed: 900,
  workers: 2,
  terminated: 1,
  rounds: 1,
  caches: [{ name: 'ids', entries: 100, most: 200 }],
};

test('the verdict finds what grows and what is left', (t) => {
  const judge = (last: Partial<Measured>, more: object = {}): string[] =>
    verdict({ points: [first, { ...first, ...last }], before: counts, after: counts, failures: 0, ...more });
  t.deepEqual(judge({ rss: 115 * MIB, native: 27 * MIB, heap: 13 * MIB }), []);
  t.deepEqual(judge({ rss: 117 * MIB }), ['rss has grown from 100.0 MiB to 117.0 MiB']);
  t.deepEqual(judge({ native: 29 * MIB }), ['native has grown from 20.0 MiB to 29.0 MiB']);
  t.deepEqual(judge({ native: null }), []);
  t.deepEqual(judge({ heap: 15 * MIB }), ['heap has grown from 10.0 MiB to 15.0 MiB']);
  t.deepEqual(judge({ SSL: 20 }), ['SSL: 0 have become 20']);
  t.is(judge({ SSL_SESSION: 1000 }).length, 1);
  t.is(judge({ caches: [{ name: 'ids', entries: 201, most: 200 }] }).length, 1);
  t.deepEqual(judge({}, { after: { ...counts, fds: 31 } }), ['fds: 1 are left when all is closed']);
  t.deepEqual(judge({}, { failures: 2 }), ['2 connections have failed']);
  t.is(verdict({ points: [first], before: counts, after: counts, failures: 0 }).length, 1);
});
