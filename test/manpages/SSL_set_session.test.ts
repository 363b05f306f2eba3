// SSL_set_session(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslConnection, createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { copyOf, makeSession } from '../helpers/session.ts';
import { connect, protocols, recordRemovals, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

function live(): number {
  return capi.debug.live().SSL_SESSION;
}

for (const { name, version } of protocols) {
  test.serial(`${name}: sets the session that is used when the connection is established`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    t.is(capi.SSL_set_session(ssls.client, session), 1);
    t.is(capi.SSL_get_session(ssls.client), session);
    t.true(createSslConnection(ssls));
    t.is(capi.SSL_session_reused(ssls.client), 1);
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: it is for clients: a server refuses it`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ssl = capi.SSL_new(pair.sctx);
    capi.SSL_set_accept_state(ssl);
    t.throws(() => capi.SSL_set_session(ssl, session), { code: 'ERR_SSLCTX_STATE' });
    t.is(capi.SSL_get_session(ssl), null);
  });

  test.serial(`${name}: the connection has a reference of its own to the session`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    const before = live();
    capi.SSL_set_session(ssls.client, session);
    capi.SSL_SESSION_free(session);
    t.is(live(), before);
    t.true(createSslConnection(ssls));
    t.is(capi.SSL_session_reused(ssls.client), 1);
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: if the session is not reused, the reference is given back during SSL_connect`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    const unused = connect(pair);
    const withNone = live();
    shutdownSslConnection(unused);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_session(ssls.client, session);
    capi.SSL_SESSION_free(session);
    t.true(createSslConnection(ssls));
    t.is(capi.SSL_session_reused(ssls.client), 0);
    t.is(live(), withNone - 1, 'it is gone');
    shutdownSslConnection(ssls);
  });
}

test.serial('the session that was set before gives its reference back, also when the new one is NULL', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const ssl = createSslObjects(pair.sctx, pair.cctx).client;
  const before = live();
  for (const next of [makeSession({ id: 2 }), null]) {
    const first = makeSession({ id: 1 });
    t.is(capi.SSL_set_session(ssl, first), 1);
    capi.SSL_SESSION_free(first);
    t.is(capi.SSL_set_session(ssl, next), 1);
    t.is(capi.SSL_get_session(ssl), next);
    if (next !== null) capi.SSL_SESSION_free(next);
    t.is(live(), before + (next === null ? 0 : 1));
  }
});

for (const { name, version } of protocols) {
  test.serial(`${name}: where the page replaces the session of a connection in use, that is refused`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ssls = connect(pair);
    const inUse = capi.SSL_get_session(ssls.client);
    for (const next of [session, null]) {
      t.throws(() => capi.SSL_set_session(ssls.client, next), { code: 'ERR_SSLCTX_STATE' });
    }
    t.is(capi.SSL_get_session(ssls.client), inUse);
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: a session that is still open is taken out of the cache, one that is shut down is not`, (t) => {
    for (const isOpen of [true, false]) {
      const pair = statefulPair(version);
      capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT);
      const removed = recordRemovals(pair.cctx);
      const ssls = connect(pair);
      const session = capi.SSL_get_session(ssls.client);
      if (!isOpen) capi.SSL_set_shutdown(ssls.client, capi.SSL_SENT_SHUTDOWN);
      capi.SSL_clear(ssls.client);
      capi.SSL_set_session(ssls.client, null);
      sameObjects(t, removed, isOpen ? [session] : []);
      capi.SSL_free(ssls.client);
      capi.SSL_free(ssls.server);
    }
  });

  test.serial(
    `${name}: where the page allows one SSL_CTX only, connections of others may offer it: no cache may add it`,
    (t) => {
      const pair = statefulPair(version);
      const other = statefulPair(version);
      capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT);
      const { session } = exchange(pair);
      t.true(exchange({ sctx: pair.sctx, cctx: other.cctx }, session).reused);
      t.throws(() => capi.SSL_CTX_add_session(other.cctx, session), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
      t.is(capi.SSL_CTX_add_session(other.cctx, copyOf(session)), 1);
    },
  );
}

test.serial('returns 1', (t) => {
  const ssl = capi.SSL_new(statefulPair(capi.TLS1_2_VERSION).cctx);
  t.is(capi.SSL_set_session(ssl, makeSession({ id: 1 })), 1);
  t.is(capi.SSL_set_session(ssl, null), 1);
});
