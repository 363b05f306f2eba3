// What the programs for valgrind have in common.
import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

/** Garbage is collected, and finalizers have run. */
export async function collect(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('node has not been started with --expose-gc');
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    await turn();
  }
}

export function expect(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(`${what}: ${String(actual)}, not ${String(expected)}`);
}
