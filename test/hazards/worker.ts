// Worker threads that run TypeScript, also where Node cannot read it by itself.
import { Worker, type WorkerOptions } from 'node:worker_threads';

// --import has no effect in a worker on Node 20, so that the worker registers the loader itself.
const BOOTSTRAP = `
  const { workerData } = require('node:worker_threads');
  const loader = process.features.typescript ? undefined : require('tsx/esm/api').register();
  import(workerData.script);
`;

/** Runs scripts/`name`.ts in a worker; `data` is its workerData.data. */
export function startWorker(name: string, data: unknown = undefined, options: WorkerOptions = {}): Worker {
  const script = new URL(`scripts/${name}.ts`, import.meta.url).href;
  return new Worker(BOOTSTRAP, { ...options, eval: true, execArgv: ['--expose-gc'], workerData: { script, data } });
}
