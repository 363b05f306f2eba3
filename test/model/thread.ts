// A program in this thread, without a process of its own: for workers.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { ask } from './library.ts';
import { OPERATIONS } from './operations.ts';
import { program } from './program.ts';
import { WORKER_WEIGHTS } from './weights.ts';
import { OnPurpose, World } from './world.ts';

interface Task {
  seed: number;
  steps: number;
  /** Not 0 when the thread is about to be terminated. */
  ending: Int32Array;
}

/** What went wrong; undefined when nothing did. */
async function runHere({ seed, steps, ending }: Task): Promise<string | undefined> {
  const { reAddingMoves } = await ask(async () => {});
  const world = new World(OPERATIONS, reAddingMoves);
  process.on('uncaughtException', (error) => {
    if (!(error instanceof OnPurpose)) throw error;
  });
  let step = 0;
  try {
    for (const op of program(seed, steps, WORKER_WEIGHTS)) {
      await world.perform(op);
      if (++step % 64 === 0) await nextTurn();
    }
    while (world.connections.length > 0) await world.perform({ name: 'end', numbers: [0, 1, 0, 0] });
    world.release();
  } catch (error) {
    // Node first forbids native code to call into JavaScript, and stops JavaScript an instant later: in between, no
    // function of any addon can return anything, or throw.
    if (Atomics.load(ending, 0) !== 0) return undefined;
    return `worker of seed ${seed}, step ${step}: ${error instanceof Error ? error.message : String(error)}`;
  }
  return undefined;
}

export async function start(task: Task): Promise<void> {
  parentPort?.postMessage(await runHere(task));
}
