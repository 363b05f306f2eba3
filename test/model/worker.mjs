// Runs a program in a worker thread, which has contexts and sessions of its own.
import { parentPort, workerData } from 'node:worker_threads';

if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
const { runHere } = await import(workerData.module);
parentPort.postMessage(await runHere(workerData.seed, workerData.steps));
