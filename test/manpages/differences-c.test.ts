// What gets cached, and when callbacks are called: where the man pages are wrong or silent. docs/differences.md has the same tags.
import { createHash } from 'node:crypto';
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import {
  createSslConnection,
  createSslCtxPair,
  createSslObjects,
  exchange,
  shutdownSslConnection,
} from '../helpers/pair.ts';
import { copyOf, makeSession } from '../helpers/session.ts';
import { has, protocols, recordRemovals, sessionsOf, statefulPair } from './common.ts';

test.afterEach((t) => {
  const error = capi.ERR_peek_error();
  capi.ERR_clear_error();
  t.is(error, 0);
  t.is(capi.debug.errorQueueDepth(), 0);
});

/** Counts the calls of the new callback. */
function countNew(ctx: capi.SSL_CTX): { calls: number } {
  const count = { calls: 0 };
  capi.SSL_CTX_sess_set_new_cb(ctx, () => void count.calls++);
  return count;
}

const { TLS1_2_VERSION, TLS1_3_VERSION, SSL_OP_NO_TICKET, SSL_OP_NO_ANTI_REPLAY } = capi;

const matrix = [
  { what: 'TLS 1.2 with tickets', version: TLS1_2_VERSION, options: 0, calls: 0, cached: 0 },
  { what: 'TLS 1.2 without tickets', version: TLS1_2_VERSION, options: SSL_OP_NO_TICKET, calls: 1, cached: 1 },
  { what: 'TLS 1.3, stateless', version: TLS1_3_VERSION, options: 0, calls: 2, cached: 0 },
  {
    what: 'TLS 1.3, stateless, a remove callback',
    version: TLS1_3_VERSION,
    options: 0,
    listens: true,
    calls: 2,
    cached: 2,
  },
  { what: 'TLS 1.3, stateful', version: TLS1_3_VERSION, options: SSL_OP_NO_TICKET, calls: 2, cached: 2 },
  { what: 'TLS 1.3 with early data', version: TLS1_3_VERSION, options: 0, early: 100, calls: 2, cached: 2 },
  {
    what: 'TLS 1.3 with early data, no anti-replay',
    version: TLS1_3_VERSION,
    options: SSL_OP_NO_ANTI_REPLAY,
    early: 100,
    calls: 2,
    cached: 0,
  },
];

for (const { what, version, options, early, listens, calls, cached } of matrix) {
  test.serial(`C1: ${what}: the new callback is called ${calls} times, ${cached} sessions are cached`, (t) => {
    const pair = createSslCtxPair(version, version);
    capi.SSL_CTX_set_options(pair.sctx, options);
    if (early !== undefined) capi.SSL_CTX_set_max_early_data(pair.sctx, early);
    if (listens) recordRemovals(pair.sctx);
    const count = countNew(pair.sctx);
    exchange(pair);
    t.is(count.calls, calls);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), cached);
  });
}

for (const { name, version, isTls13 } of protocols) {
  test.serial(
    `C2: ${name}: a resumption makes ${isTls13 ? 'one new session, and the old one stays usable' : 'no new session'}`,
    (t) => {
      const pair = statefulPair(version);
      const { session } = exchange(pair);
      const count = countNew(pair.sctx);
      for (const time of [1, 2]) {
        t.true(exchange(pair, session).reused);
        t.is(count.calls, isTls13 ? time : 0);
        t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version) + (isTls13 ? time : 0));
      }
    },
  );
}

for (const tickets of [0, 1, 5]) {
  test.serial(
    `C3: TLS 1.3: ${tickets} tickets configured: ${tickets} after a full handshake, ${Math.min(1, tickets)} after a resumption`,
    (t) => {
      const pair = statefulPair(TLS1_3_VERSION);
      capi.SSL_CTX_set_num_tickets(pair.sctx, tickets);
      const count = countNew(pair.sctx);
      const { session } = exchange(pair);
      t.is(count.calls, tickets);
      if (tickets === 0) return;
      t.true(exchange(pair, session).reused);
      t.is(count.calls, tickets + 1);
    },
  );
}

test.serial('C3: SSL_new_session_ticket gives one more, also when none is configured', (t) => {
  const pair = statefulPair(TLS1_3_VERSION);
  capi.SSL_CTX_set_num_tickets(pair.sctx, 0);
  const count = countNew(pair.sctx);
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  t.is(capi.SSL_new_session_ticket(ssls.server), 0, 'not before the handshake');
  capi.ERR_clear_error();
  t.true(createSslConnection(ssls));
  t.is(capi.SSL_new_session_ticket(ssls.server), 1);
  t.is(count.calls, 0);
  t.is(capi.SSL_write(ssls.server, Buffer.from('x')), 1);
  t.is(count.calls, 1);
  t.is(capi.SSL_read(ssls.client, Buffer.alloc(1)), 1);
  shutdownSslConnection(ssls);
});

