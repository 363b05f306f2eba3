// Adding, removing, identity and reference counts: where the man pages are wrong or silent. docs/differences.md has the same tags.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { asRemoved } from '../helpers/removal-order.ts';
import { sameObjects } from '../helpers/same.ts';
import { copyOf, makeSession } from '../helpers/session.ts';
import { emptyContext, isAtLeast35, now, protocols, recordRemovals, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

test.serial(
  'A1: a new context has mode SERVER, size 20480, timeout 7200 (the page: 300), 2 tickets, early data 0 and 16384',
  (t) => {
    const ctx = emptyContext();
    t.is(capi.SSL_CTX_get_session_cache_mode(ctx), capi.SSL_SESS_CACHE_SERVER);
    t.is(capi.SSL_CTX_sess_get_cache_size(ctx), 20_480);
    t.is(capi.SSL_SESSION_CACHE_MAX_SIZE_DEFAULT, 20_480);
    t.is(capi.SSL_CTX_get_timeout(ctx), 7200);
    t.is(capi.SSL_get_default_timeout(capi.SSL_new(ctx)), 7200);
    t.is(capi.SSL_CTX_get_num_tickets(ctx), 2);
    t.is(capi.SSL_CTX_get_max_early_data(ctx), 0);
    t.is(capi.SSL_CTX_get_recv_max_early_data(ctx), 16_384);
  },
);

test.serial('A1: a new session has timeout 304, the time of now, no version, no cipher, and is not resumable', (t) => {
  const session = capi.SSL_SESSION_new();
  t.is(capi.SSL_SESSION_get_timeout(session), 304);
  t.true(Math.abs(capi.SSL_SESSION_get_time(session) - now()) <= 1);
  t.is(capi.SSL_SESSION_get_protocol_version(session), 0);
  t.is(capi.SSL_SESSION_get0_cipher(session), null);
  t.is(capi.SSL_SESSION_is_resumable(session), 0);
});

test.serial('A2: adding returns 1, adding again 0, and the cache has one reference', (t) => {
  const ctx = emptyContext();
  const before = capi.debug.live().SSL_SESSION;
  const session = makeSession({ id: 1 });
  t.deepEqual(
    [1, 2, 3].map(() => capi.SSL_CTX_add_session(ctx, session)),
    [1, 0, 0],
  );
  capi.SSL_SESSION_free(session);
  t.is(capi.debug.live().SSL_SESSION, before + 1);
  capi.SSL_CTX_free(ctx);
  t.is(capi.debug.live().SSL_SESSION, before);
});

test.serial('A3: the key is protocol version and ID: the same ID in two versions is two sessions', (t) => {
  const ctx = emptyContext();
  t.is(capi.SSL_CTX_add_session(ctx, makeSession({ id: 1, version: capi.TLS1_2_VERSION })), 1);
  t.is(capi.SSL_CTX_add_session(ctx, makeSession({ id: 1, version: capi.TLS1_3_VERSION })), 1);
  t.is(capi.SSL_CTX_sess_number(ctx), 2);
});

test.serial(
  'A4: replacing returns 1, calls no remove callback, counts no eviction, and leaves the old object resumable',
  (t) => {
    const ctx = emptyContext();
    const removed = recordRemovals(ctx);
    const first = makeSession({ id: 1 });
    capi.SSL_CTX_add_session(ctx, first);
    t.is(capi.SSL_CTX_add_session(ctx, makeSession({ id: 1 })), 1);
    t.is(capi.SSL_CTX_sess_number(ctx), 1);
    t.deepEqual(removed, []);
    t.is(capi.SSL_SESSION_is_resumable(first), 1);
    t.is(capi.SSL_CTX_sess_cache_full(ctx), 0);
  },
);

test.serial('A5: adding the same object again moves it in front of its equals in 3.0, and not in 3.5.7', (t) => {
  const ctx = emptyContext();
  const removed = recordRemovals(ctx);
  const a = makeSession({ id: 1, time: 1000, timeout: 10 });
  const b = makeSession({ id: 2, time: 1000, timeout: 10 });
  for (const session of [a, b, a]) capi.SSL_CTX_add_session(ctx, session);
  const snapshot = capi.SSL_CTX_sessions(ctx);
  capi.SSL_CTX_flush_sessions(ctx, 0);
  sameObjects(t, removed, asRemoved(snapshot.reverse()));
  if (capi.OpenSSL_version_num() < 0x30000150) sameObjects(t, removed, [b, a]);
  if (capi.OpenSSL_version_num() >= 0x30500070 && isAtLeast35) sameObjects(t, removed, asRemoved([a, b]));
});

test.serial(
  'A6: an add that cannot be done changes nothing (out of memory in libssl is not reachable; a refused one is)',
  (t) => {
    const ctx = emptyContext();
    t.throws(() => capi.SSL_CTX_add_session(ctx, capi.SSL_SESSION_new()), { code: 'ERR_SSLCTX_SESSION_INCOMPLETE' });
    t.is(capi.SSL_CTX_sess_number(ctx), 0);
  },
);

test.serial('A7: removing twice: 1, then 0, and the remove callback is called both times', (t) => {
  const ctx = emptyContext();
  const removed = recordRemovals(ctx);
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, session);
  t.deepEqual([capi.SSL_CTX_remove_session(ctx, session), capi.SSL_CTX_remove_session(ctx, session)], [1, 0]);
  sameObjects(t, removed, [session, session]);
});

