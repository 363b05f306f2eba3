// The C programs in unguarded/: what libssl does when nothing stands between it and its user.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { compiler, libsslFlags } from '../helpers/libssl-flags.ts';

const SOURCES = fileURLToPath(new URL('unguarded/', import.meta.url));

let directory: string | undefined;

/** A program of this file's own, built against the libssl that pkg-config names. */
function build(name: string): string {
  if (directory === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'sslctx-hazards-'));
    directory = made;
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  const program = join(directory, name);
  const flags = libsslFlags();
  const [cc, ...launched] = compiler();
  try {
    execFileSync(
      cc,
      [
        ...launched,
        '-std=gnu11',
        '-O1',
        '-Wall',
        '-Wextra',
        '-Werror',
        // SSL_CTX_flush_sessions, since 3.4.
        '-DOPENSSL_SUPPRESS_DEPRECATED',
        join(SOURCES, `${name}.c`),
        '-o',
        program,
        ...flags,
        '-pthread',
      ],
      { encoding: 'utf8', stdio: 'pipe' },
    );
  } catch (cause) {
    throw new Error(`${cc} does not build ${name}.c: is a C compiler installed?`, { cause });
  }
  return program;
}

export interface Outcome {
  /** What ended the program, null when it ended by itself. */
  signal: NodeJS.Signals | null;
  code: number | null;
  /** The lines `name=number` that it printed. */
  facts: Record<string, number>;
}

const programs = new Map<string, string>();

/** Builds and runs unguarded/`name`.c. The program limits its own time and processor time. */
export async function unguarded(name: string, ...args: string[]): Promise<Outcome> {
  let program = programs.get(name);
  if (program === undefined) {
    program = build(name);
    programs.set(name, program);
  }
  const file = program;
  const { LD_PRELOAD: _, ...env } = process.env;
  const { error, stdout, stderr } = await new Promise<{ error: unknown; stdout: string; stderr: string }>((resolve) => {
    // Freed memory is overwritten, so that its use has one and the same outcome.
    execFile(file, args, { env: { ...env, MALLOC_PERTURB_: '165' }, timeout: 60_000 }, (problem, out, err) => {
      resolve({ error: problem, stdout: out, stderr: err });
    });
  });
  const outcome: Outcome = { signal: null, code: 0, facts: {} };
  if (error instanceof Error) {
    if ('signal' in error && typeof error.signal === 'string') outcome.signal = asSignal(error.signal);
    outcome.code = 'code' in error && typeof error.code === 'number' ? error.code : null;
  }
  if (outcome.code === 99) throw new Error(`${name} could not be set up: ${stderr}`);
  for (const [, fact = '', value] of stdout.matchAll(/^(\w+)=(-?\d+)$/gm)) outcome.facts[fact] = Number(value);
  return outcome;
}

function asSignal(text: string): NodeJS.Signals {
  const signals: readonly NodeJS.Signals[] = [
    'SIGSEGV',
    'SIGABRT',
    'SIGBUS',
    'SIGXCPU',
    'SIGALRM',
    'SIGKILL',
    'SIGTERM',
  ];
  const signal = signals.find((known) => known === text);
  if (signal === undefined) throw new Error(`unexpected signal ${text}`);
  return signal;
}

/** The signals of a program that touched what it must not: which one depends on the allocator. */
export const CRASH: readonly (NodeJS.Signals | null)[] = ['SIGSEGV', 'SIGABRT', 'SIGBUS'];

/** What a C program does with freed memory is certain where the C library overwrites it on request. */
export const shownOnGlibc = isGlibc() ? test : test.skip;

function isGlibc(): boolean {
  const report = process.report.getReport();
  return (
    'header' in report &&
    typeof report.header === 'object' &&
    report.header !== null &&
    'glibcVersionRuntime' in report.header
  );
}
