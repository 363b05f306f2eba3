// A real redis-server for one test, on a Unix socket of its own, without files.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { output } from '../helpers/process.ts';

export class RedisServer {
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sslctx-redis-'));
  readonly #clients: Redis[] = [];
  #process: ChildProcess | undefined;

  private constructor() {
    this.path = join(this.#folder, 'socket');
  }

  static async start(t: ExecutionContext): Promise<RedisServer> {
    const server = new RedisServer();
    t.teardown(() => server.#end());
    await server.start();
    return server;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const options = ['--port', '0', '--unixsocket', this.path, '--save', '', '--dir', this.#folder];
    const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    let text = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', (cause) => reject(new Error('redis-server is missing: install redis-server', { cause })));
      child.once('exit', () => reject(new Error(`redis-server has ended\n${text}`)));
      child.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.includes('eady to accept connections')) resolve();
      });
    });
  }

  /** Without a word: all that it knew is lost. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  client(): Redis {
    const client = new Redis({ path: this.path });
    // It reconnects by itself.
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  /** What redis-cli prints. */
  cli(...args: string[]): Promise<string> {
    return output('redis-cli', ['-s', this.path, ...args]);
  }

  async #end(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
