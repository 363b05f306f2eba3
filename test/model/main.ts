// npm run fuzz:model -- --minutes 60 [--seed 1] [--steps 20000] | --seed N --steps M | --program FILE
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openssl } from '../../src/capi/index.ts';
import { show } from './program.ts';
import { explain, type Outcome, perform, type Task } from './runner.ts';
import { shrink } from './shrink.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    steps: { type: 'string', default: '20000' },
    program: { type: 'string' },
    /** Where to write a program that fails, in as few operations as possible. */
    out: { type: 'string', default: 'model-failure.json' },
    'no-shrink': { type: 'boolean', default: false },
  },
});

/** More than what was there after the first programs is a leak that no count of ours sees. */
const MIB = 1024 * 1024;
const MOST_GROWTH = 96 * MIB;

const total: Record<string, number> = {};
let operations = 0;
let leastRss = Number.POSITIVE_INFINITY;
let mostRss = 0;

async function failed(task: Task, outcome: Outcome): Promise<void> {
  process.exitCode = 1;
  console.log(explain(task, outcome));
  if (values['no-shrink']) return;
  const { ops, outcome: same, attempts } = await shrink(task, outcome);
  writeFileSync(values.out, `[\n${ops.map((op) => `  ${JSON.stringify(op)}`).join(',\n')}\n]\n`);
  console.log(`${ops.length} operations are enough (${attempts} attempts), in ${values.out}: ${same.failure}`);
  if (ops.length <= 60) for (const op of ops) console.log(`  ${show(op)}`);
}

/** False when it has failed. */
async function one(task: Task): Promise<boolean> {
  const outcome = await perform(task);
  operations += outcome.step;
  for (const [what, count] of Object.entries(outcome.reached)) total[what] = (total[what] ?? 0) + count;
  if (outcome.failure !== undefined) {
    await failed(task, outcome);
    return false;
  }
  leastRss = Math.min(leastRss, outcome.rss);
  mostRss = Math.max(mostRss, outcome.rss);
  return true;
}

function summary(seeds: string, failures: number): string {
  const memory = `resident memory at the end of each ${Math.round(leastRss / MIB)} to ${Math.round(mostRss / MIB)} MiB`;
  return `${seeds}: ${operations} operations, ${failures} failures, ${memory}`;
}

async function forMinutes(minutes: number, first: number, steps: number): Promise<void> {
  const end = Date.now() + minutes * 60_000;
  let seed = first;
  let failures = 0;
  let told = 0;
  for (; Date.now() < end && failures < 5; seed++) {
    if (!(await one({ seed, steps }))) failures++;
    if (Date.now() - told < 60_000) continue;
    told = Date.now();
    console.log(summary(`seeds ${first} to ${seed}`, failures));
  }
  console.log(summary(`seeds ${first} to ${seed - 1}, ${steps} steps each`, failures));
  const grown = mostRss - leastRss;
  if (grown > MOST_GROWTH) {
    process.exitCode = 1;
    console.log(`one program has left ${Math.round(grown / MIB)} MiB more than another`);
  }
  for (const [what, count] of Object.entries(total).toSorted(([a], [b]) => a.localeCompare(b))) {
    console.log(`  ${what}: ${count}`);
  }
}

const steps = Number(values.steps);
const seed = Number(values.seed ?? 1);
if (!(steps >= 1 && seed >= 1)) throw new RangeError('--steps and --seed are positive');
console.log(`${openssl.version}, ${openssl.libssl}`);
if (values.program !== undefined) {
  await one({ ops: JSON.parse(readFileSync(values.program, 'utf8')) });
} else if (values.minutes !== undefined) {
  await forMinutes(Number(values.minutes), seed, steps);
} else {
  await one({ seed, steps });
  console.log(summary(`seed ${seed}`, process.exitCode === 1 ? 1 : 0));
}
