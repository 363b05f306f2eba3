// SSL_CTX_set_session_id_context(3) and SSL_set_session_id_context(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslConnection, createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { connect, emptyContext, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

const shop = Buffer.from('shop');
const bank = Buffer.from('bank');

/** One connection, whose server gets a session ID context of its own by `set`; whether it resumed the session. */
function resumes(
  { sctx, cctx }: { sctx: capi.SSL_CTX; cctx: capi.SSL_CTX },
  session: capi.SSL_SESSION,
  set: (server: capi.SSL) => void,
): boolean {
  const ssls = createSslObjects(sctx, cctx);
  capi.SSL_set_session(ssls.client, session);
  set(ssls.server);
  if (!createSslConnection(ssls)) throw new Error('the handshake failed');
  const reused = capi.SSL_session_reused(ssls.server) === 1;
  shutdownSslConnection(ssls);
  return reused;
}

for (const { name, version } of protocols) {
  test.serial(`${name}: the context of an SSL_CTX: sessions are reused within it`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_id_context(pair.sctx, shop);
    const { session } = exchange(pair);
    t.true(exchange(pair, session).reused);
    capi.SSL_CTX_set_session_id_context(pair.sctx, bank);
    t.false(exchange(pair, session).reused);
  });

  test.serial(`${name}: the context of an SSL: sessions are reused within it, whatever its SSL_CTX has`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_id_context(pair.sctx, shop);
    const { session } = exchange(pair);
    t.false(resumes(pair, session, (server) => capi.SSL_set_session_id_context(server, bank)));
    capi.SSL_CTX_set_session_id_context(pair.sctx, bank);
    t.true(resumes(pair, session, (server) => capi.SSL_set_session_id_context(server, shop)));
  });

  test.serial(`${name}: it is stored in exported sessions: one that is imported elsewhere is not reused there`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_id_context(pair.sctx, shop);
    const { session } = exchange(pair);
    const exported = capi.SSL_CTX_sessions(pair.sctx).map(capi.i2d_SSL_SESSION);
    for (const [context, reused] of [
      [shop, true],
      [bank, false],
    ] as const) {
      const { sctx } = statefulPair(version);
      capi.SSL_CTX_set_session_id_context(sctx, context);
      for (const der of exported) {
        const imported = capi.d2i_SSL_SESSION(der ?? Buffer.of());
        if (imported === null) return t.fail();
        t.deepEqual(capi.SSL_SESSION_get0_id_context(imported), shop);
        capi.SSL_CTX_add_session(sctx, imported);
      }
      t.is(exchange({ sctx, cctx: pair.cctx }, session).reused, reused);
    }
  });

  test.serial(`${name}: it may be any bytes, and becomes part of the session`, (t) => {
    const bytes = Buffer.from('00ff00807f', 'hex');
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_id_context(pair.sctx, bytes);
    exchange(pair);
    for (const session of capi.SSL_CTX_sessions(pair.sctx)) {
      t.deepEqual(capi.SSL_SESSION_get0_id_context(session), bytes);
    }
  });

  test.serial(`${name}: it is the server that sets it: that of a client is not sent`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_id_context(pair.cctx, shop);
    const { session } = exchange(pair);
    for (const one of capi.SSL_CTX_sessions(pair.sctx)) t.is(capi.SSL_SESSION_get0_id_context(one).length, 0);
    t.true(exchange(pair, session).reused);
  });
}

test.serial('it has at most SSL_MAX_SID_CTX_LENGTH bytes', (t) => {
  t.is(capi.SSL_MAX_SID_CTX_LENGTH, 32);
  const ctx = emptyContext();
  const ssl = capi.SSL_new(ctx);
  for (const length of [0, 1, 32]) {
    t.is(capi.SSL_CTX_set_session_id_context(ctx, Buffer.alloc(length)), 1);
    t.is(capi.SSL_set_session_id_context(ssl, Buffer.alloc(length)), 1);
  }
});

