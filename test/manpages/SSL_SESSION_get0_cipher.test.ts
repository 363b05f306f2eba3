// SSL_SESSION_get0_cipher(3) and SSL_SESSION_set_cipher(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { anyCipher, makeSession } from '../helpers/session.ts';
import { connect, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_SESSION_get0_cipher: the cipher of the connection that made the session`, (t) => {
    const pair = statefulPair(version);
    const wanted = ['ECDHE-ECDSA-CHACHA20-POLY1305', 'TLS_CHACHA20_POLY1305_SHA256'];
    capi.SSL_CTX_set_cipher_list(pair.cctx, wanted[0] ?? '');
    capi.SSL_CTX_set_ciphersuites(pair.cctx, wanted[1] ?? '');
    const ssls = connect(pair);
    const used = capi.SSL_get_current_cipher(ssls.server);
    if (used === null) return t.fail();
    t.true(wanted.includes(capi.SSL_CIPHER_get_name(used)));
    for (const session of capi.SSL_CTX_sessions(pair.sctx)) {
      const cipher = capi.SSL_SESSION_get0_cipher(session);
      t.is(cipher && capi.SSL_CIPHER_get_name(cipher), capi.SSL_CIPHER_get_name(used));
    }
  });

  test.serial(`${name}: it is still known from DER`, (t) => {
    const { session } = exchange(statefulPair(version));
    const again = capi.d2i_SSL_SESSION(capi.i2d_SSL_SESSION(session) ?? Buffer.of());
    if (again === null) return t.fail();
    t.is(capi.SSL_SESSION_get0_cipher(again), capi.SSL_SESSION_get0_cipher(session));
  });
}

test.serial('SSL_SESSION_get0_cipher: null when it cannot be determined', (t) => {
  t.is(capi.SSL_SESSION_get0_cipher(capi.SSL_SESSION_new()), null);
});

test.serial('the value is not to be released: it outlives the session', (t) => {
  const session = makeSession({ id: 1 });
  const cipher = capi.SSL_SESSION_get0_cipher(session);
  capi.SSL_SESSION_free(session);
  t.is(cipher && capi.SSL_CIPHER_get_name(cipher), 'ECDHE-RSA-AES128-GCM-SHA256');
});

test.serial('SSL_SESSION_set_cipher sets it, and returns 1', (t) => {
  const session = capi.SSL_SESSION_new();
  t.is(capi.SSL_SESSION_set_cipher(session, anyCipher()), 1);
  t.is(capi.SSL_SESSION_get0_cipher(session), anyCipher());
});

test.serial('so that a session can be the base of a pre-shared key', (t) => {
  const pair = statefulPair(capi.TLS1_3_VERSION);
  const cipher = capi
    .SSL_CTX_get_ciphers(pair.sctx)
    .find((one) => capi.SSL_CIPHER_get_name(one) === 'TLS_AES_256_GCM_SHA384');
  if (cipher === undefined) return t.fail();
  const psk = capi.SSL_SESSION_new();
  t.is(capi.SSL_SESSION_set1_master_key(psk, Buffer.alloc(48, 1)), 1);
  t.is(capi.SSL_SESSION_set_cipher(psk, cipher), 1);
  t.is(capi.SSL_SESSION_set_protocol_version(psk, capi.TLS1_3_VERSION), 1);
  capi.SSL_CTX_set_psk_use_session_callback(pair.cctx, () => ({ session: psk, identity: Buffer.from('me') }));
  t.false(exchange(pair).reused, 'the server does not know it');
  capi.SSL_CTX_set_psk_find_session_callback(pair.sctx, () => psk);
  t.true(exchange(pair).reused);
});
