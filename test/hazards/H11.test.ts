// H11: OpenSSL's error queue belongs to the thread. What one call leaves there, the next one takes for its own.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, createSslObjects } from '../helpers/pair.ts';
import { connected, statefulPair, VERSIONS } from './contexts.ts';
import { unguarded } from './unguarded.ts';

const MALFORMED = Buffer.from('3003020109', 'hex');

/** A call that fails in libssl and leaves errors behind. */
function fail(): void {
  if (capi.d2i_SSL_SESSION(MALFORMED) !== null) throw new Error('malformed DER was taken');
}

for (const { name, version } of VERSIONS) {
  test(`${name}: an old error does not turn "want read" into a failure`, (t) => {
    const { client, server } = connected(statefulPair(version));
    fail();
    t.not(capi.ERR_peek_error(), 0, 'the error can be read, as in C');
    t.is(capi.debug.errorQueueDepth(), 0, "but is not in OpenSSL's queue");
    for (const ssl of [client, server]) {
      const result = capi.SSL_read(ssl, Buffer.alloc(1));
      t.is(result, -1);
      fail();
      t.is(capi.SSL_get_error(ssl, result), capi.SSL_ERROR_WANT_READ);
    }
  });

  test(`${name}: failures inside of callbacks do not disturb the handshake`, (t) => {
    const pair = statefulPair(version);
    let failures = 0;
    const failing = () => {
      fail();
      failures++;
    };
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, () => {
      failing();
      return capi.SSL_CLIENT_HELLO_SUCCESS;
    });
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, failing);
    capi.SSL_CTX_set_info_callback(pair.sctx, failing);
    capi.SSL_CTX_set_keylog_callback(pair.cctx, failing);
    t.true(createSslConnection(createSslObjects(pair.sctx, pair.cctx)));
    t.true(failures > 4);
    t.is(capi.debug.errorQueueDepth(), 0);
  });

  test(`${name}: the error of a failed handshake survives what a callback does to the queue`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_alpn_protos(pair.cctx, Buffer.from('\x02h2'));
    // A fatal answer; then libssl says so to the info callback, which clears the queue.
    capi.SSL_CTX_set_alpn_select_cb(pair.sctx, () => capi.SSL_TLSEXT_ERR_ALERT_FATAL);
    capi.SSL_CTX_set_info_callback(pair.sctx, () => {
      fail();
      capi.ERR_clear_error();
    });
    const { client, server } = createSslObjects(pair.sctx, pair.cctx);
    capi.ERR_clear_error();
    capi.SSL_connect(client);
    const result = capi.SSL_accept(server);
    t.is(capi.SSL_get_error(server, result), capi.SSL_ERROR_SSL);
    t.regex(capi.ERR_error_string(capi.ERR_peek_error()), /no application protocol/);
  });
}

test('an argument error leaves no OpenSSL error, and keeps those that are there', (t) => {
  capi.ERR_clear_error();
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  t.throws(() => capi.SSL_CTX_set_num_tickets(ctx, 33), { code: 'ERR_OUT_OF_RANGE' });
  t.is(capi.ERR_peek_error(), 0);
  fail();
  const first = capi.ERR_peek_error();
  t.throws(() => capi.SSL_CTX_set_num_tickets(ctx, 33), { code: 'ERR_OUT_OF_RANGE' });
  t.is(capi.ERR_peek_error(), first);
});

test("the queue holds the latest 16, as OpenSSL's does", (t) => {
  capi.ERR_clear_error();
  for (let i = 0; i < 100; i++) fail();
  let count = 0;
  while (capi.ERR_get_error() !== 0) count++;
  t.true(count <= 16 && count > 0, `${count}`);
  t.is(capi.ERR_get_error(), 0);
});

test('without the guard: an old error is what an idle connection fails with, before 4.0, and a broken one says', async (t) => {
  const { facts } = await unguarded('h11_stale_error');
  // OpenSSL 4.0 keeps with each connection that it has failed: one that has not is not asked for errors. Which kind of
  // failure it was, the oldest error of the queue still decides.
  const asksIdle = capi.OpenSSL_version_num() < 0x40000000;
  t.deepEqual(facts, {
    idle: capi.SSL_ERROR_WANT_READ,
    idleWithStaleError: asksIdle ? capi.SSL_ERROR_SSL : capi.SSL_ERROR_WANT_READ,
    garbage: capi.SSL_ERROR_SSL,
    garbageWithStaleError: capi.SSL_ERROR_SYSCALL,
  });
});
