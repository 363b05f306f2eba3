// Child processes that journal what they are about to do, so that a crash names its cause.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { run } from '../hazards/child.ts';
import { SLOWER } from '../helpers/limits.ts';

/** Numbers by name: how much was done, and how far it came. */
export type Counts = Readonly<Record<string, number>>;

interface Report {
  problems: readonly string[];
  /** Problems beyond those listed. */
  more: number;
  counts: Counts;
}

/** Runs `script` beside this file. Fails the test when it crashes, hangs, or has problems to report. */
export async function report(t: ExecutionContext, script: string, args: readonly (string | number)[]): Promise<Counts> {
  const directory = mkdtempSync(join(tmpdir(), 'sslctx-misuse-'));
  try {
    const journal = join(directory, 'journal');
    const file = fileURLToPath(new URL(script, import.meta.url));
    const { code, signal, stdout, stderr } = await run(
      [...process.execArgv, file, ...args.map(String), journal],
      110_000 * SLOWER,
    );
    if (code !== 0) {
      const last = readFileSync(journal, 'utf8').trim();
      t.fail(`${script} ${args.join(' ')} ended with ${signal ?? code} in ${last}\n${stderr.slice(-2000)}`);
      return {};
    }
    const result: Report = JSON.parse(stdout);
    t.deepEqual(result.problems, []);
    t.is(result.more, 0);
    t.log(JSON.stringify(result.counts));
    return result.counts;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