for (const { name, version, isTls13 } of protocols) {
  test.serial(
    `C4: ${name}: a client is told of sessions ${isTls13 ? 'with a later read' : 'in the handshake'}, and only with CACHE_CLIENT`,
    (t) => {
      const pair = createSslCtxPair(version, version);
      const count = countNew(pair.cctx);
      exchange(pair);
      t.is(count.calls, 0);
      capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT);
      const ssls = createSslObjects(pair.sctx, pair.cctx);
      for (let turn = 0; turn < 3; turn++) {
        capi.SSL_do_handshake(ssls.client);
        capi.SSL_do_handshake(ssls.server);
      }
      t.is(capi.SSL_is_init_finished(ssls.client), 1);
      t.is(count.calls, isTls13 ? 0 : 1);
      capi.SSL_read(ssls.client, Buffer.alloc(1));
      t.is(count.calls, isTls13 ? 2 : 1);
      shutdownSslConnection(ssls);
    },
  );
}

test.serial(
  'C4: TLS 1.3: with CACHE_CLIENT a session that was used is removed and marked; without, it can be used again',
  (t) => {
    const pair = createSslCtxPair(TLS1_3_VERSION, TLS1_3_VERSION);
    const { session } = exchange(pair);
    for (const _time of [1, 2]) t.true(exchange(pair, session).reused);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT);
    const removed = recordRemovals(pair.cctx);
    const cached = exchange(pair).session;
    t.true(exchange(pair, cached).reused);
    t.deepEqual(removed, [cached]);
    t.is(capi.SSL_SESSION_is_resumable(cached), 0);
    t.false(exchange(pair, cached).reused);
  },
);

test.serial("C4: the ID of a client's session with a ticket is the SHA-256 of the ticket", (t) => {
  for (const { version } of protocols) {
    const { session } = exchange(createSslCtxPair(version, version));
    const ticket = capi.SSL_SESSION_get0_ticket(session);
    t.truthy(ticket);
    const hash = createHash('sha256')
      .update(ticket ?? '')
      .digest();
    t.deepEqual(capi.SSL_SESSION_get_id(session), hash);
  }
});

for (const { name, version } of protocols) {
  test.serial(
    `C5: ${name}: a server that verifies clients and has no session ID context caches and reports nothing`,
    (t) => {
      const pair = statefulPair(version);
      const { session } = exchange(pair);
      const number = capi.SSL_CTX_sess_number(pair.sctx);
      capi.SSL_CTX_set_verify(pair.sctx, capi.SSL_VERIFY_PEER);
      const count = countNew(pair.sctx);
      exchange(pair);
      t.is(count.calls, 0);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), number);
      const error = t.throws(() => exchange(pair, session), undefined, 'resuming an older session is fatal');
      t.regex(error?.message ?? '', /session id context uninitialized/);
      capi.ERR_clear_error();
    },
  );

  test.serial(`C6: ${name}: with mode OFF the server still looks up: a session that was added resumes`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_OFF);
    t.true(exchange(pair, session).reused);
    let asked = 0;
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, () => {
      asked++;
      return null;
    });
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    t.false(exchange(pair, session).reused);
    t.true(asked > 0);
  });

  test.serial(`C7: ${name}: a miss is counted also when the get callback finds the session`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const sessions = capi.SSL_CTX_sessions(pair.sctx).map(copyOf);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    capi.SSL_CTX_sess_set_get_cb(
      pair.sctx,
      (_ssl, id) => sessions.find((one) => capi.SSL_SESSION_get_id(one).equals(id)) ?? null,
    );
    const misses = capi.SSL_CTX_sess_misses(pair.sctx);
    t.true(exchange(pair, session).reused);
    t.is(capi.SSL_CTX_sess_misses(pair.sctx), misses + 1);
    t.is(capi.SSL_CTX_sess_cb_hits(pair.sctx), 1);
    t.is(capi.SSL_CTX_sess_hits(pair.sctx), 1);
  });

  test.serial(
    `C8: ${name}: the get callback may give the same object each time: libssl gets a reference of its own`,
    (t) => {
      const pair = statefulPair(version);
      capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL);
      const kept: capi.SSL_SESSION[] = [];
      capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, one) => void kept.push(one));
      capi.SSL_CTX_sess_set_get_cb(
        pair.sctx,
        (_ssl, id) => kept.find((one) => capi.SSL_SESSION_get_id(one).equals(id)) ?? null,
      );
      const { session } = exchange(pair);
      for (const _time of [1, 2, 3]) t.true(exchange(pair, session).reused);
    },
  );

  test.serial(`C9: ${name}: with tickets the get callback is not called`, (t) => {
    const pair = createSslCtxPair(version, version);
    const { session } = exchange(pair);
    let asked = 0;
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, () => {
      asked++;
      return null;
    });
    t.true(exchange(pair, session).reused);
    t.is(asked, 0);
  });

  test.serial(
    `C9: ${name}: IDs of 16 bytes ${version === TLS1_3_VERSION ? 'never resume as stateful tickets' : 'resume'}`,
    (t) => {
      const pair = statefulPair(version);
      let next = 0;
      capi.SSL_CTX_set_generate_session_id(pair.sctx, () => Buffer.alloc(16, ++next));
      const { session } = exchange(pair);
      t.is(exchange(pair, session).reused, version === TLS1_2_VERSION);
    },
  );

  test.serial(
    `C10: ${name}: whatever the new callback returns, the session stays in the cache, and no reference is lost`,
    (t) => {
      for (const answer of [0, 1, undefined]) {
        const pair = statefulPair(version);
        capi.SSL_CTX_sess_set_new_cb(pair.sctx, () => answer);
        const { session } = exchange(pair);
        t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version));
        t.true(exchange(pair, session).reused);
      }
    },
  );
}

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
    t.deepEqual(removed, [early, late]);
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

