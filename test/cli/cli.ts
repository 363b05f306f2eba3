// The command line as a child process, from the sources.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { atExit } from '../../src/testing/cleanup.ts';
import { execute, type ProcessResult } from '../helpers/process.ts';

const runner = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url));
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const own = mkdtempSync(join(tmpdir(), 'sslctx-'));
atExit(() => rmSync(own, { recursive: true, force: true }));

/** Control sockets of tests are apart from those of users, and from those of other test files. */
export const environment: NodeJS.ProcessEnv = { ...process.env, XDG_RUNTIME_DIR: own, NO_COLOR: '1', COLUMNS: '200' };

/** What a shell needs to run the command line. */
export const commandLine: readonly string[] = [process.execPath, runner, main];

export function sslctx(...args: string[]): Promise<ProcessResult> {
  const [program = '', ...before] = commandLine;
  return execute(program, [...before, ...args], { env: environment });
}

/** One run whose output is one JSON object. */
export async function sslctxJson(...args: string[]) {
  const { stdout, stderr, code } = await sslctx(...args, '--json');
  if (stderr !== '') throw new Error(stderr);
  return { code, value: JSON.parse(stdout) };
}

/** A folder that goes with the test. */
export function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sslctx-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

/** A command that runs until it is ended, and prints JSON lines. */
export async function start(t: ExecutionContext, ...args: string[]) {
  const [program = '', ...before] = commandLine;
  const child = spawn(program, [...before, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const forget = atExit(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>((resolve) => {
    child.on('close', (code, signal) => {
      forget();
      resolve({ code, signal, stderr });
    });
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** The next line of this kind; others before it are skipped. */
  const next = async (event: string) => {
    for (;;) {
      const line = await lines.next();
      if (line.done) throw new Error(`ended without '${event}': ${stderr}`);
      const value = JSON.parse(line.value);
      if (value.event === event) return value;
    }
  };
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  t.teardown(() => stop('SIGKILL'));
  return { next, stop, ended };
}

/** A running `sslctx serve` on a free port. */
export async function serve(t: ExecutionContext, ...args: string[]) {
  const server = await start(t, 'serve', '--port', '0', '--json', ...args);
  const listening = await server.next('listening');
  const port: number = listening.port;
  return { ...server, listening, port, where: `localhost:${port}` };
}
