// H8: SSL_set_session and its like on a connection in use. OpenSSL 3.0 then sends application data in clear text.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, createSslObjects, exchange } from '../helpers/pair.ts';
import { connected, statefulPair, VERSIONS } from './contexts.ts';
import { unguarded } from './unguarded.ts';

const STATE = { code: 'ERR_SSLCTX_STATE' };

for (const { name, version } of VERSIONS) {
  test(`${name}: a connection in use keeps its session, and stays encrypted`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const { client, server } = connected(pair);
    for (const value of [null, session]) {
      t.throws(() => capi.SSL_set_session(client, value), STATE);
      t.throws(() => capi.SSL_set_session(server, value), STATE);
    }
    const other = createSslObjects(pair.sctx, pair.cctx);
    t.throws(() => capi.SSL_copy_session_id(client, other.client), STATE);
    t.throws(() => capi.SSL_set_SSL_CTX(client, pair.cctx), STATE);
    t.throws(() => capi.SSL_set_SSL_CTX(server, pair.sctx), STATE);
    t.throws(() => capi.SSL_set_connect_state(server), STATE);
    t.throws(() => capi.SSL_set_accept_state(client), STATE);

    const secret = Buffer.from('PLAINTEXT-SECRET');
    t.is(capi.SSL_write(client, secret), secret.length);
    const wire = Buffer.alloc(1024);
    const wbio = capi.SSL_get_wbio(client);
    if (wbio === null) return t.fail('no BIO');
    const length = capi.BIO_read(wbio, wire);
    t.true(length > secret.length);
    t.is(wire.subarray(0, length).indexOf(secret), -1);
    t.is(capi.BIO_write(wbio, wire.subarray(0, length)), length);
    const read = Buffer.alloc(secret.length);
    t.is(capi.SSL_read(server, read), secret.length);
    t.deepEqual(read, secret);
  });

  test(`${name}: nor in the middle of the handshake`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const objects = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_connect(objects.client);
    t.throws(() => capi.SSL_set_session(objects.client, session), STATE);
    t.throws(() => capi.SSL_set_session(objects.client, null), STATE);
    capi.SSL_accept(objects.server);
    t.throws(() => capi.SSL_set_session(objects.server, session), STATE);
    t.true(createSslConnection(objects));
    t.is(capi.SSL_session_reused(objects.client), 0);
  });

  test(`${name}: before the handshake a client may, and may change its mind`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const objects = createSslObjects(pair.sctx, pair.cctx);
    t.is(capi.SSL_set_session(objects.client, session), 1);
    t.is(capi.SSL_set_session(objects.client, null), 1);
    t.is(capi.SSL_set_session(objects.client, session), 1);
    t.true(createSslConnection(objects));
    t.is(capi.SSL_session_reused(objects.client), 1);
  });
}

test('a client of TLS_method may set a session before its first SSL_connect', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const { session } = exchange(pair);
  const client = capi.SSL_new(capi.SSL_CTX_new(capi.TLS_method()));
  t.is(capi.SSL_set_session(client, session), 1);
});

for (const version of ['12', '13']) {
  test(`without the guard: application data in clear text on OpenSSL 3.0 (TLS 1.${version[1]})`, async (t) => {
    const { facts } = await unguarded('h08_set_session_live', version);
    t.is(facts.written, 16);
    t.is(facts.plaintext, capi.OpenSSL_version_num() < 0x30200000 ? 1 : 0);
  });
}
