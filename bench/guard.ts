// npm run bench:guard -- [--update]
// Counts the instructions of single calls, which do not depend on what else the machine does, and compares them with
// guard/baseline.json. --update writes that file.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as capi from '../src/capi/index.ts';
import { buildScripts } from './build.ts';
import { typescript } from './harness/program.ts';

/** Instructions for each call. */
type Counts = Readonly<Record<string, number>>;

// Of what a call takes; the compiler and the alignment of memory make less than this.
const tolerance = 0.1;
const baselineFile = fileURLToPath(new URL('guard/baseline.json', import.meta.url));

// Another compiler of JavaScript or another libssl has other numbers.
const machine = `${process.arch}, Node ${process.versions.node.split('.')[0]}, OpenSSL ${capi.openssl.versionString}`;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readBaselines(): Record<string, Counts> {
  const parsed: unknown = JSON.parse(readFileSync(baselineFile, 'utf8'));
  const baselines: Record<string, Counts> = {};
  if (!isRecord(parsed)) throw new Error(`${baselineFile} has no object`);
  for (const [name, entry] of Object.entries(parsed)) {
    if (!isRecord(entry)) throw new Error(`${baselineFile}: '${name}' is no object`);
    const numbers = Object.entries(entry).map(([call, value]) => [call, Number(value)] as const);
    baselines[name] = Object.fromEntries(numbers);
  }
  return baselines;
}

/** The totals of callgrind's dumps, in order. */
function readTotals(folder: string): number[] {
  const dumps = readdirSync(folder)
    .map((name) => Number(/^out\.(\d+)$/.exec(name)?.[1]))
    .filter(Number.isInteger)
    .toSorted((left, right) => left - right);
  return dumps.map((number) => {
    const [, total] = /^totals: (\d+)/m.exec(readFileSync(join(folder, `out.${number}`), 'utf8')) ?? [];
    if (total === undefined) throw new Error(`callgrind's dump ${number} has no total`);
    return Number(total);
  });
}

function countInstructions(): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-guard-'));
  try {
    const callgrind = [
      'valgrind',
      '--quiet',
      '--tool=callgrind',
      '--dump-before=OpenSSL_version_num',
      `--callgrind-out-file=${join(folder, 'out')}`,
    ];
    // One thread: what the others would do at some time belongs to no call.
    const [file = '', ...args] = [...callgrind, ...typescript('guard/workload.ts', ['--single-threaded'])];
    const output = execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    const segments: unknown = JSON.parse(output);
    if (!Array.isArray(segments)) throw new Error('the workload has not said what it did');
    const totals = readTotals(folder).slice(-segments.length);
    const counts: Record<string, number> = {};
    for (const [index, { name, calls }] of segments.entries()) {
      const each = Math.round((totals[index] ?? Number.NaN) / calls);
      if (name !== '') counts[name] = Math.min(counts[name] ?? Number.POSITIVE_INFINITY, each);
    }
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints the table; returns whether all is well. */
function compare(counts: Counts, baseline: Counts): boolean {
  const rows = [['call', 'instructions', 'baseline', 'change', '']];
  let isWell = true;
  for (const name of new Set([...Object.keys(baseline), ...Object.keys(counts)])) {
    const [now, then] = [counts[name], baseline[name]];
    const change = now === undefined || then === undefined ? Number.NaN : now / then - 1;
    const verdict =
      change > tolerance ? 'WORSE' : change < -tolerance ? 'better: --update' : Number.isNaN(change) ? 'MISSING' : '';
    if (verdict === 'WORSE' || verdict === 'MISSING') isWell = false;
    rows.push([name, String(now ?? '-'), String(then ?? '-'), `${(change * 100).toFixed(1)} %`, verdict]);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return isWell;
}

buildScripts();
const baselines = readBaselines();
const counts = countInstructions();
if (process.argv.includes('--update')) {
  writeFileSync(baselineFile, `${JSON.stringify({ ...baselines, [machine]: counts }, undefined, 2)}\n`);
}
const baseline = readBaselines()[machine];
console.log(`${machine}; tolerance ${tolerance * 100} %`);
if (baseline === undefined) {
  compare(counts, {});
  console.error(`${baselineFile} has nothing for this: --update on a commit that is known to be good`);
  process.exitCode = 1;
} else if (!compare(counts, baseline)) {
  console.error('Calls take more instructions than they did. If that is meant, --update and say why in the commit.');
  process.exitCode = 1;
}
