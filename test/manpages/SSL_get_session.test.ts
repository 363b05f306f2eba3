// SSL_get_session(3), SSL_get0_session(3) and SSL_get1_session(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { connect, handshake, has, now, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

function live(): number {
  return capi.debug.live().SSL_SESSION;
}

for (const { name, version, isTls13 } of protocols) {
  test.serial(`${name}: SSL_get_session and SSL_get0_session return the session in use, the same object`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_session(ssls.client, session);
    t.is(capi.SSL_get_session(ssls.client), session);
    handshake(ssls);
    for (const ssl of [ssls.client, ssls.server]) t.is(capi.SSL_get0_session(ssl), capi.SSL_get_session(ssl));
    t.true(has(pair.sctx, capi.SSL_get_session(ssls.server) ?? session));
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: where the page says that the pointer can become invalid, the handle stays valid`, (t) => {
    const pair = statefulPair(version);
    const ssls = connect(pair);
    const session = capi.SSL_get0_session(ssls.server);
    if (session === null) return t.fail();
    const id = capi.SSL_SESSION_get_id(session);
    capi.SSL_free(ssls.server);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    t.deepEqual(capi.SSL_SESSION_get_id(session), id);
    capi.SSL_free(ssls.client);
  });

  test.serial(
    `${name}: SSL_get1_session increments the reference count, until SSL_SESSION_free is called once`,
    (t) => {
      const pair = statefulPair(version);
      const before = live();
      const ssls = connect(pair);
      const session = capi.SSL_get1_session(ssls.client);
      if (session === null) return t.fail();
      t.true(capi.SSL_get_session(ssls.client) === session);
      shutdownSslConnection(ssls);
      capi.SSL_CTX_flush_sessions(pair.sctx, 0);
      t.is(live(), before + 1);
      capi.SSL_SESSION_free(session);
      t.is(live(), before);
    },
  );

  const moment = isTls13 ? 'not before it has read a ticket' : 'after the handshake';
  test.serial(`${name}: the session of a client can resume ${moment}; before, there is one all the same`, (t) => {
    const pair = statefulPair(version);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    handshake(ssls);
    const early = capi.SSL_get1_session(ssls.client);
    if (early === null) return t.fail();
    t.is(capi.SSL_SESSION_is_resumable(early), isTls13 ? 0 : 1);
    capi.SSL_read(ssls.client, Buffer.alloc(1));
    const late = capi.SSL_get1_session(ssls.client);
    if (late === null) return t.fail();
    t.is(capi.SSL_SESSION_is_resumable(late), 1);
    t.is(late === early, !isTls13);
    shutdownSslConnection(ssls);
    t.is(exchange(pair, early).reused, !isTls13);
    t.true(exchange(pair, late).reused);
  });
}

test.serial(
  'TLS 1.3: of several tickets a client returns the last that it received, a server the last that it sent',
  (t) => {
    const pair = statefulPair(capi.TLS1_3_VERSION);
    capi.SSL_CTX_set_num_tickets(pair.sctx, 3);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT);
    const sent: capi.SSL_SESSION[] = [];
    const received: capi.SSL_SESSION[] = [];
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, session) => void sent.push(session));
    capi.SSL_CTX_sess_set_new_cb(pair.cctx, (_ssl, session) => void received.push(session));
    const ssls = connect(pair);
    t.deepEqual([sent.length, received.length], [3, 3]);
    t.true(capi.SSL_get_session(ssls.server) === sent[2]);
    t.true(capi.SSL_get_session(ssls.client) === received[2]);
    shutdownSslConnection(ssls);
  },
);

test.serial('TLS 1.3: without tickets a server returns the session of the connection', (t) => {
  const pair = statefulPair(capi.TLS1_3_VERSION);
  capi.SSL_CTX_set_num_tickets(pair.sctx, 0);
  const ssls = connect(pair);
  const session = capi.SSL_get_session(ssls.server);
  t.truthy(session);
  t.is(session && capi.SSL_SESSION_get_protocol_version(session), capi.TLS1_3_VERSION);
  t.false(session !== null && has(pair.sctx, session));
  shutdownSslConnection(ssls);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: the new callback is only called with sessions that can resume`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT | capi.SSL_SESS_CACHE_NO_INTERNAL_STORE);
    const told: capi.SSL_SESSION[] = [];
    capi.SSL_CTX_sess_set_new_cb(pair.cctx, (_ssl, session) => void told.push(session));
    exchange(pair);
    t.true(told.length > 0);
    for (const session of [...told]) t.true(exchange(pair, session).reused);
  });

  test.serial(
    `${name}: without SSL_shutdown before SSL_free the session is removed, and not resumable any more`,
    (t) => {
      for (const isClean of [true, false]) {
        const pair = statefulPair(version);
        const ssls = connect(pair);
        const session = capi.SSL_get1_session(ssls.server);
        if (session === null) return t.fail();
        if (isClean) capi.SSL_shutdown(ssls.server);
        capi.SSL_free(ssls.server);
        t.is(has(pair.sctx, session), isClean);
        t.is(capi.SSL_SESSION_is_resumable(session), isClean ? 1 : 0);
        capi.SSL_free(ssls.client);
      }
    },
  );

  test.serial(`${name}: the session of a connection can be removed by SSL_CTX_flush_sessions`, (t) => {
    const pair = statefulPair(version);
    const ssls = connect(pair);
    const session = capi.SSL_get_session(ssls.server);
    if (session === null) return t.fail();
    capi.SSL_CTX_flush_sessions(pair.sctx, now() + 8000);
    t.false(has(pair.sctx, session));
    t.is(capi.SSL_get_session(ssls.server), session, 'the connection still has it');
    shutdownSslConnection(ssls);
  });
}

test.serial('returns null when the connection has no session', (t) => {
  const { sctx, cctx } = statefulPair(capi.TLS1_2_VERSION);
  for (const ssl of [capi.SSL_new(sctx), capi.SSL_new(cctx)]) {
    for (const get of [capi.SSL_get_session, capi.SSL_get0_session, capi.SSL_get1_session]) t.is(get(ssl), null);
  }
});
