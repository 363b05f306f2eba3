// After execute_test_session of OpenSSL's test/sslapitest.c: the internal cache, the external one, and both.
import test, { type ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import {
  createSslConnection,
  createSslCtxPair,
  createSslObjects,
  type SslPair,
  shutdownSslConnection,
} from '../helpers/pair.ts';
import { copyOf } from '../helpers/session.ts';

test.afterEach(leavesNoErrors);

interface Calls {
  made: number;
  removed: number;
  got: number;
}

function connect(t: ExecutionContext, sctx: capi.SSL_CTX, cctx: capi.SSL_CTX, session?: capi.SSL_SESSION): SslPair {
  const pair = createSslObjects(sctx, cctx);
  if (session !== undefined) t.is(capi.SSL_set_session(pair.client, session), 1);
  t.true(createSslConnection(pair));
  return pair;
}

function sessionOf(ssl: capi.SSL): capi.SSL_SESSION {
  const session = capi.SSL_get1_session(ssl);
  if (session === null) throw new Error('no session');
  return session;
}

interface Setting {
  version: number;
  internal: boolean;
  external: boolean;
}

function testClientCache(t: ExecutionContext, { version, internal, external }: Setting): void {
  const isTls13 = version === capi.TLS1_3_VERSION;
  const tickets = isTls13 ? 2 : 1;
  const { sctx, cctx } = createSslCtxPair(capi.TLS1_VERSION, 0);
  capi.SSL_CTX_set_min_proto_version(cctx, version);
  capi.SSL_CTX_set_max_proto_version(cctx, version);
  const calls: Calls = { made: 0, removed: 0, got: 0 };
  const reset = () => Object.assign(calls, { made: 0, removed: 0, got: 0 });
  if (external) {
    capi.SSL_CTX_sess_set_new_cb(cctx, () => void calls.made++);
    capi.SSL_CTX_sess_set_remove_cb(cctx, () => void calls.removed++);
  }
  const store = internal ? 0 : capi.SSL_SESS_CACHE_NO_INTERNAL_STORE;
  capi.SSL_CTX_set_session_cache_mode(cctx, capi.SSL_SESS_CACHE_CLIENT | store);
  const counted = (made: number, removed: number) => {
    if (external) t.deepEqual([calls.made, calls.removed], [made, removed]);
    reset();
  };

  const first = connect(t, sctx, cctx);
  const session = sessionOf(first.client);
  // It is in the cache already: adding it fails.
  if (internal) t.is(capi.SSL_CTX_add_session(cctx, session), 0);
  counted(tickets, 0);

  const second = connect(t, sctx, cctx, session);
  t.is(capi.SSL_session_reused(second.client), 1);
  // In TLS 1.3 there is a new ticket, and the session that was used is gone.
  counted(isTls13 ? 1 : 0, isTls13 ? 1 : 0);
  const resumed = sessionOf(second.client);
  shutdownSslConnection(second);
  reset();

  const third = connect(t, sctx, cctx);
  const other = sessionOf(third.client);
  counted(tickets, 0);
  // In C a session set on a live connection evicts the present one; it can also send plaintext: refused here.
  t.throws(() => capi.SSL_set_session(third.client, resumed), { code: 'ERR_SSLCTX_STATE' });
  counted(0, 0);
  if (internal) {
    t.is(capi.SSL_CTX_add_session(cctx, other), 0);
    t.is(capi.SSL_CTX_remove_session(cctx, other), 1);
    t.is(capi.SSL_CTX_add_session(cctx, other), 1);
    t.is(capi.SSL_CTX_remove_session(cctx, other), 1);
    reset();
  }
  t.is(capi.SSL_CTX_remove_session(cctx, other), 0);
  counted(0, 1);
  shutdownSslConnection(third);
  reset();

  // A handshake that fails takes the session that was offered out of the cache.
  capi.SSL_CTX_set_max_proto_version(sctx, capi.TLS1_1_VERSION);
  const failed = createSslObjects(sctx, cctx);
  t.is(capi.SSL_set_session(failed.client, resumed), 1);
  t.false(createSslConnection(failed));
  t.is(capi.SSL_connect(failed.client), -1, "the client reads the server's alert");
  capi.ERR_clear_error();
  counted(0, 1);
  for (const ssl of [failed.client, failed.server, first.client, first.server]) capi.SSL_free(ssl);
}

function testServerCache(t: ExecutionContext, { version, internal, external }: Setting): void {
  const isTls13 = version === capi.TLS1_3_VERSION;
  const tickets = isTls13 ? 2 : 1;
  const { sctx, cctx } = createSslCtxPair(version, version);
  const calls: Calls = { made: 0, removed: 0, got: 0 };
  let answer: capi.SSL_SESSION | null = null;
  if (external) {
    capi.SSL_CTX_sess_set_new_cb(sctx, () => void calls.made++);
    capi.SSL_CTX_sess_set_remove_cb(sctx, () => void calls.removed++);
    capi.SSL_CTX_sess_set_get_cb(sctx, () => {
      calls.got++;
      return answer;
    });
  }
  capi.SSL_CTX_set_session_cache_mode(cctx, capi.SSL_SESS_CACHE_OFF);
  if (!internal) {
    capi.SSL_CTX_set_session_cache_mode(sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL_STORE);
  }
  if (!isTls13) capi.SSL_CTX_set_options(sctx, capi.SSL_OP_NO_TICKET);

  const first = connect(t, sctx, cctx);
  const clientSession = sessionOf(first.client);
  let serverSession = sessionOf(first.server);
  if (internal) {
    // A stateless TLS 1.3 session is in the cache only while somebody wants to hear of removals.
    if (isTls13 && !external) t.is(capi.SSL_CTX_remove_session(sctx, serverSession), 0);
    else t.is(capi.SSL_CTX_add_session(sctx, serverSession), 0);
  }
  if (external) {
    t.deepEqual(calls, { made: tickets, removed: 0, got: 0 });
    if (internal && !isTls13) {
      const copy = copyOf(serverSession);
      t.is(capi.SSL_CTX_remove_session(sctx, serverSession), 1);
      serverSession = copy;
    }
  }
  Object.assign(calls, { made: 0, removed: 0, got: 0 });
  answer = serverSession;
  const second = connect(t, sctx, cctx, clientSession);
  t.is(capi.SSL_session_reused(second.client), 1);
  if (external) t.deepEqual(calls, isTls13 ? { made: 1, removed: 0, got: 0 } : { made: 0, removed: 0, got: 1 });

  // The newest addition stays, although it expires first. C adds the client's session here: another context's, so a copy.
  const early = copyOf(clientSession);
  const late = copyOf(serverSession);
  t.throws(() => capi.SSL_CTX_add_session(sctx, clientSession), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
  for (const [one, time] of [
    [early, 1000],
    [late, 2000],
  ] as const) {
    capi.SSL_SESSION_set_time(one, time);
    capi.SSL_SESSION_set_timeout(one, time);
  }
  t.not(capi.SSL_CTX_sess_set_cache_size(sctx, 1), 0);
  capi.SSL_CTX_add_session(sctx, early);
  capi.SSL_CTX_add_session(sctx, late);
  const isSameId = capi.SSL_SESSION_get_id(early).equals(capi.SSL_SESSION_get_id(late));
  t.is(capi.SSL_CTX_add_session(sctx, early), 1);
  t.true(capi.SSL_CTX_sessions(sctx).includes(early));
  t.false(capi.SSL_CTX_sessions(sctx).includes(late), isSameId ? 'replaced' : 'evicted');
  shutdownSslConnection(second);
  shutdownSslConnection(first);
}

const kinds = [
  ['test_session_with_only_int_cache', true, false],
  ['test_session_with_only_ext_cache', false, true],
  ['test_session_with_both_cache', true, true],
] as const;

for (const [original, internal, external] of kinds) {
  for (const [protocol, version] of [
    ['TLS 1.2', capi.TLS1_2_VERSION],
    ['TLS 1.3', capi.TLS1_3_VERSION],
  ] as const) {
    test.serial(`sslapitest: ${original}, ${protocol}, client`, testClientCache, { version, internal, external });
    test.serial(`sslapitest: ${original}, ${protocol}, server`, testServerCache, { version, internal, external });
  }
}
