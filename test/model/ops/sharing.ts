// One context in two threads: each changes sessions of its own numbers at the same time, then both must see the same cache.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SslContext } from '../../../src/index.ts';
import type { Op } from '../program.ts';
import { numbered, type Order, obey } from '../sharing-thread.ts';
import type { Operation, World } from '../world.ts';
import { number } from './values.ts';

const IDS = 32;
const entry = new URL('../worker.mjs', import.meta.url);
const module = new URL('../sharing-thread.ts', import.meta.url).href;

interface Shared {
  readonly context: SslContext;
  readonly worker: Worker;
  readonly exited: Promise<unknown>;
  /** The numbers of the sessions in the cache. */
  readonly cached: Set<number>;
}

const sharing = new WeakMap<World, Shared>();

async function begin(world: World, op: Op): Promise<void> {
  // To start a thread takes as long as a thousand calls.
  if (sharing.has(world) || number(op, 2) % 3 !== 0) return;
  const context = new SslContext({ sessionCache: { size: 0 } });
  const worker = new Worker(entry, { execArgv: [], workerData: { module, shared: context.share() } });
  const exited = once(worker, 'exit');
  await once(worker, 'message');
  sharing.set(world, { context, worker, exited, cached: new Set() });
}

async function tell({ worker }: Shared, order: Order): Promise<unknown> {
  const answered = once(worker, 'message');
  worker.postMessage(order);
  const [answer] = await answered;
  return answer;
}

/** Some numbers, even or odd. */
function numbers(value: number, rest: 0 | 1): number[] {
  return Array.from({ length: IDS }, (_, id) => id).filter((id) => id % 2 === rest && ((value >> (id / 2)) & 1) === 1);
}

function expected(cached: Set<number>, { what, ids }: Order): number {
  let done = 0;
  for (const id of ids) {
    // Another object with the same ID replaces the first one: that is 1 as well.
    if (what === 'add' || cached.has(id)) done++;
    if (what === 'add') cached.add(id);
    else cached.delete(id);
  }
  return done;
}

function compare(world: World, { context, cached }: Shared): void {
  world.equal(context.stats.number, cached.size, 'how many sessions a shared cache has');
  for (let id = 0; id < IDS; id++) {
    const session = numbered(id);
    world.equal(context.hasSession(session.id), cached.has(id), `whether session ${id} is in a shared cache`);
    session.free();
  }
}

/** The other thread has the even numbers, this one the odd ones. */
async function work(world: World, op: Op): Promise<void> {
  const shared = sharing.get(world);
  if (shared === undefined) return;
  const { context, cached } = shared;
  if (number(op, 0) % 16 === 0) {
    world.equal(
      await tell(shared, { what: 'clear', ids: [] }),
      cached.size,
      'sessions that another thread has cleared',
    );
    cached.clear();
  } else {
    const theirs: Order = { what: number(op, 0) % 3 === 0 ? 'remove' : 'add', ids: numbers(number(op, 1), 0) };
    const ours: Order = { what: number(op, 0) % 5 === 0 ? 'remove' : 'add', ids: numbers(number(op, 2), 1) };
    const answered = tell(shared, theirs);
    world.equal(obey(context, ours), expected(cached, ours), `${ours.what} in this thread`);
    world.equal(await answered, expected(cached, theirs), `${theirs.what} in another thread`);
  }
  compare(world, shared);
  world.count('calls of two threads');
}

/** The other thread leaves, or is terminated in the middle of its work; or this one leaves first. */
async function end(world: World, op: Op): Promise<void> {
  const shared = sharing.get(world);
  if (shared === undefined) return;
  sharing.delete(world);
  const { context, worker, exited, cached } = shared;
  const how = number(op, 0) % 3;
  if (how === 0) {
    await tell(shared, { what: 'spin', ids: numbers(0xffff, 0) });
    for (let turn = 0; turn < 20; turn++)
      obey(context, { what: turn % 2 === 0 ? 'add' : 'remove', ids: numbers(0xffff, 1) });
    await worker.terminate();
    obey(context, { what: 'remove', ids: numbers(0xffff, 0) });
    world.equal(context.stats.number, 0, 'sessions after a thread was terminated');
  } else if (how === 1) {
    context.free();
    const order: Order = { what: 'add', ids: numbers(number(op, 1), 0) };
    world.equal(await tell(shared, order), expected(cached, order), 'sessions added by the thread that is left');
    await tell(shared, { what: 'leave', ids: [] });
  } else {
    await tell(shared, { what: 'leave', ids: [] });
    compare(world, shared);
  }
  await exited;
  context.free();
  world.count(`shared contexts ended ${how}`);
}

/** At the end of a program. */
export async function stopSharing(world: World): Promise<void> {
  await end(world, { name: 'endSharing', numbers: [2] });
}

export const outerSharingOperations: Readonly<Record<string, Operation>> = {
  beginSharing: begin,
  workTogether: work,
  endSharing: end,
};
