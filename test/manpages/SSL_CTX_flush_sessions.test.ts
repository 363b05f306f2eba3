// SSL_CTX_flush_sessions(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { asRemoved } from '../helpers/removal-order.ts';
import { sameObjects } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import { emptyContext, externalCache, now, protocols, recordRemovals, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

/** Sessions that expire at 1010, 1020 and 1030, in a context. */
function threeSessions(): { ctx: capi.SSL_CTX; sessions: capi.SSL_SESSION[] } {
  const ctx = emptyContext();
  const sessions = [10, 20, 30].map((timeout) => makeSession({ id: timeout, time: 1000, timeout }));
  for (const session of sessions) capi.SSL_CTX_add_session(ctx, session);
  return { ctx, sessions };
}

test.serial('removes the sessions that have expired at the given time, and no others', (t) => {
  const { ctx, sessions } = threeSessions();
  const [, , last] = sessions;
  capi.SSL_CTX_flush_sessions(ctx, 1000);
  t.is(capi.SSL_CTX_sess_number(ctx), 3);
  capi.SSL_CTX_flush_sessions(ctx, 1025);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [last]);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: an expired session is not reused, whether it has been removed or not`, (t) => {
    for (const isFlushed of [false, true]) {
      const pair = statefulPair(version);
      const { session } = exchange(pair);
      for (const one of capi.SSL_CTX_sessions(pair.sctx)) capi.SSL_SESSION_set_time(one, now() - 8000);
      if (isFlushed) capi.SSL_CTX_flush_sessions(pair.sctx, now());
      t.is(capi.SSL_CTX_sess_number(pair.sctx) === 0, isFlushed);
      t.false(exchange(pair, session).reused);
    }
  });
}

test.serial('the time is that of the test, not of the clock: a later one removes what is still good', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1, time: now(), timeout: 1000 });
  capi.SSL_CTX_add_session(ctx, session);
  capi.SSL_CTX_flush_sessions(ctx, now());
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [session]);
  capi.SSL_CTX_flush_sessions(ctx, now() + 1002);
  t.deepEqual(capi.SSL_CTX_sessions(ctx), []);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: only the internal cache is looked at: what the external one has still resumes`, (t) => {
    const pair = statefulPair(version);
    const cache = externalCache(pair.sctx);
    const { session } = exchange(pair);
    const stored = cache.sessions.size;
    capi.SSL_CTX_flush_sessions(pair.sctx, now() + 8000);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
    t.is(cache.sessions.size, stored);
    t.true(exchange(pair, session).reused);
  });
}

test.serial('the remove callback is called for each session that is found and removed', (t) => {
  const { ctx, sessions } = threeSessions();
  const removed = recordRemovals(ctx);
  capi.SSL_CTX_flush_sessions(ctx, 1025);
  sameObjects(t, removed, asRemoved(sessions.slice(0, 2)));
  capi.SSL_CTX_flush_sessions(ctx, 1025);
  t.is(removed.length, 2);
  capi.SSL_CTX_flush_sessions(ctx, 1035);
  sameObjects(t, removed, [...asRemoved(sessions.slice(0, 2)), sessions[2]]);
});

test.serial('returns nothing', (t) => {
  t.is(capi.SSL_CTX_flush_sessions(emptyContext(), now()), undefined);
});

test.serial('SSL_CTX_flush_sessions_ex does the same, past 2038 too, where libssl has it', (t) => {
  const flush = capi.SSL_CTX_flush_sessions_ex;
  t.is(flush !== undefined, capi.OpenSSL_version_num() >= 0x30400000);
  for (const remove of [capi.SSL_CTX_flush_sessions, flush ?? capi.SSL_CTX_flush_sessions]) {
    const ctx = emptyContext();
    const session = makeSession({ id: 1, time: 2 ** 32, timeout: 100 });
    capi.SSL_CTX_add_session(ctx, session);
    remove(ctx, 2 ** 32 + 99);
    sameObjects(t, capi.SSL_CTX_sessions(ctx), [session]);
    remove(ctx, 2 ** 32 + 102);
    t.deepEqual(capi.SSL_CTX_sessions(ctx), []);
  }
});
