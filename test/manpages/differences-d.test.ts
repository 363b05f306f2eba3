// The order of callbacks, the ends of connections, and what does not resume: where the man pages are wrong or silent.
// docs/differences.md has the same tags.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import {
  createSslConnection,
  createSslCtxPair,
  createSslObjects,
  exchange,
  shutdownSslConnection,
} from '../helpers/pair.ts';
import { asRemoved } from '../helpers/removal-order.ts';
import { sameObjects } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import { countNew, protocols, recordRemovals, sessionsOf, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

const { TLS1_2_VERSION, TLS1_3_VERSION, SSL_OP_NO_ANTI_REPLAY } = capi;

test.serial('C11: the session is looked up after the client hello callback and before the servername callback', (t) => {
  for (const { version } of protocols) {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    const order: string[] = [];
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, () => {
      order.push('client hello');
      return capi.SSL_CLIENT_HELLO_SUCCESS;
    });
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, () => {
      order.push('get');
      return null;
    });
    capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, () => {
      order.push('servername');
      return capi.SSL_TLSEXT_ERR_OK;
    });
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, () => void order.push('new'));
    exchange(pair, session);
    t.deepEqual([...new Set(order)], ['client hello', 'get', 'servername', 'new']);
  }
});

test.serial(
  'C12: an ID that is in the cache already is fatal; with constant IDs the second ticket of TLS 1.3 is',
  (t) => {
    for (const { version, isTls13 } of protocols) {
      const pair = statefulPair(version);
      capi.SSL_CTX_set_generate_session_id(pair.sctx, () => Buffer.alloc(32, 7));
      if (!isTls13) exchange(pair);
      const error = t.throws(() => exchange(pair));
      t.regex(error?.message ?? '', /session id conflict/);
      capi.ERR_clear_error();
    }
  },
);

for (const { name, version } of protocols) {
  test.serial(`C13: ${name}: a connection freed without close_notify takes its last session out of the cache`, (t) => {
    const pair = statefulPair(version);
    const removed = recordRemovals(pair.sctx);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    t.true(createSslConnection(ssls));
    const number = capi.SSL_CTX_sess_number(pair.sctx);
    t.is(number, sessionsOf(version));
    capi.SSL_free(ssls.server);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), number - 1);
    t.is(removed.length, 1);
    capi.SSL_free(ssls.client);
  });

  test.serial(`C13: ${name}: SSL_SENT_SHUTDOWN is enough to keep it; having received the peer's is not`, (t) => {
    for (const [bits, keeps] of [
      [capi.SSL_SENT_SHUTDOWN, true],
      [capi.SSL_RECEIVED_SHUTDOWN, false],
    ] as const) {
      const pair = statefulPair(version);
      const ssls = createSslObjects(pair.sctx, pair.cctx);
      t.true(createSslConnection(ssls));
      capi.SSL_set_shutdown(ssls.server, bits);
      capi.SSL_free(ssls.server);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version) - (keeps ? 0 : 1));
      capi.SSL_free(ssls.client);
    }
  });
}

test.serial('C14: TLS 1.2: connections that resumed one session share it: one unclean end takes it from all', (t) => {
  const pair = statefulPair(TLS1_2_VERSION);
  const { session } = exchange(pair);
  const [one, two] = [1, 2].map(() => {
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_session(ssls.client, session);
    t.true(createSslConnection(ssls));
    return ssls;
  });
  if (one === undefined || two === undefined) return t.fail();
  t.is(capi.SSL_get_session(one.server), capi.SSL_get_session(two.server));
  capi.SSL_free(one.server);
  t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
  shutdownSslConnection(two);
  t.false(exchange(pair, session).reused);
  capi.SSL_free(one.client);
});

test.serial('C15: a fatal alert takes the session out of the cache', (t) => {
  for (const { version } of protocols) {
    const pair = statefulPair(version);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    t.true(createSslConnection(ssls));
    const input = capi.SSL_get_rbio(ssls.server);
    if (input === null) return t.fail();
    // A record that does not decrypt.
    capi.BIO_write(input, Buffer.from('1703030020'.padEnd(74, '5a'), 'hex'));
    t.is(capi.SSL_read(ssls.server, Buffer.alloc(1)), -1);
    capi.ERR_clear_error();
    t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version) - 1);
    capi.SSL_free(ssls.server);
    capi.SSL_free(ssls.client);
  }
});

test.serial('C16: with early data each session resumes once; SSL_OP_NO_ANTI_REPLAY lifts that', (t) => {
  for (const [options, again] of [
    [0, false],
    [SSL_OP_NO_ANTI_REPLAY, true],
  ] as const) {
    const pair = createSslCtxPair(TLS1_3_VERSION, TLS1_3_VERSION);
    capi.SSL_CTX_set_max_early_data(pair.sctx, 100);
    capi.SSL_CTX_set_options(pair.sctx, options);
    const { session } = exchange(pair);
    t.true(exchange(pair, session).reused);
    t.is(exchange(pair, session).reused, again);
  }
});

