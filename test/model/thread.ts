// A program in this thread, without a process of its own: for workers.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { ask } from './library.ts';
import { OPERATIONS } from './operations.ts';
import { program } from './program.ts';
import { WORKER_WEIGHTS } from './weights.ts';
import { OnPurpose, World } from './world.ts';

/** What went wrong; undefined when nothing did. */
async function runHere(seed: number, steps: number): Promise<string | undefined> {
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
    return `worker of seed ${seed}, step ${step}: ${error instanceof Error ? error.message : String(error)}`;
  }
  return undefined;
}

export async function start({ seed, steps }: { seed: number; steps: number }): Promise<void> {
  parentPort?.postMessage(await runHere(seed, steps));
}
