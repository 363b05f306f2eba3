// SSL_CTX_remove_session(3), which is on the page of SSL_CTX_add_session(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import { emptyContext, has, protocols, recordRemovals, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

test.serial('removes the session from the context', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1 });
  const other = makeSession({ id: 2 });
  capi.SSL_CTX_add_session(ctx, session);
  capi.SSL_CTX_add_session(ctx, other);
  t.is(capi.SSL_CTX_remove_session(ctx, session), 1);
  t.false(has(ctx, session));
  t.true(has(ctx, other));
});

test.serial('marks the session as not resumable', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, session);
  t.is(capi.SSL_SESSION_is_resumable(session), 1);
  capi.SSL_CTX_remove_session(ctx, session);
  t.is(capi.SSL_SESSION_is_resumable(session), 0);
});

test.serial('calls SSL_SESSION_free once: the reference count goes down by one', (t) => {
  const ctx = emptyContext();
  const before = capi.debug.live().SSL_SESSION;
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, session);
  capi.SSL_CTX_remove_session(ctx, session);
  t.is(capi.debug.live().SSL_SESSION, before + 1, 'the reference of the handle is left');
  t.is(capi.SSL_SESSION_get_id(session).length, 32);
  capi.SSL_SESSION_free(session);
  t.is(capi.debug.live().SSL_SESSION, before);
});

test.serial('frees nothing when the session was not in the cache, where the page says that it does', (t) => {
  const ctx = emptyContext();
  const before = capi.debug.live().SSL_SESSION;
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_CTX_remove_session(ctx, session), 0);
  t.is(capi.debug.live().SSL_SESSION, before + 1);
  capi.SSL_SESSION_free(session);
  t.is(capi.debug.live().SSL_SESSION, before);
});

test.serial('returns 0 when the session was not found, 1 when it was', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_CTX_remove_session(ctx, session), 0);
  capi.SSL_CTX_add_session(ctx, session);
  t.is(capi.SSL_CTX_remove_session(ctx, session), 1);
  t.is(capi.SSL_CTX_remove_session(ctx, session), 0);
  t.is(capi.SSL_CTX_remove_session(ctx, null), 0);
});

test.serial('tells the remove callback, with the context and the session', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1 });
  const calls: unknown[][] = [];
  capi.SSL_CTX_sess_set_remove_cb(ctx, (...given) => void calls.push(given));
  capi.SSL_CTX_add_session(ctx, session);
  capi.SSL_CTX_remove_session(ctx, session);
  t.is(calls.length, 1);
  t.is(calls[0]?.[0], ctx);
  t.is(calls[0]?.[1], session);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: a session that was removed resumes no more`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const again = exchange(pair, session);
    t.true(again.reused);
    const removed = recordRemovals(pair.sctx);
    const all = capi.SSL_CTX_sessions(pair.sctx);
    for (const one of all) t.is(capi.SSL_CTX_remove_session(pair.sctx, one), 1);
    sameObjects(t, removed, all);
    t.false(exchange(pair, session).reused);
  });
}
