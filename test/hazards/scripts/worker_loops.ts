// Starts workers, two at a time; half of them end by themselves, half are terminated while they do handshakes.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import * as capi from '../../../src/capi/index.ts';
import { exchange } from '../../helpers/pair.ts';
import { statefulPair } from '../contexts.ts';
import { startWorker } from '../worker.ts';

let terminated = 0;
for (let round = 0; round < 10; round++) {
  const finishing = startWorker('handshakes', { count: 3, version: capi.TLS1_2_VERSION });
  const finished = once(finishing, 'exit');
  const endless = startWorker('handshakes', { count: Number.POSITIVE_INFINITY, version: capi.TLS1_3_VERSION });
  // It reports from inside of a callback of libssl.
  await once(endless, 'message');
  await endless.terminate();
  terminated++;
  const [code] = await finished;
  assert.equal(code, 0);
}
assert.equal(exchange(statefulPair(capi.TLS1_3_VERSION)).reused, false);
assert.equal(capi.debug.errorQueueDepth(), 0);
console.log(`20 workers, ${terminated} terminated`);