test.serial(
  'A8: removing by a copy: it is the copy that is marked and told of, and the cached object stays resumable',
  (t) => {
    const ctx = emptyContext();
    const removed = recordRemovals(ctx);
    const cached = makeSession({ id: 1 });
    const copy = copyOf(cached);
    capi.SSL_CTX_add_session(ctx, cached);
    t.is(capi.SSL_CTX_remove_session(ctx, copy), 1);
    t.is(capi.SSL_CTX_sess_number(ctx), 0);
    t.is(capi.SSL_SESSION_is_resumable(cached), 1);
    t.is(capi.SSL_SESSION_is_resumable(copy), 0);
    sameObjects(t, removed, [copy]);
  },
);

test.serial('A9: removing what was never added: 0, and yet it is marked, and the remove callback is called', (t) => {
  const ctx = emptyContext();
  const removed = recordRemovals(ctx);
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_CTX_remove_session(ctx, session), 0);
  t.is(capi.SSL_SESSION_is_resumable(session), 0);
  sameObjects(t, removed, [session]);
});

test.serial('A9: removing a session without ID, or NULL: 0, and nothing else', (t) => {
  const ctx = emptyContext();
  const removed = recordRemovals(ctx);
  t.is(capi.SSL_CTX_remove_session(ctx, makeSession({ id: Buffer.alloc(0) })), 0);
  t.is(capi.SSL_CTX_remove_session(ctx, null), 0);
  t.deepEqual(removed, []);
});

test.serial('A10: the mark stays with the object and its copies, and is lost in DER', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_remove_session(ctx, session);
  t.is(capi.SSL_SESSION_is_resumable(copyOf(session)), 0);
  const der = capi.i2d_SSL_SESSION(session);
  const again = der && capi.d2i_SSL_SESSION(der);
  t.is(again && capi.SSL_SESSION_is_resumable(again), 1);
});

for (const { name, version } of protocols) {
  test.serial(`A11: ${name}: a session that is marked can be added again, and the internal lookup resumes it`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const sessions = capi.SSL_CTX_sessions(pair.sctx);
    for (const one of sessions) capi.SSL_CTX_remove_session(pair.sctx, one);
    for (const one of sessions) t.is(capi.SSL_SESSION_is_resumable(one), 0);
    for (const one of sessions) t.is(capi.SSL_CTX_add_session(pair.sctx, one), 1);
    t.true(exchange(pair, session).reused);
  });

  test.serial(`A11: ${name}: a session that is marked, from the get callback, is a miss`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const sessions = capi.SSL_CTX_sessions(pair.sctx);
    for (const one of sessions) capi.SSL_CTX_remove_session(pair.sctx, one);
    let asked = 0;
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, (_ssl, id) => {
      asked++;
      return sessions.find((one) => capi.SSL_SESSION_get_id(one).equals(id)) ?? null;
    });
    t.false(exchange(pair, session).reused);
    t.true(asked > 0);
    t.is(capi.SSL_CTX_sess_cb_hits(pair.sctx), 0);
  });
}

test.serial('A12: SSL_SESSION_free is called by a removal only when the session was found (the page: always)', (t) => {
  const ctx = emptyContext();
  const before = capi.debug.live().SSL_SESSION;
  const session = makeSession({ id: 1 });
  for (let i = 0; i < 3; i++) t.is(capi.SSL_CTX_remove_session(ctx, session), 0);
  t.is(capi.debug.live().SSL_SESSION, before + 1);
});

test.serial('A13: a session without ID could be added, never be removed, and would stop eviction: refused', (t) => {
  const ctx = emptyContext();
  t.throws(() => capi.SSL_CTX_add_session(ctx, makeSession({ id: Buffer.alloc(0) })), {
    code: 'ERR_SSLCTX_SESSION_INCOMPLETE',
  });
  t.is(capi.SSL_CTX_sess_number(ctx), 0);
});