test.serial(
  'C23: SSL_clear after a clean end keeps the session for the next connection; after an unclean one it does not',
  (t) => {
    for (const isClean of [true, false]) {
      const pair = statefulPair(TLS1_2_VERSION);
      const ssls = createSslObjects(pair.sctx, pair.cctx);
      t.true(createSslConnection(ssls));
      if (isClean) {
        capi.SSL_shutdown(ssls.client);
        capi.SSL_shutdown(ssls.server);
        capi.SSL_shutdown(ssls.client);
      }
      t.is(capi.SSL_clear(ssls.client), 1);
      const fresh = createSslObjects(pair.sctx, pair.cctx);
      capi.SSL_set_bio(ssls.client, capi.SSL_get_wbio(fresh.server), capi.SSL_get_rbio(fresh.server));
      t.true(createSslConnection({ server: fresh.server, client: ssls.client }));
      t.is(capi.SSL_session_reused(ssls.client), isClean ? 1 : 0);
      shutdownSslConnection({ server: fresh.server, client: ssls.client });
      capi.SSL_free(fresh.client);
      capi.SSL_free(ssls.server);
    }
  },
);

test.serial(
  'C24: from DER a timeout of 0 becomes 3 seconds; what is after the end is an error here; the peer chain is lost',
  (t) => {
    const session = makeSession({ id: 1, timeout: 0 });
    const der = capi.i2d_SSL_SESSION(session);
    if (der === null) return t.fail();
    const again = capi.d2i_SSL_SESSION(der);
    t.is(again && capi.SSL_SESSION_get_timeout(again), 3);
    t.is(capi.d2i_SSL_SESSION(Buffer.concat([der, Buffer.alloc(1)])), null);
    t.is(capi.ERR_GET_REASON(capi.ERR_get_error()), capi.SSL_R_LENGTH_MISMATCH);
  },
);

test.serial('C24: an unknown cipher makes d2i fail without an error in the queue', (t) => {
  const der = capi.i2d_SSL_SESSION(makeSession({ id: 1 }));
  if (der === null) return t.fail();
  // SEQUENCE, INTEGER 1, INTEGER version, OCTET STRING cipher.
  const at = der.indexOf(Buffer.from('0402', 'hex'));
  der.writeUInt16BE(0xfefe, at + 2);
  t.is(capi.d2i_SSL_SESSION(der), null);
  t.is(capi.ERR_peek_error(), 0);
});

test.serial('C25: application data that makes a ticket too large would kill the handshake: refused', (t) => {
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_SESSION_set1_ticket_appdata(session, Buffer.alloc(32_768)), 1);
  t.throws(() => capi.SSL_SESSION_set1_ticket_appdata(session, Buffer.alloc(70_000)), { code: 'ERR_OUT_OF_RANGE' });
  const pair = createSslCtxPair(TLS1_3_VERSION, TLS1_3_VERSION);
  capi.SSL_CTX_set_session_ticket_cb(
    pair.sctx,
    (ssl) => {
      const current = capi.SSL_get_session(ssl);
      return current === null ? 0 : capi.SSL_SESSION_set1_ticket_appdata(current, Buffer.alloc(32_768, 1));
    },
    null,
  );
  t.false(has(pair.sctx, session));
  t.notThrows(() => exchange(pair));
});

test.serial(
  'C26: a stateless TLS 1.3 ticket names a cached session: an unclean end takes it, but for a new ticket',
  (t) => {
    for (const tickets of [0, 1]) {
      const pair = createSslCtxPair(TLS1_3_VERSION, TLS1_3_VERSION);
      const removed = recordRemovals(pair.sctx);
      const { session } = exchange(pair);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), 2);
      capi.SSL_CTX_set_num_tickets(pair.sctx, tickets);
      const ssls = createSslObjects(pair.sctx, pair.cctx);
      capi.SSL_set_session(ssls.client, session);
      t.true(createSslConnection(ssls));
      t.is(capi.SSL_session_reused(ssls.server), 1);
      const own = capi.SSL_get_session(ssls.server);
      if (own === null) return t.fail();
      // From the ticket, not from the cache; the new ticket's is cached itself.
      t.is(has(pair.sctx, own), tickets === 1);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), 2 + tickets);
      t.not(capi.lh_SSL_SESSION_retrieve(pair.sctx, own), null);
      capi.SSL_free(ssls.server);
      t.deepEqual(removed, [own]);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), 1 + tickets);
      t.is(capi.lh_SSL_SESSION_retrieve(pair.sctx, own), null);
      capi.SSL_free(ssls.client);
    }
  },
);
