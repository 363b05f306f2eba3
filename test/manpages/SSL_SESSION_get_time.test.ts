// SSL_SESSION_get_time(3): the time and timeout of a session, in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { emptyContext, now, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_SESSION_get_time: when the session was established, in seconds since the epoch`, (t) => {
    const pair = statefulPair(version);
    const before = now();
    const { session } = exchange(pair);
    const after = now();
    for (const one of [session, ...capi.SSL_CTX_sessions(pair.sctx)]) {
      const time = capi.SSL_SESSION_get_time(one);
      // libssl may ask a coarser clock, which is a few milliseconds late.
      t.true(before - 1 <= time && time <= after);
    }
  });
}

test.serial('SSL_SESSION_set_time replaces it by the chosen value', (t) => {
  const session = makeSession({ id: 1 });
  for (const time of [1000, 0, 2 ** 33]) {
    capi.SSL_SESSION_set_time(session, time);
    t.is(capi.SSL_SESSION_get_time(session), time);
  }
});

test.serial('SSL_SESSION_set_timeout sets the timeout in seconds, SSL_SESSION_get_timeout returns it', (t) => {
  const session = makeSession({ id: 1 });
  for (const timeout of [0, 1, 2 ** 31 - 1]) {
    capi.SSL_SESSION_set_timeout(session, timeout);
    t.is(capi.SSL_SESSION_get_timeout(session), timeout);
  }
});

test.serial('both together are when a session expires', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1, time: 1000, timeout: 10 });
  capi.SSL_CTX_add_session(ctx, session);
  capi.SSL_CTX_flush_sessions(ctx, 1009);
  t.is(capi.SSL_CTX_sess_number(ctx), 1);
  capi.SSL_CTX_flush_sessions(ctx, 1012);
  t.is(capi.SSL_CTX_sess_number(ctx), 0);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: a new session has the time of now and the timeout of its context`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_timeout(pair.sctx, 77);
    const before = now();
    exchange(pair);
    for (const session of capi.SSL_CTX_sessions(pair.sctx)) {
      t.true(capi.SSL_SESSION_get_time(session) >= before - 1);
      t.is(capi.SSL_SESSION_get_timeout(session), 77);
    }
  });

  test.serial(`${name}: with them the lifetime of a session can be shortened and extended`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const cached = capi.SSL_CTX_sessions(pair.sctx);
    for (const one of cached) capi.SSL_SESSION_set_time(one, now() - 7300);
    for (const one of cached) capi.SSL_SESSION_set_timeout(one, 8000);
    t.true(exchange(pair, session).reused, 'extended');
    for (const one of cached) capi.SSL_SESSION_set_timeout(one, 100);
    t.false(exchange(pair, session).reused, 'shortened');
  });
}

test.serial('SSL_SESSION_set_timeout returns 1', (t) => {
  t.is(capi.SSL_SESSION_set_timeout(makeSession({ id: 1 }), 60), 1);
});

test.serial('where the page says 0 for NULL, null is refused', (t) => {
  const { SSL_SESSION_get_time, SSL_SESSION_set_time, SSL_SESSION_get_timeout, SSL_SESSION_set_timeout } = capi;
  for (const call of [SSL_SESSION_get_time, SSL_SESSION_set_time, SSL_SESSION_get_timeout, SSL_SESSION_set_timeout]) {
    t.throws(() => Reflect.apply(call, undefined, [null, 1]), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

test.serial('SSL_SESSION_get_time_ex and SSL_SESSION_set_time_ex do the same, where libssl has them', (t) => {
  const { SSL_SESSION_get_time_ex: get, SSL_SESSION_set_time_ex: set } = capi;
  const isThere = capi.OpenSSL_version_num() >= 0x30300000;
  t.deepEqual([get !== undefined, set !== undefined], [isThere, isThere]);
  const session = makeSession({ id: 1, time: 1000 });
  t.is(set?.(session, 2 ** 33) ?? 2 ** 33, 2 ** 33);
  t.is(get?.(session) ?? 2 ** 33, 2 ** 33);
  t.is(capi.SSL_SESSION_get_time(session), isThere ? 2 ** 33 : 1000);
});
