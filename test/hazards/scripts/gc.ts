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

/** Objects of libssl, and handles of the types that are not static. */
function alive(): Record<string, unknown> {
  const { SSL_METHOD: _methods, SSL_CIPHER: _ciphers, ...handles } = capi.debug.liveHandles();
  return { objects: capi.debug.live(), handles };
}

/** `work` may leave garbage, and nothing else. A function of its own: the last values of a loop stay in its frame. */
async function leavesNothing(work: () => void): Promise<void> {
  work();
  await collect();
  const before = alive();
  work();
  await collect();
  assert.deepEqual(alive(), before);
}

function cacheOf(count: number): capi.SSL_CTX {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  for (let id = 0; id < count; id++) capi.SSL_CTX_add_session(ctx, makeSession({ id, time: 1000 + id }));
  return ctx;
}

const parts: Record<string, () => Promise<void>> = {
  collected: () =>
    leavesNothing(() => {
      for (let i = 0; i < 20; i++) {
        const pair = statefulPair(i % 2 === 0 ? capi.TLS1_2_VERSION : capi.TLS1_3_VERSION);
        exchange(pair, exchange(pair).session);
        capi.SSL_CTX_sessions(pair.sctx);
        createSslConnection(createSslObjects(pair.sctx, pair.cctx));
        capi.BIO_new_bio_pair(0, 0);
        bioFrom('text');
      }
    }),

  'freed-and-collected': () =>
    leavesNothing(() => {
      for (let i = 0; i < 1000; i++) {
        const session = makeSession({ id: i });
        if (i % 2 === 0) capi.SSL_SESSION_free(session);
        const ctx = capi.SSL_CTX_new(capi.TLS_method());
        capi.SSL_new(ctx);
        if (i % 3 === 0) capi.SSL_CTX_free(ctx);
      }
    }),

  // The same C object is one JavaScript object, also after an earlier one has been collected.
  async identity() {
    const ctx = cacheOf(100);
    for (let round = 0; round < 5; round++) {
      await collect();
      const sessions = capi.SSL_CTX_sessions(ctx);
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
  'in-callbacks': () =>
    leavesNothing(() => {
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
    }),

  // What X_up_ref added is given back as well.
  'up-ref': () =>
    leavesNothing(() => {
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
    }),

  // Connections that nobody has ended: SSL_free in their finalizers removes the sessions. No JavaScript runs in a
  // finalizer: the callbacks come with the next call that may call back.
  async connections() {
    const pair = statefulPair(capi.TLS1_2_VERSION);
    let removed = 0;
    capi.SSL_CTX_sess_set_remove_cb(pair.sctx, () => {
      removed++;
    });
    (() => {
      for (let i = 0; i < 10; i++) createSslConnection(createSslObjects(pair.sctx, pair.cctx));
    })();
    await collect();
    assert.equal(capi.SSL_CTX_sess_number(pair.sctx), 0);
    assert.equal(removed, 0);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    assert.equal(removed, 10);
  },
};

await parts[process.argv[2] ?? '']?.();
assert.equal(capi.debug.errorQueueDepth(), 0);
console.log('ok');
