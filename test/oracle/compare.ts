// Runs libssl and sslctx side by side and compares each line.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compiler, libsslFlags } from '../helpers/libssl-flags.ts';
import { drive } from './driver.ts';

const source = fileURLToPath(new URL('oracle.c', import.meta.url));

export interface Oracle {
  readonly program: string;
  /** Deletes the program. */
  remove(): void;
}

/** Compiles oracle.c against the libssl that pkg-config names: the one that the addon is linked with. */
export function buildOracle(): Oracle {
  const directory = mkdtempSync(join(tmpdir(), 'sslctx-oracle-'));
  const program = join(directory, 'oracle');
  const [cc, ...launched] = compiler();
  const flags = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source, ...libsslFlags()];
  execFileSync(cc, [...launched, ...flags], { stdio: 'inherit' });
  return { program, remove: () => rmSync(directory, { recursive: true }) };
}

export interface Difference {
  seed: number;
  /** Counted from 1. */
  operation: number;
  libssl: string;
  sslctx: string;
}

/** The first operation in which the two differ. */
export async function compare(oracle: Oracle, seed: number, operations: number): Promise<Difference | undefined> {
  const child = spawn(oracle.program, [String(seed), String(operations)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const mine = drive(seed, operations);
  let operation = 0;
  try {
    for await (const libssl of createInterface({ input: child.stdout })) {
      operation++;
      const next = mine.next();
      const sslctx = next.done ? '(nothing)' : next.value;
      if (sslctx !== libssl) return { seed, operation, libssl, sslctx };
    }
  } finally {
    mine.return();
    child.kill();
  }
  const [code] = await exited;
  if (code !== 0 || operation !== operations) {
    throw new Error(`the oracle ended with ${code} after ${operation} of ${operations} operations`);
  }
  return undefined;
}

/** What to tell of a difference, and how to see it again. */
export function explain({ seed, operation, libssl, sslctx }: Difference): string {
  return [
    `seed ${seed}, operation ${operation}: result, digest of all caches and sessions, counters, removals`,
    `libssl: ${libssl}`,
    `sslctx: ${sslctx}`,
    `replay: npm run oracle -- --seeds 1 --seed ${seed} --operations ${operation}`,
  ].join('\n');
}
