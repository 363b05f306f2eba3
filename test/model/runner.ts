// Programs in child processes: a crash is a finding as any other, and each child starts with nothing alive.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../hazards/child.ts';
import { SLOWER } from '../helpers/limits.ts';
import { type Op, program, show } from './program.ts';
import { WEIGHTS } from './weights.ts';

/** What a child says of its program. */
export interface Outcome {
  /** Operations done; where it failed, the number of the one that did. */
  step: number;
  failure?: string;
  /** Calls and events, and how many of each. */
  reached: Readonly<Record<string, number>>;
  /** Bytes. */
  rss: number;
}

export type Task = { seed: number; steps: number } | { ops: readonly Op[] };

const child = fileURLToPath(new URL('child.ts', import.meta.url));
/** Loads what this Node needs to read TypeScript. */
const launcher = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url));
const nodeArguments = process.execArgv.includes('--expose-gc')
  ? process.execArgv
  : ['--expose-gc', ...process.execArgv, launcher];
/** Ends hangs, which are findings too. Milliseconds: far more than an operation takes, threads and sockets included. */
function limitOf(task: Task): number {
  return (60_000 + 50 * ('ops' in task ? task.ops.length : task.steps)) * SLOWER;
}

/** All operations of the task. */
export function opsOf(task: Task): readonly Op[] {
  return 'ops' in task ? task.ops : [...program(task.seed, task.steps, WEIGHTS)];
}

/** Runs one program to its end, or to its failure. */
export async function perform(task: Task): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'sslctx-model-'));
  try {
    const [file, journal] = [join(directory, 'task'), join(directory, 'journal')];
    writeFileSync(file, JSON.stringify('ops' in task ? task : { ...task, weights: WEIGHTS }));
    writeFileSync(journal, '');
    const { code, signal, stdout, stderr } = await run([...nodeArguments, child, file, journal], limitOf(task));
    if (code === 0) return JSON.parse(stdout);
    const failure = `ended with ${signal ?? code}\n${stderr.slice(-2000)}`;
    return { step: Number(readFileSync(journal, 'utf8')), failure, reached: {}, rss: 0 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What to tell of a failure, and how to see it again. */
export function explain(task: Task, { step, failure }: Outcome): string {
  const ops = opsOf(task);
  const last = ops.slice(Math.max(0, step - 9), step + 1).map((op, index) => {
    return `  ${Math.max(0, step - 9) + index}: ${show(op)}`;
  });
  const replay = 'seed' in task ? `npm run fuzz:model -- --seed ${task.seed} --steps ${task.steps}` : 'the same file';
  return [`step ${step}: ${failure}`, ...last, `replay: ${replay}`].join('\n');
}
