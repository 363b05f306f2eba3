// Workers that have a context of the test's thread.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ExecutionContext } from 'ava';
import type { SslContext } from '../../src/index.ts';

/** Runs scripts/`name`.ts. */
export function startWorker(name: string, data: Record<string, unknown> = {}): Worker {
  const script = new URL(`scripts/${name}.ts`, import.meta.url).href;
  return new Worker(new URL('../hazards/scripts/worker.mjs', import.meta.url), {
    execArgv: [],
    workerData: { script, ...data },
  });
}

/** A thread that does with a context what it is asked to: see scripts/context.ts. */
export class Thread {
  readonly worker: Worker;

  private constructor(worker: Worker) {
    this.worker = worker;
  }

  static async with(t: ExecutionContext, context: SslContext): Promise<Thread> {
    const worker = startWorker('context', { context: context.share() });
    t.teardown(() => worker.terminate());
    await once(worker, 'message');
    return new Thread(worker);
  }

  // biome-ignore lint/suspicious/noExplicitAny: each answer is another
  async ask(what: string, argument?: unknown): Promise<any> {
    const answer = once(this.worker, 'message');
    this.worker.postMessage([what, argument]);
    const [{ value, error }] = await answer;
    if (error !== undefined) throw error;
    return value;
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