test.serial('C16: anti-replay with NO_INTERNAL_STORE: nothing ever resumes', (t) => {
  const pair = createSslCtxPair(TLS1_3_VERSION, TLS1_3_VERSION);
  capi.SSL_CTX_set_max_early_data(pair.sctx, 100);
  capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL_STORE);
  const { session } = exchange(pair);
  t.false(exchange(pair, session).reused);
});

test.serial(
  'C17: SSL_CTX_free with live connections frees nothing; the last SSL_free empties the cache, earliest expiry first',
  (t) => {
    const pair = statefulPair(TLS1_2_VERSION);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    const late = makeSession({ id: 1, timeout: 200 });
    const early = makeSession({ id: 2, timeout: 100 });
    for (const session of [late, early]) capi.SSL_CTX_add_session(pair.sctx, session);
    const removed = recordRemovals(pair.sctx);
    capi.SSL_CTX_free(pair.sctx);
    t.deepEqual(removed, []);
    capi.SSL_free(ssls.server);
    sameObjects(t, removed, asRemoved([early, late]));
    capi.SSL_free(ssls.client);
  },
);

test.serial(
  'C18: SSL_set_SSL_CTX in the servername callback: cache and session callbacks stay those of the first context',
  (t) => {
    for (const { version } of protocols) {
      const pair = statefulPair(version);
      const other = statefulPair(version);
      const count = countNew(pair.sctx);
      const otherCount = countNew(other.sctx);
      capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, (ssl) => {
        capi.SSL_set_SSL_CTX(ssl, other.sctx);
        t.is(capi.SSL_get_SSL_CTX(ssl), other.sctx);
        return capi.SSL_TLSEXT_ERR_OK;
      });
      const ssls = createSslObjects(pair.sctx, pair.cctx);
      capi.SSL_set_tlsext_host_name(ssls.client, 'localhost');
      t.true(createSslConnection(ssls));
      t.deepEqual([count.calls, otherCount.calls], [sessionsOf(version), 0]);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version));
      t.is(capi.SSL_CTX_sess_number(other.sctx), 0);
      // Which context counts the handshake as accepted differs: 3.0 moves the count, 3.5 does not.
      t.is(capi.SSL_CTX_sess_accept_good(other.sctx), 1);
      t.is(capi.SSL_CTX_sess_accept(pair.sctx) + capi.SSL_CTX_sess_accept(other.sctx), 1);
      shutdownSslConnection(ssls);
    }
  },
);

test.serial('C19: the not-resumable callback: nothing is cached, no ticket, no new callback', (t) => {
  for (const { version } of protocols) {
    const pair = statefulPair(version);
    const count = countNew(pair.sctx);
    capi.SSL_CTX_set_not_resumable_session_callback(pair.sctx, () => 1);
    const { session } = exchange(pair);
    t.is(count.calls, 0);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
    t.is(capi.SSL_SESSION_has_ticket(session), 0);
    t.false(exchange(pair, session).reused);
    // In TLS 1.2 the server sends an ID all the same, and the client believes in it.
    t.is(capi.SSL_SESSION_is_resumable(session), version === TLS1_2_VERSION ? 1 : 0);
  }
});

test.serial(
  'C20: TLS 1.2: a session with extended master secret, resumed without, is fatal; the reverse is a full handshake',
  (t) => {
    const pair = statefulPair(TLS1_2_VERSION);
    const { session } = exchange(pair);
    const without = statefulPair(TLS1_2_VERSION);
    capi.SSL_CTX_set_options(without.cctx, capi.SSL_OP_NO_EXTENDED_MASTER_SECRET);
    const error = t.throws(() => exchange({ sctx: pair.sctx, cctx: without.cctx }, session));
    t.regex(error?.message ?? '', /inconsistent extms/);
    capi.ERR_clear_error();
    const plain = exchange({ sctx: pair.sctx, cctx: without.cctx }).session;
    t.false(exchange(pair, plain).reused);
  },
);

test.serial('C21: a session of another protocol version is a full handshake, and SSL_set_session takes it', (t) => {
  const old = exchange(statefulPair(TLS1_2_VERSION)).session;
  const recent = exchange(statefulPair(TLS1_3_VERSION)).session;
  t.false(exchange(statefulPair(TLS1_3_VERSION), old).reused);
  t.false(exchange(statefulPair(TLS1_2_VERSION), recent).reused);
});

test.serial('C22: security level 3 turns the tickets of TLS 1.2 off: the cache is used', (t) => {
  const pair = createSslCtxPair(TLS1_2_VERSION, TLS1_2_VERSION);
  capi.SSL_CTX_set_security_level(pair.sctx, 3);
  exchange(pair);
  t.is(capi.SSL_CTX_sess_number(pair.sctx), 1);
});
