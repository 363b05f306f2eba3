// Starting programs that are not part of OpenSSL.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { atExit } from '../../../src/testing/cleanup.ts';
import { RunningProgram } from '../../../src/testing/program.ts';
import { output } from '../../helpers/process.ts';

/** The environment of all peers. What is preloaded into this process, as a sanitizer, is not for them. */
export function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C', LD_PRELOAD: undefined, ...more };
}

/**
 * Where a program lies. On Linux the distribution's own comes first: a user may have others in PATH, and servers are in
 * a folder that users do not have there.
 */
function find(name: string): string {
  const own = process.platform === 'linux' ? ['/usr/bin', '/usr/sbin'] : [];
  for (const folder of [...own, ...(process.env.PATH ?? '').split(delimiter)]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Perhaps in the next one.
    }
  }
  throw new Error(`Cannot find '${name}'. 'node scripts/setup.mjs test' installs it, or says how.`);
}

/** Starts a program; it ends with this process at the latest. */
export function start(name: string, args: readonly string[], env = environment()): RunningProgram {
  const [first = '', ...others] = args;
  return new RunningProgram(first, others, { program: find(name), env });
}

/** Runs a program to its end, and gives all that it printed. Any exit status but 0 is an error. */
export async function run(name: string, args: readonly string[], input: string | Buffer = ''): Promise<string> {
  const program = start(name, args);
  program.write(Buffer.from(input));
  program.endInput();
  const { exitCode } = await program.waitForExit();
  if (exitCode !== 0) throw new Error(`${name} ${args.join(' ')}: status ${exitCode}\n${program.output}`);
  return program.output;
}

/** Runs a program with much data in and out. Any exit status but 0 is an error. */
export async function pass(
  name: string,
  args: readonly string[],
  outgoing: Readable,
  incoming: Writable,
  env = environment(),
): Promise<void> {
  const child = spawn(find(name), args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const forget = atExit(() => child.kill('SIGKILL'));
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      forget();
      if (code === 0) resolve();
      else reject(new Error(`${name} ${args.join(' ')}: status ${code}\n${text}`));
    });
  });
  // The program's own words say more about a failure than the EPIPE that follows.
  await Promise.all([ended, pipeline(child.stdout, incoming), pipeline(outgoing, child.stdin).catch(() => ended)]);
}

/** The first line that a program says about its version, as `name 1.2.3`. */
export async function versionOf(name: string, option: string, label = name): Promise<string> {
  const text = await output('/bin/sh', ['-c', `"$0" "$1" 2>&1`, find(name), option], { env: environment() });
  const version = /\d+\.\d+(\.\d+)*/.exec(text)?.[0];
  if (version === undefined) throw new Error(`${name} ${option} says no version: ${text}`);
  return `${label} ${version}`;
}

/** Below those that systems give away, which another program could get before this one has it. */
let nextPort = 20_000 + (process.pid % 100) * 100;

/** A port for programs that cannot say which one they were given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = nextPort++;
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer().on('error', () => resolve(false));
      server.listen({ port, host: '0.0.0.0' }, () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
