// An example as a user runs it: the file, and the package as it is built.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { atExit } from '../../src/testing/cleanup.ts';
import { execute } from '../helpers/process.ts';

export function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../examples/${name}.mjs`, import.meta.url));
}

/** Runs an example that ends by itself; what it prints. */
export async function run(t: ExecutionContext, name: string, ...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await execute(process.execPath, [pathOf(name), ...args]);
  t.is(stderr, '');
  t.is(code, 0);
  return stdout.trimEnd().split('\n');
}

/** A program that runs until it is told to end. */
export interface Running {
  /** Of its line `listening on`. */
  readonly port: number;
  /** Of its line `metrics on`, where there is one. */
  readonly metricsPort: number;
  /** The next line that it prints. */
  line(): Promise<string>;
  /** Ends it by SIGTERM: it must end by itself, and have nothing to complain of. */
  stop(): Promise<void>;
}

export async function start(t: ExecutionContext, name: string, env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const child = spawn(process.execPath, [pathOf(name)], {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forget = atExit(() => child.kill('SIGKILL'));
  t.teardown(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const closed = once(child, 'close').then(forget);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} has ended: ${stderr}`);
    return value;
  };
  const ports = new Map<string, number>();
  while (ports.size < 1 + Number(env.METRICS_PORT !== undefined)) {
    const text = await line();
    const [, what = '', port] = /^(\w+) on (\d+)$/.exec(text) ?? [];
    if (port === undefined) throw new Error(`${name} printed: ${text}`);
    ports.set(what, Number(port));
  }
  const stop = async () => {
    child.kill('SIGTERM');
    await closed;
    t.is(stderr, '');
    t.is(child.exitCode, 0);
  };
  return { port: ports.get('listening') ?? 0, metricsPort: ports.get('metrics') ?? 0, line, stop };
}