for (const { name, version } of protocols) {
  test.serial(`${name}: with client certificates and no context stored sessions are not reused: a fatal error`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    capi.SSL_CTX_set_verify(pair.sctx, capi.SSL_VERIFY_PEER);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_session(ssls.client, session);
    t.false(createSslConnection(ssls));
    t.is(capi.ERR_GET_REASON(capi.ERR_get_error()), capi.SSL_R_SESSION_ID_CONTEXT_UNINITIALIZED);
    capi.ERR_clear_error();
    capi.SSL_free(ssls.server);
    capi.SSL_free(ssls.client);
    capi.SSL_CTX_set_session_id_context(pair.sctx, shop);
    t.false(exchange(pair, session).reused, 'with one: an older session is ignored');
    t.true(exchange(pair, exchange(pair).session).reused);
  });

  test.serial(`${name}: another context than the session's: no resumption, and the handshake goes on`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_id_context(pair.sctx, shop);
    const { session } = exchange(pair);
    capi.SSL_CTX_set_session_id_context(pair.sctx, bank);
    const ssls = connect(pair, session);
    t.deepEqual([capi.SSL_session_reused(ssls.server), capi.SSL_session_reused(ssls.client)], [0, 0]);
    t.is(capi.SSL_write(ssls.client, Buffer.from('x')), 1);
    t.is(capi.SSL_read(ssls.server, Buffer.alloc(1)), 1);
    shutdownSslConnection(ssls);
  });

  test.serial(
    `${name}: a session that was made without one has an empty one, and a later call does not change it`,
    (t) => {
      const pair = statefulPair(version);
      const ssls = connect(pair);
      capi.SSL_set_session_id_context(ssls.server, shop);
      const session = capi.SSL_get1_session(ssls.client);
      shutdownSslConnection(ssls);
      for (const one of capi.SSL_CTX_sessions(pair.sctx)) t.is(capi.SSL_SESSION_get0_id_context(one).length, 0);
      if (session === null) return t.fail();
      t.true(resumes(pair, session, () => undefined));
      t.false(resumes(pair, session, (server) => capi.SSL_set_session_id_context(server, shop)));
    },
  );

  test.serial(`${name}: in the servername callback it is too late for the handshake of now`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, (ssl) => {
      capi.SSL_set_session_id_context(ssl, shop);
      return capi.SSL_TLSEXT_ERR_OK;
    });
    const { session } = exchange(pair);
    for (const one of capi.SSL_CTX_sessions(pair.sctx)) t.is(capi.SSL_SESSION_get0_id_context(one).length, 0);
    t.true(exchange(pair, session).reused, 'the lookup was before it');
  });

  test.serial(`${name}: in the client hello callback it is not too late`, (t) => {
    const pair = statefulPair(version);
    let context = shop;
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, (ssl) => {
      capi.SSL_set_session_id_context(ssl, context);
      return capi.SSL_CLIENT_HELLO_SUCCESS;
    });
    const { session } = exchange(pair);
    for (const one of capi.SSL_CTX_sessions(pair.sctx)) t.deepEqual(capi.SSL_SESSION_get0_id_context(one), shop);
    t.true(exchange(pair, session).reused);
    context = bank;
    t.false(exchange(pair, session).reused);
  });
}

test.serial('returns 1; where the page says 0 for what is too long, it is refused', (t) => {
  const ctx = emptyContext();
  const ssl = capi.SSL_new(ctx);
  for (const set of [
    (bytes: Buffer) => capi.SSL_CTX_set_session_id_context(ctx, bytes),
    (bytes: Buffer) => capi.SSL_set_session_id_context(ssl, bytes),
  ]) {
    t.is(set(Buffer.alloc(32)), 1);
    t.throws(() => set(Buffer.alloc(33)), { code: 'ERR_OUT_OF_RANGE' });
  }
});
