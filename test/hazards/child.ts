// Node in a child process: for what may crash, hang or exit.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SLOWER } from '../helpers/limits.ts';

export interface ChildResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  args?: readonly string[];
  /** Milliseconds after which the child is killed, which the test then sees as SIGKILL; 60,000 if not given. */
  timeout?: number;
  /** The child ends in a way that leaves V8's own memory behind, which LeakSanitizer must not report. */
  abrupt?: boolean;
}

/** Runs scripts/`name`.ts with the loader, the conditions and the garbage collector of this process. */
export function runScript(name: string, options: ChildOptions = {}): Promise<ChildResult> {
  const { args = [], timeout = 60_000, abrupt = false } = options;
  const script = fileURLToPath(new URL(`scripts/${name}.ts`, import.meta.url));
  const env = abrupt ? { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0` } : {};
  return run([...process.execArgv, script, ...args], timeout * SLOWER, env);
}

/** Runs Node with these arguments; `env` is added to this process's own. */
export function run(args: readonly string[], timeout: number, env: NodeJS.ProcessEnv = {}): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
