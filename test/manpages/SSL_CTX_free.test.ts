// SSL_CTX_free(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { sameMembers } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import { connect, emptyContext, recordRemovals, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

test.serial('decrements the reference count, and frees the context when it has reached 0', (t) => {
  const before = capi.debug.live().SSL_CTX;
  const ctx = emptyContext();
  capi.SSL_CTX_up_ref(ctx);
  capi.SSL_CTX_free(ctx);
  t.is(capi.debug.live().SSL_CTX, before + 1);
  t.is(capi.SSL_CTX_sess_number(ctx), 0, 'it can still be used');
  capi.SSL_CTX_free(ctx);
  t.is(capi.debug.live().SSL_CTX, before);
});

test.serial('a connection has a reference to its context', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const before = capi.debug.live().SSL_CTX;
  const ssls = connect(pair);
  capi.SSL_CTX_free(pair.sctx);
  t.is(capi.debug.live().SSL_CTX, before);
  t.is(capi.SSL_write(ssls.server, Buffer.from('x')), 1);
  t.is(capi.SSL_read(ssls.client, Buffer.alloc(1)), 1);
  shutdownSslConnection(ssls);
  t.is(capi.debug.live().SSL_CTX, before - 1);
});

test.serial('frees its session cache', (t) => {
  const before = capi.debug.live().SSL_SESSION;
  const ctx = emptyContext();
  for (const id of [1, 2, 3]) {
    const session = makeSession({ id });
    capi.SSL_CTX_add_session(ctx, session);
    capi.SSL_SESSION_free(session);
  }
  t.is(capi.debug.live().SSL_SESSION, before + 3);
  capi.SSL_CTX_free(ctx);
  t.is(capi.debug.live().SSL_SESSION, before);
});

test.serial('where the page says that nothing is done for NULL, null is refused', (t) => {
  t.throws(() => Reflect.apply(capi.SSL_CTX_free, undefined, [null]), { code: 'ERR_INVALID_ARG_TYPE' });
});

test.serial('the remove callback is called for each session that is freed', (t) => {
  const pair = statefulPair(capi.TLS1_3_VERSION);
  exchange(pair);
  const sessions = capi.SSL_CTX_sessions(pair.sctx);
  const removed = recordRemovals(pair.sctx);
  capi.SSL_CTX_free(pair.sctx);
  t.is(removed.length, 2);
  sameMembers(t, removed, sessions);
});

test.serial(
  'the remove callback is called for each session that is freed, unless it was unset before, so that an external cache keeps them',
  (t) => {
    const ctx = emptyContext();
    capi.SSL_CTX_add_session(ctx, makeSession({ id: 1 }));
    const removed = recordRemovals(ctx);
    capi.SSL_CTX_sess_set_remove_cb(ctx, null);
    capi.SSL_CTX_free(ctx);
    t.deepEqual(removed, []);
  },
);

test.serial('returns nothing', (t) => {
  t.is(capi.SSL_CTX_free(emptyContext()), undefined);
});
