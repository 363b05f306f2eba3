// Programs run by tests: their output, their end.
import { spawn } from 'node:child_process';

export interface ProcessResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ProcessOptions {
  cwd?: string;
  /** Replaces the whole environment. */
  env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export function execute(file: string, args: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
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

/** Runs a program and returns its output without the last newline. Rejects, with all output, unless it exits with 0. */
export async function output(file: string, args: readonly string[], options?: ProcessOptions): Promise<string> {
  const { code, signal, stdout, stderr } = await execute(file, args, options);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: exit ${code ?? signal}\n${stdout}\n${stderr}`);
  return stdout.trimEnd();
}
