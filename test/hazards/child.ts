// Node in a child process: for what may crash, hang or exit.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  args?: readonly string[];
  nodeArguments?: readonly string[];
  /** Milliseconds after which the child is killed, which the test then sees as SIGKILL. */
  timeout?: number;
}

/** Runs scripts/`name`.ts with the same loader and conditions as this process. */
export function runScript(name: string, { args = [], nodeArguments = [], timeout = 60_000 }: ChildOptions = {}) {
  const script = fileURLToPath(new URL(`scripts/${name}.ts`, import.meta.url));
  return run([...process.execArgv, ...nodeArguments, script, ...args], timeout);
}

export function run(args: readonly string[], timeout: number): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' });
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
