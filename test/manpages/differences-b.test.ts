// Size, eviction, order, expiry and flushing: where the man pages are wrong or silent. docs/differences.md has the same tags.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslCtxPair, exchange } from '../helpers/pair.ts';
import { asRemoved } from '../helpers/removal-order.ts';
import { sameObjects } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import { emptyContext, isAtLeast35, now, protocols, recordRemovals, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

function fill(ctx: capi.SSL_CTX, count: number): capi.SSL_SESSION[] {
  return Array.from({ length: count }, (_, id) => {
    const session = makeSession({ id: id + 1, time: 1000, timeout: 100 + id });
    capi.SSL_CTX_add_session(ctx, session);
    return session;
  });
}

test.serial('B1: a cache holds one session less than its size says; of size 1, one; of size 0, all', (t) => {
  for (const [size, holds] of [
    [1, 1],
    [2, 1],
    [3, 2],
    [10, 9],
    [100, 99],
    [0, 300],
  ] as const) {
    const ctx = emptyContext();
    capi.SSL_CTX_sess_set_cache_size(ctx, size);
    fill(ctx, 300);
    t.is(capi.SSL_CTX_sess_number(ctx), holds, `size ${size}`);
    t.is(capi.SSL_CTX_sess_cache_full(ctx), 300 - holds);
  }
});

test.serial('B2: a smaller size evicts nothing before the next addition', (t) => {
  const ctx = emptyContext();
  fill(ctx, 10);
  capi.SSL_CTX_sess_set_cache_size(ctx, 3);
  t.is(capi.SSL_CTX_sess_number(ctx), 10);
  capi.SSL_CTX_add_session(ctx, makeSession({ id: 99, time: 1000, timeout: 1000 }));
  t.is(capi.SSL_CTX_sess_number(ctx), 2);
});

test.serial(
  'B2: the session that expires first is evicted, of equals the one that was added first, never the new one',
  (t) => {
    const ctx = emptyContext();
    capi.SSL_CTX_sess_set_cache_size(ctx, 3);
    const removed = recordRemovals(ctx);
    const late = makeSession({ id: 1, time: 1000, timeout: 50 });
    const firstEarly = makeSession({ id: 2, time: 1000, timeout: 10 });
    const secondEarly = makeSession({ id: 3, time: 1000, timeout: 10 });
    const earliest = makeSession({ id: 4, time: 1000, timeout: 1 });
    capi.SSL_CTX_add_session(ctx, firstEarly);
    capi.SSL_CTX_add_session(ctx, secondEarly);
    capi.SSL_CTX_add_session(ctx, late);
    sameObjects(t, removed, [firstEarly]);
    capi.SSL_CTX_add_session(ctx, earliest);
    sameObjects(t, removed, [firstEarly, secondEarly]);
    t.is(capi.SSL_SESSION_is_resumable(firstEarly), 0, 'evicted sessions are marked');
    sameObjects(t, capi.SSL_CTX_sessions(ctx), [late, earliest]);
  },
);

test.serial('B3: the cache is ordered by expiry, and setting time or timeout of a cached session moves it', (t) => {
  const ctx = emptyContext();
  const [a, b, c] = fill(ctx, 3);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [c, b, a]);
  if (a === undefined) return t.fail();
  capi.SSL_SESSION_set_timeout(a, 1000);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [a, c, b]);
  capi.SSL_SESSION_set_time(a, 1);
  capi.SSL_SESSION_set_timeout(a, 0);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [c, b, a]);
  const removed = recordRemovals(ctx);
  capi.SSL_CTX_flush_sessions(ctx, 0);
  sameObjects(t, removed, asRemoved([a, b, c]));
});

test.serial(
  'B4: flushing at the very second of the expiry keeps the session; one later removes it; the earliest go first',
  (t) => {
    const ctx = emptyContext();
    const removed = recordRemovals(ctx);
    const [a, b] = fill(ctx, 3);
    capi.SSL_CTX_flush_sessions(ctx, 1100);
    t.is(capi.SSL_CTX_sess_number(ctx), 3);
    capi.SSL_CTX_flush_sessions(ctx, 1102);
    sameObjects(t, removed, asRemoved([a, b]));
    t.is(a && capi.SSL_SESSION_is_resumable(a), 0);
    capi.SSL_CTX_flush_sessions(ctx, 0);
    t.is(capi.SSL_CTX_sess_number(ctx), 0);
  },
);

test.serial('B5: flushing at -1 removes nothing in 3.0 and everything in 3.5: refused', (t) => {
  const ctx = emptyContext();
  fill(ctx, 3);
  t.throws(() => capi.SSL_CTX_flush_sessions(ctx, -1), { code: 'ERR_OUT_OF_RANGE' });
  t.is(capi.SSL_CTX_sess_number(ctx), 3);
  capi.SSL_CTX_flush_sessions(ctx, 2 ** 34 - 1);
  t.is(capi.SSL_CTX_sess_number(ctx), 0);
});

test.serial('B6: times are whole seconds after SSL_SESSION_set_time, also past 2038', (t) => {
  const session = makeSession({ id: 1 });
  for (const time of [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 33]) {
    t.is(capi.SSL_SESSION_set_time(session, time), time);
    t.is(capi.SSL_SESSION_get_time(session), time);
  }
});

for (const { name, version } of protocols) {
  test.serial(`B7: ${name}: with UPDATE_TIME an internal hit does not refresh the time (the page: it does)`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_UPDATE_TIME);
    const { session } = exchange(pair);
    const cached = capi.SSL_CTX_sessions(pair.sctx);
    const old = now() - 100;
    for (const one of cached) capi.SSL_SESSION_set_time(one, old);
    t.true(exchange(pair, session).reused);
    t.deepEqual(
      cached.map(capi.SSL_SESSION_get_time),
      cached.map(() => old),
    );
  });
}

