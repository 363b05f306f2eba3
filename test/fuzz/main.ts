// `npm run fuzz:bytes -- [--minutes N] [--seed N] [TARGET...]`: each target in turn, one after the other, for N minutes.
// Those of native code are libFuzzer's programs, which are built here; the others run in a Node process each.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nameOf } from './engine/fuzz.ts';
import { nativeTargets, scriptTargets } from './targets/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const build = join(root, 'native/build/fuzz');
/** Bytes of an input: sessions with certificates are shorter, and so is a client hello. */
const limit = 8192;
/** Milliseconds without a word, after which an input hangs. */
const patience = 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
});
const seconds = Math.round(Number(values.minutes) * 60);
const seed = values.seed ?? String(1 + Math.floor(Math.random() * 2 ** 31));
const native = nativeTargets.map(({ name }) => name);
const scripts = scriptTargets.map(({ name }) => name);
const wanted = positionals.length > 0 ? positionals : [...native, ...scripts];
const unknown = wanted.find((name) => ![...native, ...scripts].includes(name));
if (unknown !== undefined || !(seconds > 0)) {
  console.error(`usage: npm run fuzz:bytes -- [--minutes N] [--seed N] [${[...native, ...scripts].join('|')}]...`);
  process.exit(2);
}

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (error || status !== 0) throw error ?? new Error(`${command} ${args.join(' ')}: exit code ${status}`);
}

function buildNative(): void {
  console.log('building the libFuzzer programs');
  const options = ['-DCMAKE_C_COMPILER=clang-19', '-DCMAKE_CXX_COMPILER=clang++-19', '-DCMAKE_BUILD_TYPE=None'];
  const switches = ['-DSSLCTX_FUZZ=ON', '-DSSLCTX_STATIC_OPENSSL=ON'];
  run('cmake', ['-S', join(root, 'native'), '-B', build, '-G', 'Ninja', ...options, ...switches]);
  run('cmake', ['--build', build, '--target', 'fuzz']);
}

/** Where inputs of a target are. What is new goes beside the build, not into the repository. */
function folderOf(kind: 'corpus' | 'crashes' | 'found', target: string): string {
  const folder = kind === 'found' ? join(root, 'native/build/fuzz-found', target) : join(here, kind, target);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function told(target: string, path: string): void {
  console.log(`${target}: BROKEN by ${relative(root, path)}`);
  process.exitCode = 1;
}

/** Where the one is that puts names and lines into reports. */
function symbolizer(): string {
  return spawnSync('sh', ['-c', 'command -v llvm-symbolizer-19'], { encoding: 'utf8' }).stdout.trim();
}

function fuzzNative(target: string): void {
  const crashes = folderOf('crashes', target);
  const before = new Set(readdirSync(crashes));
  const { stderr } = spawnSync(
    join(build, 'test/fuzz', target),
    [
      `-max_total_time=${seconds}`,
      `-seed=${seed}`,
      `-max_len=${limit}`,
      '-timeout=25',
      '-print_final_stats=1',
      `-artifact_prefix=${crashes}/`,
      folderOf('found', target),
      folderOf('corpus', target),
      crashes,
    ],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      env: { ...process.env, ASAN_SYMBOLIZER_PATH: symbolizer() },
    },
  );
  const runs = /^Done (\d+) runs/m.exec(stderr)?.[1];
  const last = [...stderr.matchAll(/cov: \d+ ft: \d+ corp: \d+/g)].at(-1)?.[0];
  if (runs !== undefined) console.log(`${target}: ${runs} runs, ${last}`);
  else console.log(stderr.slice(stderr.search(/^.*(?:runtime error|ERROR: |does not hold)/m)));
  for (const name of readdirSync(crashes)) if (!before.has(name)) told(target, join(crashes, name));
}

async function fuzzScript(target: string): Promise<void> {
  const journal = join(folderOf('found', target), '.input');
  const child = fork(
    join(root, 'scripts/run.mjs'),
    [join(here, 'child.ts'), target, String(seconds * 1000), seed, String(limit), journal],
    {
      execArgv: [...process.execArgv, '--expose-gc'],
    },
  );
  const ended = await watch(child, target);
  if (ended === 0) return;
  if (ended === 2) {
    // The fuzzer's own fault.
    process.exitCode = 1;
    return;
  }
  // The process has not outlived its input, or hangs in it.
  const path = join(folderOf('crashes', target), nameOf(readFileSync(journal)));
  if (ended !== 1) copyFileSync(journal, path);
  told(target, ended === 1 ? folderOf('crashes', target) : path);
}

interface Message {
  readonly progress?: string;
  readonly found?: readonly string[];
  readonly failure?: { readonly bytes: string; readonly error: string };
}

/** The exit code; -1 for a process that was killed. */
function watch(child: ChildProcess, target: string): Promise<number> {
  return new Promise((resolve) => {
    const kill = (): void => void child.kill('SIGKILL');
    let timer = setTimeout(kill, patience);
    child.on('message', ({ progress, found = [], failure }: Message) => {
      clearTimeout(timer);
      timer = setTimeout(kill, patience);
      if (progress !== undefined) console.log(`${target}: ${progress}`);
      for (const each of found) save('found', target, Buffer.from(each, 'base64'));
      if (failure === undefined) return;
      console.log(failure.error);
      save('crashes', target, Buffer.from(failure.bytes, 'base64'));
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve(code ?? -1);
    });
  });
}

function save(kind: 'found' | 'crashes', target: string, bytes: Buffer): void {
  const path = join(folderOf(kind, target), nameOf(bytes));
  if (!existsSync(path)) writeFileSync(path, bytes);
}

console.log(`seed ${seed}, ${seconds} s for each of ${wanted.join(', ')}`);
if (wanted.some((name) => native.includes(name))) buildNative();
for (const target of wanted) {
  if (native.includes(target)) fuzzNative(target);
  else await fuzzScript(target);
}
