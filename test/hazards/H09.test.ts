// H9: who owns a session in the new and get callbacks. In C, a return value and *copy decide; here the handle owns a
// reference of its own whatever the callback returns.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { offering, statefulPair, VERSIONS } from './contexts.ts';
import { CRASH, shownOnGlibc, unguarded } from './unguarded.ts';

for (const { name, version } of VERSIONS) {
  for (const answer of [0, 1, undefined] as const) {
    test(`${name}: a new callback that returns ${answer} owns what it keeps, no more and no less`, (t) => {
      const before = capi.debug.live().SSL_SESSION;
      const pair = statefulPair(version);
      capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL);
      const kept = new Set<capi.SSL_SESSION>();
      capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, session) => {
        kept.add(session);
        return answer;
      });
      const objects = createSslObjects(pair.sctx, pair.cctx);
      t.true(createSslConnection(objects));
      shutdownSslConnection(objects);
      t.true(kept.size > 0);
      t.is(capi.debug.live().SSL_SESSION - before, kept.size, 'only the kept ones live');
      for (const session of kept) {
        t.is(capi.SSL_SESSION_get_protocol_version(session), version);
        capi.SSL_SESSION_free(session);
      }
      t.is(capi.debug.live().SSL_SESSION - before, 0);
    });
  }

  test(`${name}: a get callback may return one and the same session for ever`, (t) => {
    const before = capi.debug.live().SSL_SESSION;
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const id = capi.SSL_SESSION_get_id(session);
    const ticket = capi.SSL_SESSION_get0_ticket(session);
    capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL);
    const wanted = version === capi.TLS1_3_VERSION ? ticket : id;
    const all = capi.SSL_CTX_sessions(pair.sctx);
    const stored = all.find((one) => wanted?.equals(capi.SSL_SESSION_get_id(one)));
    if (stored === undefined) return t.fail('the server does not have the session');
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    const der = capi.i2d_SSL_SESSION(stored);
    const fresh = der === null ? null : capi.d2i_SSL_SESSION(der);
    if (fresh === null) return t.fail('no DER');
    for (const one of all) capi.SSL_SESSION_free(one);
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, () => fresh);
    for (let i = 0; i < 5; i++) {
      const objects = offering(pair, session);
      t.true(createSslConnection(objects));
      t.is(capi.SSL_session_reused(objects.server), 1, `connection ${i}`);
      shutdownSslConnection(objects);
    }
    t.is(capi.SSL_SESSION_get_protocol_version(fresh), version);
    capi.SSL_SESSION_free(fresh);
    capi.SSL_SESSION_free(session);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    t.is(capi.debug.live().SSL_SESSION - before, 0);
  });
}

shownOnGlibc('without the guard: a new callback that frees and returns 0', async (t) => {
  const { facts } = await unguarded('h09_references', 'new');
  t.is(facts.intact, 0, 'the connection has a session that was freed');
});

shownOnGlibc('without the guard: a get callback that hands out what it does not own', async (t) => {
  const { signal, facts } = await unguarded('h09_references', 'get');
  t.is(facts.intact, 1);
  t.true(CRASH.includes(signal) || facts.reused !== 3, `ended by ${signal}, reused ${facts.reused}`);
});

test('a remove callback gives the handle that lives no reference more: one free is still enough', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  capi.SSL_CTX_sess_set_remove_cb(ctx, () => {});
  const session = makeSession({ id: 1 });
  for (let turn = 0; turn < 3; turn++) {
    capi.SSL_CTX_add_session(ctx, session);
    capi.SSL_CTX_remove_session(ctx, session);
  }
  const before = capi.debug.live().SSL_SESSION;
  capi.SSL_SESSION_free(session);
  t.is(capi.debug.live().SSL_SESSION, before - 1);
  t.throws(() => capi.SSL_SESSION_get_id(session), { code: 'ERR_SSLCTX_FREED' });
});
