// H1: one session object in the caches of two contexts. libssl links a session into one list only.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { offering, statefulPair, VERSIONS } from './contexts.ts';
import { unguarded } from './unguarded.ts';

test('a session that was added to one context is refused by another, for good', (t) => {
  const first = capi.SSL_CTX_new(capi.TLS_method());
  const second = capi.SSL_CTX_new(capi.TLS_method());
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_CTX_add_session(first, session), 1);
  t.throws(() => capi.SSL_CTX_add_session(second, session), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
  t.is(capi.SSL_CTX_sess_number(first), 1);
  t.is(capi.SSL_CTX_sess_number(second), 0);

  // libssl replaces equal sessions without telling, so that "no longer cached" cannot be known: never released.
  t.is(capi.SSL_CTX_remove_session(first, session), 1);
  t.throws(() => capi.SSL_CTX_add_session(second, session), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
  t.is(capi.SSL_CTX_add_session(first, session), 1);
});

test("a copy of it is nobody's", (t) => {
  const first = capi.SSL_CTX_new(capi.TLS_method());
  const second = capi.SSL_CTX_new(capi.TLS_method());
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_CTX_add_session(first, session), 1);
  const copy = capi.SSL_SESSION_dup(session);
  t.truthy(copy);
  if (copy === null) return;
  t.is(capi.SSL_CTX_add_session(second, copy), 1);
  t.throws(() => capi.SSL_CTX_add_session(first, copy), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
  capi.SSL_CTX_flush_sessions(first, 0);
  capi.SSL_CTX_flush_sessions(second, 0);
  t.is(capi.SSL_CTX_sess_number(first) + capi.SSL_CTX_sess_number(second), 0);
});

for (const { name, version } of VERSIONS) {
  test(`${name}: a session of a connection belongs to the connection's context`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT);
    const { session } = exchange(pair);
    t.throws(() => capi.SSL_CTX_add_session(pair.sctx, session), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
    capi.SSL_CTX_flush_sessions(pair.cctx, 0);
    t.is(capi.SSL_CTX_sess_number(pair.cctx), 0);
  });

  test(`${name}: a get callback cannot return another context's session`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const [cached] = capi.SSL_CTX_sessions(pair.sctx);
    t.truthy(cached);
    if (cached === undefined) return;
    const other = capi.SSL_CTX_new(capi.TLS_method());
    const foreign = capi.d2i_SSL_SESSION(capi.i2d_SSL_SESSION(cached) ?? Buffer.of());
    if (foreign === null) return t.fail('the session does not survive DER');
    t.is(capi.SSL_CTX_add_session(other, foreign), 1);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);

    let asked = 0;
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, (_ssl, id) => {
      asked++;
      return id.equals(capi.SSL_SESSION_get_id(foreign)) ? foreign : null;
    });
    const objects = offering(pair, session);
    t.throws(() => createSslConnection(objects), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
    t.true(createSslConnection(objects), 'the handshake goes on as after a miss');
    t.is(asked, 1);
    t.is(capi.SSL_session_reused(objects.server), 0);
    t.is(capi.SSL_CTX_sess_cb_hits(pair.sctx), 0);
    capi.SSL_CTX_flush_sessions(other, 0);
    t.is(capi.SSL_CTX_sess_number(other), 0);
  });
}

test('without the guard: flushing the first context never ends', async (t) => {
  const { signal, facts } = await unguarded('h01_two_contexts');
  t.deepEqual(facts, { first: 1, second: 1 });
  // The limit of processor time; on a busy machine that of the clock comes first.
  t.true(signal === 'SIGXCPU' || signal === 'SIGALRM', String(signal));
});
