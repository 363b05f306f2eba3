// One side of a warm restart: the process that saves its cache, or the one that comes after it.
//
// usage: restart.ts --phase save|load --file FILE [--sessions N]
//
// Prints one line of JSON: CPU nanoseconds for each session of all threads (`save` or `load`), seconds on the clock, the
// longest that the event loop was kept from going on in milliseconds, growth of the resident memory for each session.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadSessions, SslContext, saveSessions } from '../../src/index.ts';
import { fillCache } from './sessions.ts';

const { values } = parseArgs({
  options: {
    phase: { type: 'string', default: 'save' },
    file: { type: 'string', default: '' },
    sessions: { type: 'string', default: '0' },
  },
});
const count = Number(values.sessions);
// Of a file that is deleted when the round is over.
const key = Buffer.alloc(32, 'benchmark');
const context = new SslContext({ sessionCache: { size: 0 } });

async function measure(phase: string, work: () => Promise<number>): Promise<void> {
  globalThis.gc?.();
  const memory = process.memoryUsage.rss();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  // Its first sample has nothing to compare with.
  await wait(20);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const done = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await wait(20);
  delay.disable();
  if (done !== count) throw new Error(`${phase}: ${done} of ${count} sessions`);
  const bytes = (process.memoryUsage.rss() - memory) / count;
  const numbers = { [phase]: ((user + system) * 1000) / count, [`${phase}Seconds`]: seconds };
  console.log(JSON.stringify({ ...numbers, [`${phase}Pause`]: delay.max / 1e6, [`${phase}Bytes`]: bytes }));
}

if (values.phase === 'save') {
  fillCache(context, count);
  await measure('save', async () => (await saveSessions(context, values.file, { key })).sessions);
} else {
  await measure('load', async () => (await loadSessions(context, values.file, { key })).added);
}
// Giving a million sessions back takes a second, and is no part of it.
process.exit();
