// The main thread never loads the addon; workers do, one after the other.
import { once } from 'node:events';
import { startWorker } from '../worker.ts';

for (let round = 0; round < 3; round++) {
  const worker = startWorker('handshakes', { count: 2, version: 0x0303 });
  const [code] = await once(worker, 'exit');
  if (code !== 0) throw new Error(`the worker ended with ${code}`);
}
