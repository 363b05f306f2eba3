// Servers in processes of their own, on one Redis.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { StoreStatistics } from '../../src/index.ts';
import { type SClientOptions, type SClientResult, sClient } from '../../src/testing/index.ts';
import { certificate, type Protocol } from '../helpers/classes.ts';
import { SLOWER } from '../helpers/limits.ts';

export type Question = { ask: 'flush' | 'statistics' } | { ask: 'revoke'; id?: string; label?: string };

export interface Answer {
  port?: number;
  count?: number;
  milliseconds?: number;
  statistics?: StoreStatistics;
  error?: string;
}

export class Member {
  readonly #child: ChildProcess;
  port = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(t: ExecutionContext, redis: string, key: Buffer): Promise<Member> {
    const { cert, key: privateKey } = certificate();
    const file = fileURLToPath(new URL('child.ts', import.meta.url));
    const args = [redis, key.toString('hex'), cert, privateKey];
    const child = fork(file, args, { execArgv: process.execArgv, serialization: 'advanced' });
    t.teardown(async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    });
    const member = new Member(child);
    member.port = (await member.#next()).port ?? 0;
    return member;
  }

  async #next(): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#child.once('message', (message: Answer) => resolve(message));
      this.#child.once('exit', () => reject(new Error('the server process has ended')));
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  ask(question: Question): Promise<Answer> {
    const answer = this.#next();
    this.#child.send(question);
    return answer;
  }

  /** SIGSTOP, SIGCONT: a machine that hangs. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** One connection of the real s_client. */
  async visit(protocol: Protocol, more: Partial<SClientOptions> = {}): Promise<SClientResult> {
    const timeout = 10_000 * SLOWER;
    const result = await sClient({ port: this.port, protocol, send: 'hi\n', until: /hello/, timeout, ...more });
    await this.ask({ ask: 'flush' });
    return result;
  }
}
