// What gets cached, and whom libssl asks and tells: where the man pages are wrong or silent. docs/differences.md has the same tags.
import { createHash } from 'node:crypto';
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
import { sameObjects } from '../helpers/same.ts';
import { copyOf } from '../helpers/session.ts';
import { countNew, protocols, recordRemovals, sessionsOf, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

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
    sameObjects(t, removed, [cached]);
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
