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

/** Twenty connections; returns the first. The others are garbage then. */
async function connections(): Promise<SslPair> {
  const pairs = Array.from({ length: 20 }, (_, i) => connect(i % 2 === 0 ? capi.TLS1_2_VERSION : capi.TLS1_3_VERSION));
  await collect();
  assert.ok(pairs.every((pair) => createSslConnection(pair)));
  assert.ok(news >= 20, `${news} new sessions`);
  const [first] = pairs;
  assert.ok(first);
  return first;
}

const baseline = capi.debug.live();
let first: SslPair | undefined = await connections();
await collect();
const one = capi.debug.live();
assert.equal(one.SSL - baseline.SSL, 2, JSON.stringify(one));
assert.equal(one.SSL_CTX - baseline.SSL_CTX, 2, JSON.stringify(one));

// Its contexts were never in reach since; their callbacks still are in place.
const before = { news, removals };
assert.equal(capi.SSL_write(first.client, Buffer.from('hello')), 5);
assert.equal(capi.SSL_read(first.server, Buffer.alloc(5)), 5);
capi.SSL_free(first.server);
assert.ok(removals > before.removals, 'the session of an unclean end is removed, and the callback called');
capi.SSL_free(first.client);
first = undefined;
await collect();
assert.deepEqual(capi.debug.live(), baseline);
console.log('all collected');
