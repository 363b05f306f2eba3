// SSL_SESSION_free(3): new, dup, up_ref and free, in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { copyOf, makeSession } from '../helpers/session.ts';
import { connect, emptyContext, has, protocols, sessionsOf, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

function live(): number {
  return capi.debug.live().SSL_SESSION;
}

test.serial('SSL_SESSION_new makes a new session', (t) => {
  const before = live();
  const [one, other] = [capi.SSL_SESSION_new(), capi.SSL_SESSION_new()];
  t.is(live(), before + 2);
  t.not(one, other);
  capi.SSL_SESSION_free(one);
  capi.SSL_SESSION_free(other);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_SESSION_dup makes a new session that is a copy of another`, (t) => {
    const { session } = exchange(statefulPair(version));
    const before = live();
    const copy = copyOf(session);
    t.is(live(), before + 1);
    t.not(copy, session);
    t.deepEqual(capi.i2d_SSL_SESSION(copy), capi.i2d_SSL_SESSION(session));
  });
}

test.serial('a copy is not owned by the cache that the original is in', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, session);
  const copy = copyOf(session);
  t.false(has(ctx, copy));
  const before = live();
  capi.SSL_SESSION_free(copy);
  t.is(live(), before - 1, 'nobody else has a reference to it');
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [session]);
});

test.serial('SSL_SESSION_up_ref increments the reference count by one', (t) => {
  const before = live();
  const session = capi.SSL_SESSION_new();
  t.is(capi.SSL_SESSION_up_ref(session), 1);
  capi.SSL_SESSION_free(session);
  t.is(live(), before + 1);
  capi.SSL_SESSION_free(session);
  t.is(live(), before);
});

test.serial('SSL_SESSION_free decrements the reference count, and frees the session when it has reached 0', (t) => {
  const ctx = emptyContext();
  const before = live();
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, session);
  capi.SSL_SESSION_free(session);
  t.is(live(), before + 1, 'the cache has a reference');
  capi.SSL_CTX_flush_sessions(ctx, 0);
  t.is(live(), before);
});

test.serial('where the page says that nothing is done for NULL, null is refused', (t) => {
  t.throws(() => Reflect.apply(capi.SSL_SESSION_free, undefined, [null]), { code: 'ERR_INVALID_ARG_TYPE' });
});

for (const { name, version } of protocols) {
  test.serial(`${name}: sessions are made by handshakes, and the cache of the context refers to them`, (t) => {
    const pair = statefulPair(version);
    const before = live();
    const ssls = connect(pair);
    const cached = capi.SSL_CTX_sessions(pair.sctx);
    t.is(cached.length, sessionsOf(version));
    t.true(cached.includes(capi.SSL_get_session(ssls.server) ?? makeSession({ id: 1 })));
    shutdownSslConnection(ssls);
    for (const session of cached) capi.SSL_SESSION_free(session);
    t.is(live(), before + sessionsOf(version), "the cache's references are left");
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    t.is(live(), before);
  });
}

test.serial('TLS 1.2: several connections may use one session at the same time', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const { session } = exchange(pair);
  const [one, other] = [connect(pair, session), connect(pair, session)];
  t.is(capi.SSL_get_session(one.server), capi.SSL_get_session(other.server));
  t.is(capi.SSL_get_session(one.client), session);
  t.is(capi.SSL_get_session(other.client), session);
  const before = live();
  shutdownSslConnection(one);
  t.is(live(), before, 'the other connection still uses it');
  shutdownSslConnection(other);
});

test.serial('a session that is still used is not deleted: a handle gives back only references of its own', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const ssls = connect(pair);
  const session = capi.SSL_get_session(ssls.server);
  if (session === null) return t.fail();
  const before = live();
  capi.SSL_SESSION_free(session);
  t.throws(() => capi.SSL_SESSION_free(session), { code: 'ERR_SSLCTX_FREED' });
  t.is(live(), before);
  t.is(capi.SSL_SESSION_get_id(capi.SSL_get_session(ssls.server) ?? makeSession({ id: 1 })).length, 32);
  shutdownSslConnection(ssls);
  capi.SSL_CTX_flush_sessions(pair.sctx, 0);
});

test.serial('it must be called for sessions of SSL_get1_session and d2i_SSL_SESSION, and that is enough', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const before = live();
  const { session } = exchange(pair);
  const der = capi.i2d_SSL_SESSION(session);
  const read = capi.d2i_SSL_SESSION(der ?? Buffer.of());
  if (read === null) return t.fail();
  capi.SSL_CTX_flush_sessions(pair.sctx, 0);
  t.is(live(), before + 2);
  capi.SSL_SESSION_free(session);
  t.is(live(), before + 1);
  capi.SSL_SESSION_free(read);
  t.is(live(), before);
});
