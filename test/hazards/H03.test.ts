// H3: sessions without a cipher, version, key or ID: libssl dereferences what is not there, or can never evict them.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, createSslCtxPair, createSslObjects, exchange } from '../helpers/pair.ts';
import { anyCipher, makeSession, sessionId } from '../helpers/session.ts';
import { offering, statefulPair, VERSIONS } from './contexts.ts';
import { CRASH, unguarded } from './unguarded.ts';

const PARTS = ['version', 'cipher', 'key', 'id'] as const;
type Part = (typeof PARTS)[number];

function without(missing: Part, { id = sessionId(1), version = capi.TLS1_2_VERSION, cipher = anyCipher() } = {}) {
  const session = capi.SSL_SESSION_new();
  if (missing !== 'version') capi.SSL_SESSION_set_protocol_version(session, version);
  if (missing !== 'cipher') capi.SSL_SESSION_set_cipher(session, cipher);
  if (missing !== 'key') capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(32, 7));
  if (missing !== 'id') capi.SSL_SESSION_set1_id(session, id);
  return session;
}

for (const part of PARTS) {
  test(`SSL_CTX_add_session refuses a session without ${part}, and leaves it as it was`, (t) => {
    const ctx = capi.SSL_CTX_new(capi.TLS_method());
    const session = without(part);
    t.throws(() => capi.SSL_CTX_add_session(ctx, session), { code: 'ERR_SSLCTX_SESSION_INCOMPLETE' });
    t.is(capi.SSL_CTX_sess_number(ctx), 0);
    // Not claimed and not frozen: it can be completed, and added elsewhere.
    capi.SSL_SESSION_set_protocol_version(session, capi.TLS1_2_VERSION);
    capi.SSL_SESSION_set_cipher(session, anyCipher());
    capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(48, 7));
    capi.SSL_SESSION_set1_id(session, sessionId(1));
    t.is(capi.SSL_CTX_add_session(capi.SSL_CTX_new(capi.TLS_method()), session), 1);
  });

  for (const { name, version } of VERSIONS) {
    test(`${name}: a get callback cannot return a session without ${part}`, (t) => {
      const pair = statefulPair(version);
      const { session } = exchange(pair);
      capi.SSL_CTX_flush_sessions(pair.sctx, 0);
      capi.SSL_CTX_sess_set_get_cb(pair.sctx, (_ssl, id) => without(part, { id, version }));
      const objects = offering(pair, session);
      t.throws(() => createSslConnection(objects), { code: 'ERR_SSLCTX_SESSION_INCOMPLETE' });
      t.true(createSslConnection(objects), 'the handshake goes on as after a miss');
      t.is(capi.SSL_session_reused(objects.server), 0);
    });
  }
}

for (const { name, version } of VERSIONS) {
  test(`${name}: a get callback cannot return a session with another ID`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, () => makeSession({ id: 77, version }));
    const objects = offering(pair, session);
    t.throws(() => createSslConnection(objects), { code: 'ERR_INVALID_ARG_VALUE' });
    t.true(createSslConnection(objects));
    t.is(capi.SSL_session_reused(objects.server), 0);
  });
}

function cipher13(): capi.SSL_CIPHER {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const found = capi.SSL_CTX_get_ciphers(ctx).find((one) => capi.SSL_CIPHER_get_name(one) === 'TLS_AES_128_GCM_SHA256');
  if (found === undefined) throw new Error('no TLS_AES_128_GCM_SHA256');
  return found;
}

// An external pre-shared key needs no ID.
for (const part of PARTS.filter((one) => one !== 'id')) {
  test(`SSL_CTX_set_psk_use_session_callback: no session without ${part}`, (t) => {
    const pair = createSslCtxPair(capi.TLS1_3_VERSION, capi.TLS1_3_VERSION);
    const session = without(part, { version: capi.TLS1_3_VERSION, cipher: cipher13() });
    capi.SSL_CTX_set_psk_use_session_callback(pair.cctx, () => ({ session, identity: Buffer.from('name') }));
    const objects = createSslObjects(pair.sctx, pair.cctx);
    t.throws(() => capi.SSL_do_handshake(objects.client), { code: 'ERR_SSLCTX_SESSION_INCOMPLETE' });
  });

  test(`SSL_CTX_set_psk_find_session_callback: no session without ${part}`, (t) => {
    const pair = createSslCtxPair(capi.TLS1_3_VERSION, capi.TLS1_3_VERSION);
    const key = makePsk();
    const bad = without(part, { version: capi.TLS1_3_VERSION, cipher: cipher13() });
    capi.SSL_CTX_set_psk_use_session_callback(pair.cctx, () => ({ session: key, identity: Buffer.from('name') }));
    capi.SSL_CTX_set_psk_find_session_callback(pair.sctx, () => bad);
    const objects = createSslObjects(pair.sctx, pair.cctx);
    t.throws(() => createSslConnection(objects), { code: 'ERR_SSLCTX_SESSION_INCOMPLETE' });
    t.true(createSslConnection(objects), 'the handshake goes on without the key');
    t.is(capi.SSL_session_reused(objects.server), 0);
  });
}

function makePsk(): capi.SSL_SESSION {
  const session = capi.SSL_SESSION_new();
  capi.SSL_SESSION_set_protocol_version(session, capi.TLS1_3_VERSION);
  capi.SSL_SESSION_set_cipher(session, cipher13());
  capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(32, 7));
  return session;
}

test('the same callbacks with a complete session do their work', (t) => {
  const pair = createSslCtxPair(capi.TLS1_3_VERSION, capi.TLS1_3_VERSION);
  // The server chooses the suite first, and then looks whether the key's hash fits.
  capi.SSL_CTX_set_ciphersuites(pair.sctx, 'TLS_AES_128_GCM_SHA256');
  capi.SSL_CTX_set_psk_use_session_callback(pair.cctx, () => ({ session: makePsk(), identity: Buffer.from('name') }));
  capi.SSL_CTX_set_psk_find_session_callback(pair.sctx, (_ssl, identity) =>
    identity.equals(Buffer.from('name')) ? makePsk() : null,
  );
  const objects = createSslObjects(pair.sctx, pair.cctx);
  t.true(createSslConnection(objects));
  t.is(capi.SSL_session_reused(objects.server), 1);
});

test('a getter in the answer of the pre-shared key callback cannot free the session under the binding', (t) => {
  const pair = createSslCtxPair(capi.TLS1_3_VERSION, capi.TLS1_3_VERSION);
  capi.SSL_CTX_set_psk_use_session_callback(pair.cctx, () => {
    const session = makePsk();
    return {
      session,
      get identity() {
        capi.SSL_SESSION_free(session);
        return Buffer.from('name');
      },
    };
  });
  const objects = createSslObjects(pair.sctx, pair.cctx);
  t.throws(() => capi.SSL_do_handshake(objects.client), { code: 'ERR_SSLCTX_FREED' });
});

for (const where of ['cache', 'get12', 'get13', 'psk']) {
  test(`without the guard: a session without a cipher crashes the process (${where})`, async (t) => {
    const { signal } = await unguarded('h03_incomplete', where);
    t.true(CRASH.includes(signal), `ended by ${signal}`);
  });
}
