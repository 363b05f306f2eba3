// Runs the TypeScript module that workerData names. --import has no effect in a worker on Node 20, so that the worker
// registers the loader itself.
import { workerData } from 'node:worker_threads';

if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
await import(workerData.script);
