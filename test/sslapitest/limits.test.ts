// After test_session_timeout, test_session_cache_overflow, test_multi_resume and test_ticket_lifetime of OpenSSL's test/sslapitest.c.
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
import { makeSession } from '../helpers/session.ts';

test.afterEach(leavesNoErrors);

const versions = [
  ['TLS 1.2', capi.TLS1_2_VERSION],
  ['TLS 1.3', capi.TLS1_3_VERSION],
] as const;

test.serial('sslapitest: test_session_timeout', (t) => {
  const timeout = 10;
  const now = Math.floor(Date.now() / 1000);
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const [early, middle, late] = [makeSession({ id: 1 }), makeSession({ id: 2 }), makeSession({ id: 3 })];
  const all = [late, middle, early];
  for (const session of [early, middle, late]) t.is(capi.SSL_CTX_add_session(ctx, session), 1);
  for (const [session, time] of [
    [early, now - 10],
    [middle, now],
    [late, now + 10],
  ] as const) {
    capi.SSL_SESSION_set_time(session, time);
    t.is(capi.SSL_SESSION_set_timeout(session, timeout), 1);
  }
  sameObjects(t, capi.SSL_CTX_sessions(ctx), all);
  capi.SSL_CTX_flush_sessions(ctx, now + timeout - 1);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [late, middle]);
  capi.SSL_CTX_flush_sessions(ctx, now + timeout + 1);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [late]);
  capi.SSL_CTX_flush_sessions(ctx, now + timeout + 11);
  t.deepEqual(capi.SSL_CTX_sessions(ctx), []);
  for (const session of all) t.is(capi.SSL_CTX_add_session(ctx, session), 1);
  capi.SSL_CTX_flush_sessions(ctx, 0);
  t.deepEqual(capi.SSL_CTX_sessions(ctx), []);

  capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_UPDATE_TIME | capi.SSL_CTX_get_session_cache_mode(ctx));
  capi.SSL_SESSION_set_time(early, now - 10);
  t.is(capi.SSL_CTX_add_session(ctx, early), 1);
  t.not(capi.SSL_SESSION_get_time(early), now - 10);
});

for (const [protocol, version] of versions) {
  for (const isLong of [false, true]) {
    test.serial(`sslapitest: test_session_cache_overflow, ${protocol}${isLong ? ', the longest timeout' : ''}`, (t) => {
      const { sctx, cctx } = createSslCtxPair(version, version);
      capi.SSL_CTX_set_options(sctx, capi.SSL_OP_NO_TICKET);
      let answer: capi.SSL_SESSION | null = null;
      capi.SSL_CTX_sess_set_get_cb(sctx, (_ssl, id) =>
        answer !== null && capi.SSL_SESSION_get_id(answer).equals(id) ? answer : null,
      );
      capi.SSL_CTX_sess_set_cache_size(sctx, 1);
      const first = createSslObjects(sctx, cctx);
      t.true(createSslConnection(first));
      const cached = capi.SSL_get_session(first.server);
      // C sets LONG_MAX, whose sum overflows; 2^31 - 1 is the longest that is taken here.
      if (isLong && cached !== null) capi.SSL_SESSION_set_timeout(cached, 2 ** 31 - 1);
      shutdownSslConnection(first);

      const second = createSslObjects(sctx, cctx);
      t.true(createSslConnection(second));
      answer = capi.SSL_get_session(second.server);
      t.truthy(answer);
      const session = capi.SSL_get1_session(second.client);
      shutdownSslConnection(second);

      // The session may have been evicted from the cache: the external cache gives it back, and adding it evicts another.
      const third = createSslObjects(sctx, cctx);
      capi.SSL_set_session(third.client, session);
      t.true(createSslConnection(third));
      t.is(capi.SSL_session_reused(third.server), 1);
      t.is(capi.SSL_CTX_sess_number(sctx), 1);
      shutdownSslConnection(third);
    });
  }
}

const resumes = [
  { title: 'early data', version: capi.TLS1_3_VERSION, early: true, options: 0 },
  { title: 'stateful', version: capi.TLS1_3_VERSION, early: false, options: capi.SSL_OP_NO_TICKET },
  { title: 'early data, stateful', version: capi.TLS1_3_VERSION, early: true, options: capi.SSL_OP_NO_TICKET },
  { title: 'TLS 1.2', version: capi.TLS1_2_VERSION, early: false, options: 0 },
];

for (const { title, version, early, options } of resumes) {
  test.serial(`sslapitest: test_multi_resume, ${title}: the cache never grows beyond its size (CVE-2024-2511)`, (t) => {
    const { sctx, cctx } = createSslCtxPair(capi.TLS1_VERSION, version);
    if (early) capi.SSL_CTX_set_max_early_data(sctx, 1024);
    capi.SSL_CTX_set_options(sctx, options);
    capi.SSL_CTX_sess_set_cache_size(sctx, 5);
    let session: capi.SSL_SESSION | null = null;
    for (let i = 0; i < 30; i++) {
      const ssls = createSslObjects(sctx, cctx);
      capi.SSL_set_session(ssls.client, session);
      const isSwitchedOff = early && i % 3 === 2;
      if (isSwitchedOff) capi.SSL_set_max_early_data(ssls.server, 0);
      t.true(createSslConnection(ssls));
      // Without early data this connection takes only stateless tickets; the session came from a stateful one.
      const resumed = session !== null && !(isSwitchedOff && options === 0);
      t.is(capi.SSL_session_reused(ssls.client), resumed ? 1 : 0);
      session = i % 3 === 2 ? null : capi.SSL_get1_session(ssls.client);
      shutdownSslConnection(ssls);
      t.true(capi.SSL_CTX_sess_number(sctx) <= 5);
    }
  });
}

for (const [protocol, version] of versions) {
  test.serial(`sslapitest: test_ticket_lifetime, ${protocol}`, (t) => {
    const week = 7 * 24 * 3600;
    for (const timeout of [week - 1, week, week + 1, 2 * week]) {
      const pair = createSslCtxPair(version, version);
      capi.SSL_CTX_set_timeout(pair.sctx, timeout);
      const { session } = exchange(pair);
      const expected = version === capi.TLS1_3_VERSION ? Math.min(timeout, week) : timeout;
      t.is(capi.SSL_SESSION_get_ticket_lifetime_hint(session), expected);
    }
  });
}
