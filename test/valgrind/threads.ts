// One context in this thread and in workers that come and go, by themselves or terminated.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SslContext } from '../../src/index.ts';
import { close, connect, serverContext } from '../helpers/classes.ts';
import { collect, expect } from './collect.ts';
import { made } from './made.ts';

const rounds = 3;
const perRound = 30;

function work(context: SslContext, first: number): void {
  for (let number = first; number < first + perRound; number++) {
    const session = made(number);
    context.addSession(session);
    if (number % 3 === 0) context.removeSession(session);
    if (number % 10 === 0) for (const each of context.sessions()) each.free();
  }
}

async function lead(): Promise<void> {
  const context = serverContext('TLSv1.2', { tickets: 'stateful', sessionCache: { size: 40 } });
  let heard = 0;
  context.on('newSession', () => heard++);
  context.on('removeSession', () => heard++);
  for (let round = 0; round < rounds; round++) {
    const workers = [1, 2].map((number) => {
      const first = (round * 2 + number) * perRound;
      return new Worker(new URL(import.meta.url), { workerData: { context: context.share(), first } });
    });
    const exits = workers.map((worker) => once(worker, 'exit'));
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    work(context, 0);
    const client = new SslContext({ maxVersion: 'TLSv1.2' });
    close(connect(context, client, { rejectUnauthorized: false }));
    client.free();
    workers[0]?.postMessage('end');
    await workers[1]?.terminate();
    await Promise.all(exits);
    await collect();
  }
  expect(heard > 0, true, 'events');
  expect(context.stats.number > 0, true, 'the cache has outlived the threads');
  context.free();
  await collect();
}

if (isMainThread) {
  await lead();
} else {
  const context = SslContext.fromShared(workerData.context);
  work(context, workerData.first);
  parentPort?.once('message', () => {});
  parentPort?.postMessage('worked');
}
