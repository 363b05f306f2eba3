// SSL_CTX_add_session(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { copyOf, makeSession } from '../helpers/session.ts';
import { emptyContext, has, protocols, recordRemovals, sessionsOf, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

test.serial('adds the session to the context', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_CTX_add_session(ctx, session), 1);
  t.is(capi.SSL_CTX_sess_number(ctx), 1);
  t.true(has(ctx, session));
});

test.serial(
  'increments the reference count by one: the session outlives its other reference, until the cache gives it up',
  (t) => {
    const ctx = emptyContext();
    const before = capi.debug.live().SSL_SESSION;
    const session = makeSession({ id: 1 });
    t.is(capi.debug.live().SSL_SESSION, before + 1);
    capi.SSL_CTX_add_session(ctx, session);
    capi.SSL_SESSION_free(session);
    t.is(capi.debug.live().SSL_SESSION, before + 1, 'the reference of the cache keeps it alive');
    capi.SSL_CTX_flush_sessions(ctx, 0);
    t.is(capi.debug.live().SSL_SESSION, before, 'and it was one reference, not two');
  },
);

test.serial('a session with the same ID is removed by SSL_SESSION_free: the cache gives its reference back', (t) => {
  const ctx = emptyContext();
  const before = capi.debug.live().SSL_SESSION;
  const first = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, first);
  capi.SSL_SESSION_free(first);
  const second = makeSession({ id: 1 });
  t.is(capi.debug.live().SSL_SESSION, before + 2);
  t.is(capi.SSL_CTX_add_session(ctx, second), 1);
  t.is(capi.debug.live().SSL_SESSION, before + 1, 'the first is gone');
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [second]);
});

test.serial('the same session in another object replaces the old one, which stays valid for whoever holds it', (t) => {
  const ctx = emptyContext();
  const first = makeSession({ id: 1, timeout: 10 });
  const second = copyOf(first);
  capi.SSL_CTX_add_session(ctx, first);
  t.is(capi.SSL_CTX_add_session(ctx, second), 1);
  t.is(capi.SSL_CTX_sess_number(ctx), 1);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [second]);
  t.is(capi.SSL_SESSION_get_timeout(first), 10);
});

test.serial('an identical object is a no-op, and the return value is 0', (t) => {
  const ctx = emptyContext();
  const before = capi.debug.live().SSL_SESSION;
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_CTX_add_session(ctx, session), 1);
  t.is(capi.SSL_CTX_add_session(ctx, session), 0);
  t.is(capi.SSL_CTX_sess_number(ctx), 1);
  capi.SSL_SESSION_free(session);
  capi.SSL_CTX_flush_sessions(ctx, 0);
  t.is(capi.debug.live().SSL_SESSION, before, 'no reference was left behind');
});

test.serial('identity is that of the C object: a handle found in the cache is the one that was added', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, session);
  const [found] = capi.SSL_CTX_sessions(ctx);
  t.is(found, session);
  t.is(found && capi.SSL_CTX_add_session(ctx, found), 0);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: with SSL_SESS_CACHE_NO_INTERNAL_STORE handshakes do not fill the cache`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL_STORE);
    const { session } = exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
    t.false(exchange(pair, session).reused);
  });

  test.serial(
    `${name}: the cache is searched all the same, so that the application decides what can be resumed`,
    (t) => {
      const pair = statefulPair(version);
      const mode = capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL_STORE;
      capi.SSL_CTX_set_session_cache_mode(pair.sctx, mode);
      const made: capi.SSL_SESSION[] = [];
      capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, session) => void made.push(session));
      const { session } = exchange(pair);
      t.is(made.length, sessionsOf(version));
      for (const one of made) t.is(capi.SSL_CTX_add_session(pair.sctx, one), 1);
      t.true(exchange(pair, session).reused);
      for (const one of made) capi.SSL_CTX_remove_session(pair.sctx, one);
      t.false(exchange(pair, session).reused);
    },
  );

  test.serial(`${name}: SSL_SESS_CACHE_NO_INTERNAL_LOOKUP suppresses the search of what was added`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version));
    capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL_LOOKUP);
    t.false(exchange(pair, session).reused);
  });
}

test.serial('returns 1 on success, 0 for the same object twice, and tells the remove callback of neither', (t) => {
  const ctx = emptyContext();
  const removed = recordRemovals(ctx);
  const session = makeSession({ id: 1 });
  t.deepEqual([capi.SSL_CTX_add_session(ctx, session), capi.SSL_CTX_add_session(ctx, session)], [1, 0]);
  t.is(capi.SSL_CTX_add_session(ctx, copyOf(session)), 1);
  t.deepEqual(removed, []);
});
