// SSL_CTX_set_client_hello_cb(3) and SSL_client_hello_get0_ext(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslConnection, createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

/** What a function says of a hello, inside of the callback. */
function inHello<T>(version: number, ask: (ssl: capi.SSL) => T, prepare?: (client: capi.SSL) => void): T[] {
  const pair = statefulPair(version);
  const answers: T[] = [];
  capi.SSL_CTX_set_client_hello_cb(pair.sctx, (ssl) => {
    answers.push(ask(ssl));
    return capi.SSL_CLIENT_HELLO_SUCCESS;
  });
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  prepare?.(ssls.client);
  if (!createSslConnection(ssls)) throw new Error('the handshake failed');
  shutdownSslConnection(ssls);
  return answers;
}

for (const { name, version, isTls13 } of protocols) {
  test.serial(`${name}: the callback is called on the server, early, with the connection`, (t) => {
    const pair = statefulPair(version);
    const called: [capi.SSL, number][] = [];
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, (ssl) => {
      called.push([ssl, capi.SSL_is_init_finished(ssl)]);
      t.is(capi.SSL_get_current_cipher(ssl), null, 'nothing is decided');
      t.is(capi.SSL_get_session(ssl), null);
      return capi.SSL_CLIENT_HELLO_SUCCESS;
    });
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    t.true(createSslConnection(ssls));
    sameObjects(t, called.flat(), [ssls.server, 0]);
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: SSL_CLIENT_HELLO_ERROR ends the connection with the alert that it names`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, () => ({
      ret: capi.SSL_CLIENT_HELLO_ERROR,
      alert: capi.SSL_AD_UNRECOGNIZED_NAME,
    }));
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    t.false(createSslConnection(ssls));
    capi.ERR_clear_error();
    capi.SSL_connect(ssls.client);
    t.is(capi.ERR_GET_REASON(capi.ERR_get_error()), 1000 + capi.SSL_AD_UNRECOGNIZED_NAME);
    capi.ERR_clear_error();
    for (const ssl of [ssls.client, ssls.server]) capi.SSL_free(ssl);
  });

  test.serial(`${name}: SSL_CLIENT_HELLO_RETRY suspends the handshake: the next call asks again, and goes on`, (t) => {
    const pair = statefulPair(version);
    let asked = 0;
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, () =>
      ++asked < 3 ? capi.SSL_CLIENT_HELLO_RETRY : capi.SSL_CLIENT_HELLO_SUCCESS,
    );
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_connect(ssls.client);
    for (const times of [1, 2]) {
      t.is(capi.SSL_accept(ssls.server), -1);
      t.is(capi.SSL_get_error(ssls.server, -1), capi.SSL_ERROR_WANT_CLIENT_HELLO_CB);
      t.is(asked, times);
    }
    t.true(createSslConnection(ssls));
    t.is(asked, 3);
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: SSL_client_hello_isv2: 0 for the format of today`, (t) => {
    t.deepEqual(inHello(version, capi.SSL_client_hello_isv2), [0]);
  });

  test.serial(`${name}: the fields of the hello: version, random, session ID, ciphers, compression methods`, (t) => {
    const [hello] = inHello(version, (ssl) => ({
      version: capi.SSL_client_hello_get0_legacy_version(ssl),
      random: capi.SSL_client_hello_get0_random(ssl)?.length,
      id: capi.SSL_client_hello_get0_session_id(ssl)?.length,
      ciphers: capi.SSL_client_hello_get0_ciphers(ssl)?.length,
      compression: capi.SSL_client_hello_get0_compression_methods(ssl),
    }));
    t.is(hello?.version, capi.TLS1_2_VERSION);
    t.is(hello?.random, 32);
    t.is(hello?.id, isTls13 ? 32 : 0, 'TLS 1.3: random bytes of the compatibility mode');
    t.true((hello?.ciphers ?? 0) > 0 && (hello?.ciphers ?? 0) % 2 === 0);
    t.deepEqual(hello?.compression, Buffer.of(0), 'the null method');
  });

  test.serial(`${name}: SSL_client_hello_get0_ext: an extension by its type, null when it was not sent`, (t) => {
    const serverName = 0;
    const setName = (client: capi.SSL) => void capi.SSL_set_tlsext_host_name(client, 'shop.example');
    const ask = (ssl: capi.SSL) => capi.SSL_client_hello_get0_ext(ssl, serverName)?.toString('latin1') ?? null;
    t.deepEqual(inHello(version, ask), [null]);
    t.deepEqual(inHello(version, ask, setName), ['\0\x0f\0\0\x0cshop.example']);
  });

  test.serial(
    `${name}: SSL_client_hello_get1_extensions_present: the types that can be asked for, in their order`,
    (t) => {
      const [found] = inHello(version, (ssl) =>
        capi
          .SSL_client_hello_get1_extensions_present(ssl)
          ?.map((type) => [type, capi.SSL_client_hello_get0_ext(ssl, type) !== null]),
      );
      const supportedVersions = 43;
      t.true((found?.length ?? 0) > 3);
      for (const [, isThere] of found ?? []) t.true(isThere);
      t.is(
        found?.some(([type]) => type === supportedVersions),
        isTls13,
      );
    },
  );

  test.serial(`${name}: the callback may change the context, the versions and the ciphers of the connection`, (t) => {
    const pair = statefulPair(version);
    const other = statefulPair(version);
    const ciphers = ['ECDHE-ECDSA-CHACHA20-POLY1305', 'TLS_CHACHA20_POLY1305_SHA256'] as const;
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, (ssl) => {
      capi.SSL_set_SSL_CTX(ssl, other.sctx);
      capi.SSL_set_cipher_list(ssl, ciphers[0]);
      capi.SSL_set_ciphersuites(ssl, ciphers[1]);
      return capi.SSL_CLIENT_HELLO_SUCCESS;
    });
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    t.true(createSslConnection(ssls));
    t.is(capi.SSL_get_SSL_CTX(ssls.server), other.sctx);
    const cipher = capi.SSL_get_current_cipher(ssls.server);
    t.is(cipher && capi.SSL_CIPHER_get_name(cipher), isTls13 ? ciphers[1] : ciphers[0]);
    shutdownSslConnection(ssls);
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, (ssl) => {
      capi.SSL_set_max_proto_version(ssl, capi.TLS1_VERSION);
      return capi.SSL_CLIENT_HELLO_SUCCESS;
    });
    t.throws(() => exchange(pair), undefined, 'no version is left');
    capi.ERR_clear_error();
  });

  test.serial(`${name}: the functions may only be called inside of the callback: outside there is nothing`, (t) => {
    const pair = statefulPair(version);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    t.true(createSslConnection(ssls));
    for (const ssl of [ssls.server, ssls.client]) {
      t.is(capi.SSL_client_hello_get0_random(ssl), null);
      t.is(capi.SSL_client_hello_get0_session_id(ssl), null);
      t.is(capi.SSL_client_hello_get0_ciphers(ssl), null);
      t.is(capi.SSL_client_hello_get0_ext(ssl, 0), null);
      t.is(capi.SSL_client_hello_get1_extensions_present(ssl), null);
    }
    shutdownSslConnection(ssls);
  });
}
