// Runs in a child process: one program, of a seed or of a file. What it is about to do is journalled, so that a crash names
// its step. Arguments: a file with { seed, steps, weights } or { ops }, file for the journal.
import { openSync, readFileSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as capi from '../../src/capi/index.ts';
import { ask } from './library.ts';
import { OPERATIONS } from './operations.ts';
import { stopSharing } from './ops/sharing.ts';
import { closeSites } from './ops/sites.ts';
import { stopWorkers } from './ops/workers.ts';
import { type Op, program, type Weights } from './program.ts';
import { codeOf, OnPurpose, World } from './world.ts';

interface Task {
  seed?: number;
  steps?: number;
  weights?: Weights;
  ops?: readonly Op[];
}

const [file = '', journalFile = ''] = process.argv.slice(2);
const task: Task = JSON.parse(readFileSync(file, 'utf8'));
const journal = openSync(journalFile, 'w');
const ops = task.ops ?? program(task.seed ?? 1, task.steps ?? 1000, task.weights ?? {});

async function collectAll(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await nextTurn();
  }
}

const { reAddingMoves, baseline } = await ask(collectAll);
const world = new World(OPERATIONS, reAddingMoves);
let uncaught = 0;
process.on('uncaughtException', (error) => {
  if (error instanceof OnPurpose) uncaught++;
  else
    world.divergence ??= world.divergence ?? Object.assign(new Error(`uncaught: ${error.stack}`), { name: 'Uncaught' });
});

let step = 0;
let failure: string | undefined;
try {
  for (const op of ops) {
    writeSync(journal, `${step}\n`.padEnd(12), 0);
    await world.perform(op);
    step++;
    // Finalizers, and what listeners have thrown, need the event loop.
    if (step % 64 === 0) await nextTurn();
  }
  while (world.connections.length > 0) await world.perform({ name: 'end', numbers: [0, 1, 0, 0] });
  await nextTurn();
  world.equal(uncaught, world.uncaught, 'exceptions of listeners that Node has reported');
  await closeSites(world);
  await stopSharing(world);
  await stopWorkers(world);
  world.release();
  await collectAll();
  world.equal(capi.debug.liveHandles(), baseline.handles, 'handles alive at the end');
  world.equal(capi.debug.live(), baseline.objects, 'objects of libssl alive at the end');
} catch (error) {
  failure = error instanceof Error ? `${error.message}` : String(error);
  if (codeOf(error) !== undefined && world.divergence === undefined)
    failure = String(error instanceof Error ? error.stack : error);
}
const { rss } = process.memoryUsage();
console.log(JSON.stringify({ step, failure, reached: world.reached, rss }));
// Servers and workers of a program that has failed would go on for ever.
if (failure !== undefined) process.exit();
