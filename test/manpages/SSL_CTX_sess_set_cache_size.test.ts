// SSL_CTX_sess_set_cache_size(3) and SSL_CTX_sess_get_cache_size(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { asRemoved } from '../helpers/removal-order.ts';
import { sameMembers, sameObjects } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import { emptyContext, now, protocols, recordRemovals, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

/** Adds sessions with these IDs, which have not expired. */
function add(ctx: capi.SSL_CTX, ...ids: number[]): capi.SSL_SESSION[] {
  const sessions = ids.map((id) => makeSession({ id, timeout: 1000 + id }));
  for (const session of sessions) capi.SSL_CTX_add_session(ctx, session);
  return sessions;
}

for (const { name, version } of protocols) {
  test.serial(`${name}: sets the size of the internal cache, which handshakes do not exceed`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_sess_set_cache_size(pair.sctx, 5);
    for (let count = 0; count < 10; count++) exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), 4);
  });
}

test.serial('SSL_CTX_sess_get_cache_size returns the size of now', (t) => {
  const ctx = emptyContext();
  for (const size of [1, 100, 0]) {
    capi.SSL_CTX_sess_set_cache_size(ctx, size);
    t.is(capi.SSL_CTX_sess_get_cache_size(ctx), size);
  }
});

test.serial('the default is SSL_SESSION_CACHE_MAX_SIZE_DEFAULT, 1024*20', (t) => {
  t.is(capi.SSL_SESSION_CACHE_MAX_SIZE_DEFAULT, 1024 * 20);
  t.is(capi.SSL_CTX_sess_get_cache_size(emptyContext()), capi.SSL_SESSION_CACHE_MAX_SIZE_DEFAULT);
});

test.serial('with the default 20000 sessions can be held', (t) => {
  const ctx = emptyContext();
  for (let id = 1; id <= 20_000; id++) capi.SSL_CTX_add_session(ctx, makeSession({ id, time: 1000, timeout: id }));
  t.is(capi.SSL_CTX_sess_number(ctx), 20_000);
  t.is(capi.SSL_CTX_sess_cache_full(ctx), 0);
});

test.serial('0 is for unlimited size', (t) => {
  const ctx = emptyContext();
  capi.SSL_CTX_sess_set_cache_size(ctx, 0);
  for (let id = 1; id <= 21_000; id++) capi.SSL_CTX_add_session(ctx, makeSession({ id, time: 1000, timeout: id }));
  t.is(capi.SSL_CTX_sess_number(ctx), 21_000);
});

test.serial('when an addition makes the cache exceed its size, sessions are dropped from its end', (t) => {
  const ctx = emptyContext();
  capi.SSL_CTX_sess_set_cache_size(ctx, 4);
  const sessions = add(ctx, 3, 2, 1);
  const end = capi.SSL_CTX_sessions(ctx).at(-1);
  const [added] = add(ctx, 9);
  t.is(end, sessions[2], 'the end is where the session is that expires first');
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [added, sessions[0], sessions[1]]);
});

test.serial('SSL_CTX_flush_sessions reclaims the space of expired sessions', (t) => {
  const ctx = emptyContext();
  capi.SSL_CTX_sess_set_cache_size(ctx, 4);
  const good = add(ctx, 1, 2);
  capi.SSL_CTX_add_session(ctx, makeSession({ id: 3, time: 1000, timeout: 10 }));
  const removed = recordRemovals(ctx);
  capi.SSL_CTX_flush_sessions(ctx, now());
  t.is(removed.length, 1);
  const more = add(ctx, 4);
  t.is(removed.length, 1, 'nothing had to go for it');
  sameMembers(t, capi.SSL_CTX_sessions(ctx), [...good, ...more]);
});

test.serial('a smaller size removes sessions whether they have expired or not', (t) => {
  const ctx = emptyContext();
  const sessions = add(ctx, 1, 2, 3, 4);
  capi.SSL_CTX_sess_set_cache_size(ctx, 3);
  const removed = recordRemovals(ctx);
  capi.SSL_CTX_flush_sessions(ctx, now());
  t.deepEqual(removed, [], 'none has expired');
  add(ctx, 5);
  sameObjects(t, removed, asRemoved(sessions.slice(0, 3)));
});

test.serial('SSL_CTX_sess_set_cache_size returns the size before', (t) => {
  const ctx = emptyContext();
  t.is(capi.SSL_CTX_sess_set_cache_size(ctx, 5), 20_480);
  t.is(capi.SSL_CTX_sess_set_cache_size(ctx, 0), 5);
  t.is(capi.SSL_CTX_sess_set_cache_size(ctx, 1), 0);
});
