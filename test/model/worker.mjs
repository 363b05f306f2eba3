// Runs the module that workerData names in a worker thread.
import { workerData } from 'node:worker_threads';

if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
const { start } = await import(workerData.module);
await start(workerData);
