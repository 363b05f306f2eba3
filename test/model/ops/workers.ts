// Worker threads that do programs of their own at the same time, to their end or until they are terminated.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Op } from '../program.ts';
import type { Operation, World } from '../world.ts';
import { number } from './values.ts';

const MOST_WORKERS = 1;
const entry = new URL('../worker.mjs', import.meta.url);
const module = new URL('../thread.ts', import.meta.url).href;

interface Running {
  readonly worker: Worker;
  readonly exited: Promise<unknown>;
  readonly said: { failure?: string };
  readonly ending: Int32Array;
}

const running = new WeakMap<World, Running[]>();

function workersOf(world: World): Running[] {
  const known = running.get(world) ?? [];
  running.set(world, known);
  return known;
}

/** With contexts of its own. */
async function start(world: World, op: Op): Promise<void> {
  const workers = workersOf(world);
  // To start one takes as long as a thousand calls.
  if (workers.length >= MOST_WORKERS || number(op, 2) % 3 !== 0) return;
  const steps = number(op, 1) % 3 === 0 ? 200 : 4000;
  const ending = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(entry, { execArgv: [], workerData: { module, seed: 1 + number(op, 0), steps, ending } });
  const one: Running = { worker, exited: once(worker, 'exit'), said: {}, ending };
  worker.on('message', (failure) => {
    if (typeof failure === 'string') one.said.failure = failure;
  });
  worker.on('error', (error) => {
    one.said.failure = `a worker failed: ${error instanceof Error ? error.stack : String(error)}`;
  });
  workers.push(one);
  await once(worker, 'online');
}

/** Wherever it is: inside of libssl, or of a callback. */
async function terminate(world: World, op: Op): Promise<void> {
  const workers = workersOf(world);
  const one = world.pick(workers, number(op, 0));
  if (one === undefined) return;
  workers.splice(workers.indexOf(one), 1);
  Atomics.store(one.ending, 0, 1);
  await one.worker.terminate();
  await one.exited;
  if (one.said.failure !== undefined) world.fail(one.said.failure);
  world.count('workers terminated');
}

/** At the end of a program. */
export async function stopWorkers(world: World): Promise<void> {
  while (workersOf(world).length > 0) await terminate(world, { name: 'terminate', numbers: [0] });
}

export const outerWorkerOperations: Readonly<Record<string, Operation>> = {
  startWorker: start,
  terminateWorker: terminate,
};