test.serial(
  'B8: UPDATE_TIME on a re-add sorts the cache anew in 3.0; in 3.5.7 it does not, and a flush stops early',
  (t) => {
    const ctx = emptyContext();
    capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_UPDATE_TIME);
    const a = makeSession({ id: 1, timeout: 1000 });
    const b = makeSession({ id: 2, timeout: 1000 });
    capi.SSL_CTX_add_session(ctx, a);
    capi.SSL_CTX_add_session(ctx, b);
    for (const session of [a, b]) capi.SSL_SESSION_set_time(session, 1000);
    t.is(capi.SSL_CTX_add_session(ctx, a), 0);
    capi.SSL_CTX_flush_sessions(ctx, now());
    const keepsExpired = capi.SSL_CTX_sessions(ctx).includes(b);
    t.is(keepsExpired, capi.OpenSSL_version_num() >= 0x30500070, 'b has expired');
  },
);

test.serial(
  'B9: a context timeout of 0 stands for 7200 seconds; negative ones are -1 in 3.0 and centuries in 3.5: refused',
  (t) => {
    const pair = createSslCtxPair(capi.TLS1_2_VERSION, capi.TLS1_2_VERSION);
    t.is(capi.SSL_CTX_set_timeout(pair.sctx, 0), 7200);
    capi.SSL_CTX_set_options(pair.sctx, capi.SSL_OP_NO_TICKET);
    exchange(pair);
    t.deepEqual(capi.SSL_CTX_sessions(pair.sctx).map(capi.SSL_SESSION_get_timeout), [7200]);
    t.throws(() => capi.SSL_CTX_set_timeout(pair.sctx, -1), { code: 'ERR_OUT_OF_RANGE' });
    t.throws(() => capi.SSL_CTX_set_timeout(pair.sctx, 20_000_000_000), { code: 'ERR_OUT_OF_RANGE' });
    t.throws(() => capi.SSL_SESSION_set_timeout(makeSession({ id: 1 }), -1), { code: 'ERR_OUT_OF_RANGE' });
    t.throws(() => capi.SSL_SESSION_set_time(makeSession({ id: 1 }), -1), { code: 'ERR_OUT_OF_RANGE' });
  },
);

test.serial('B10: the lifetime hint of a ticket: in TLS 1.3 at most seven days, in TLS 1.2 what was set', (t) => {
  for (const { version, isTls13 } of protocols) {
    const pair = createSslCtxPair(version, version);
    capi.SSL_CTX_set_timeout(pair.sctx, 1_000_000);
    const { session } = exchange(pair);
    t.is(capi.SSL_SESSION_get_ticket_lifetime_hint(session), isTls13 ? 604_800 : 1_000_000);
    t.is(capi.SSL_SESSION_get_timeout(session), 7200, "the client's timeout is its own context's");
  }
});

for (const { name, version, isTls13 } of protocols) {
  test.serial(
    `B11: ${name}: an expired session is counted and not resumed; only TLS 1.2 takes it out of the cache`,
    (t) => {
      const pair = statefulPair(version);
      const { session } = exchange(pair);
      const cached = capi.SSL_CTX_sessions(pair.sctx);
      for (const one of cached) capi.SSL_SESSION_set_time(one, now() - 10_000);
      const removed = recordRemovals(pair.sctx);
      t.false(exchange(pair, session).reused);
      t.is(capi.SSL_CTX_sess_timeouts(pair.sctx), 1);
      const left = capi.SSL_CTX_sessions(pair.sctx);
      t.deepEqual(
        cached.map((one) => left.includes(one)),
        cached.map(() => isTls13),
      );
      sameObjects(t, removed, isTls13 ? [] : cached);
    },
  );
}

test.serial('B12: the automatic flush: with TLS 1.2 tickets never, without tickets in TLS 1.3 never', (t) => {
  for (const { version, isTls13 } of protocols) {
    const pair = createSslCtxPair(version, version);
    if (isTls13) capi.SSL_CTX_set_num_tickets(pair.sctx, 0);
    const expired = makeSession({ id: 1, version, time: now() - 1000, timeout: 10 });
    capi.SSL_CTX_add_session(pair.sctx, expired);
    for (let handshake = 0; handshake < 260; handshake++) exchange(pair);
    t.true(capi.SSL_CTX_sessions(pair.sctx).includes(expired));
  }
});

test.serial('B12: the automatic flush of a client: at 256 in TLS 1.2, at 255 in TLS 1.3', (t) => {
  for (const { version, isTls13 } of protocols) {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT);
    const expired = makeSession({ id: 1, version, time: now() - 1000, timeout: 10 });
    capi.SSL_CTX_add_session(pair.cctx, expired);
    let handshakes = 0;
    while (capi.SSL_CTX_sessions(pair.cctx).includes(expired) && handshakes < 300) {
      exchange(pair);
      handshakes++;
    }
    t.is(handshakes, isTls13 ? 255 : 256);
  }
  t.pass(isAtLeast35 ? 'the same in 3.5' : 'the same in 3.0');
});

test.serial('B13: SSL_SESSION_set_time returns the time that was set (the page: 1)', (t) => {
  const session = makeSession({ id: 1 });
  for (const time of [0, 1000, 2 ** 33]) t.is(capi.SSL_SESSION_set_time(session, time), time);
});
