// Drops contexts while their connections live, then the connections: all must be collected and nothing be called wrongly.
import { strict as assert } from 'node:assert';
import { setImmediate as tick } from 'node:timers/promises';
import * as capi from '../../../src/capi/index.ts';
import { createSslConnection, createSslObjects, type SslPair } from '../../helpers/pair.ts';
import { statefulPair } from '../contexts.ts';

let news = 0;
let removals = 0;

function connect(version: number): SslPair {
  const pair = statefulPair(version);
  // Closures over their own context: a strong reference from native code would keep both for ever.
  capi.SSL_CTX_sess_set_new_cb(pair.sctx, (ssl) => {
    if (capi.SSL_get_SSL_CTX(ssl) === pair.sctx) news++;
  });
  capi.SSL_CTX_sess_set_remove_cb(pair.sctx, (ctx) => {
    if (ctx === pair.sctx) removals++;
  });
  return createSslObjects(pair.sctx, pair.cctx);
}

async function collect(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await tick();
  }
}

const baseline = capi.debug.live();
let pairs: SslPair[] = [];
for (let i = 0; i < 20; i++) pairs.push(connect(i % 2 === 0 ? capi.TLS1_2_VERSION : capi.TLS1_3_VERSION));
await collect();
for (const pair of pairs) assert.equal(createSslConnection(pair), true);
assert.ok(news >= 20, `${news} new sessions`);
await collect();
const [first] = pairs;
assert.ok(first);
assert.ok(capi.SSL_get_SSL_CTX(first.server));

pairs = [];
await collect();
void removals;
const live = capi.debug.live();
// The pair in `first` still lives.
assert.equal(live.SSL - baseline.SSL, 2, JSON.stringify(live));
assert.equal(live.SSL_CTX - baseline.SSL_CTX, 2, JSON.stringify(live));
capi.SSL_free(first.server);
capi.SSL_free(first.client);
assert.equal(capi.debug.live().SSL, baseline.SSL);
console.log('all collected');
