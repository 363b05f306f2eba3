// One property of collected handles, named by the argument; needs --expose-gc.
import { strict as assert } from 'node:assert';
import { setImmediate as tick } from 'node:timers/promises';
import * as capi from '../../../src/capi/index.ts';
import { bioFrom, createSslConnection, createSslObjects, exchange } from '../../helpers/pair.ts';
import { makeSession } from '../../helpers/session.ts';
import { statefulPair } from '../contexts.ts';

async function collect(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await tick();
  }
}

/** What libssl has alive now, and what handles there are. */
async function settled() {
  await collect();
  return { objects: capi.debug.live(), handles: capi.debug.liveHandles() };
}

function use(): void {
  const pair = statefulPair(capi.TLS1_3_VERSION);
  exchange(pair, exchange(pair).session);
  capi.SSL_CTX_sessions(pair.sctx);
  createSslConnection(createSslObjects(pair.sctx, pair.cctx));
  capi.BIO_new_bio_pair(0, 0);
  bioFrom('text');
}

const parts: Record<string, () => Promise<void>> = {
  async collected() {
    use();
    const before = await settled();
    for (let i = 0; i < 20; i++) use();
    assert.deepEqual(await settled(), before);
  },

  async 'freed-and-collected'() {
    makeSession({ id: 1 });
    const before = await settled();
    for (let i = 0; i < 1000; i++) {
      const session = makeSession({ id: i });
      if (i % 2 === 0) capi.SSL_SESSION_free(session);
      const ctx = capi.SSL_CTX_new(capi.TLS_method());
      capi.SSL_new(ctx);
      if (i % 3 === 0) capi.SSL_CTX_free(ctx);
    }
    assert.deepEqual(await settled(), before);
  },

  // The same C object is one JavaScript object, also after the first has been collected.
  async identity() {
    const ctx = capi.SSL_CTX_new(capi.TLS_method());
    for (let id = 0; id < 100; id++) capi.SSL_CTX_add_session(ctx, makeSession({ id, time: 1000 + id }));
    for (let round = 0; round < 5; round++) {
      await collect();
      const sessions = capi.SSL_CTX_sessions(ctx);
      assert.deepEqual(capi.SSL_CTX_sessions(ctx), sessions);
      assert.equal(new Set(sessions).size, 100);
      assert.ok(capi.SSL_CTX_sessions(ctx).every((session, index) => session === sessions[index]));
    }
    // Without a turn of the event loop between: finalizers have not run, and another handle takes the place.
    for (let round = 0; round < 5; round++) {
      globalThis.gc?.();
      assert.equal(capi.SSL_CTX_sessions(ctx).length, 100);
    }
    capi.SSL_CTX_flush_sessions(ctx, 0);
    assert.equal(capi.SSL_CTX_sess_number(ctx), 0);
  },

  // Collections in the middle of libssl.
  async 'in-callbacks'() {
    use();
    const before = await settled();
    for (const version of [capi.TLS1_2_VERSION, capi.TLS1_3_VERSION]) {
      const pair = statefulPair(version);
      const collecting = () => {
        for (let i = 0; i < 10; i++) makeSession({ id: i });
        globalThis.gc?.();
      };
      capi.SSL_CTX_sess_set_new_cb(pair.sctx, collecting);
      capi.SSL_CTX_sess_set_remove_cb(pair.sctx, collecting);
      capi.SSL_CTX_set_info_callback(pair.sctx, collecting);
      capi.SSL_CTX_sess_set_cache_size(pair.sctx, 2);
      for (let i = 0; i < 3; i++) exchange(pair);
    }
    assert.deepEqual(await settled(), before);
  },

  // What X_up_ref added is given back as well.
  async 'up-ref'() {
    makeSession({ id: 1 });
    capi.SSL_new(capi.SSL_CTX_new(capi.TLS_method()));
    const before = await settled();
    for (let i = 0; i < 100; i++) {
      const session = makeSession({ id: i });
      const ctx = capi.SSL_CTX_new(capi.TLS_method());
      const ssl = capi.SSL_new(ctx);
      for (let references = 0; references < i % 5; references++) {
        assert.equal(capi.SSL_SESSION_up_ref(session), 1);
        assert.equal(capi.SSL_CTX_up_ref(ctx), 1);
        assert.equal(capi.SSL_up_ref(ssl), 1);
      }
      if (i % 2 === 0) {
        for (let references = 0; references < i % 5; references++) capi.SSL_SESSION_free(session);
        assert.equal(capi.SSL_SESSION_get_id(session).length, 32);
      }
    }
    assert.deepEqual(await settled(), before);
  },

  // A connection that nobody has ended: its SSL_free in the finalizer removes the session and calls back.
  async connections() {
    const pair = statefulPair(capi.TLS1_2_VERSION);
    let removed = 0;
    capi.SSL_CTX_sess_set_remove_cb(pair.sctx, () => {
      removed++;
    });
    for (let i = 0; i < 10; i++) createSslConnection(createSslObjects(pair.sctx, pair.cctx));
    await collect();
    assert.equal(capi.SSL_CTX_sess_number(pair.sctx), 0);
    assert.equal(removed, 10);
  },
};

await parts[process.argv[2] ?? '']?.();
assert.equal(capi.debug.errorQueueDepth(), 0);
console.log('ok');
