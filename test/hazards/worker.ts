// Worker threads that run TypeScript, also where Node cannot read it by itself.
import { Worker } from 'node:worker_threads';

/** Runs scripts/`name`.ts in a worker; `data` is its workerData.data. */
export function startWorker(name: string, data: unknown = undefined): Worker {
  const script = new URL(`scripts/${name}.ts`, import.meta.url).href;
  return new Worker(new URL('scripts/worker.mjs', import.meta.url), { execArgv: [], workerData: { script, data } });
}
