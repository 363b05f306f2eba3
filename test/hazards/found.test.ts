// Hazards that are not in the list of twenty: found by the tests in test/misuse, or on the way to them.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, createSslObjects, shutdownSslConnection } from '../helpers/pair.ts';
import { CALLBACKS, prepared, preparedFor } from './callbacks.ts';
import { codeOf, connected, statefulPair, VERSIONS } from './contexts.ts';
import { CRASH, shownOnGlibc, unguarded } from './unguarded.ts';

// Where SSL_set_SSL_CTX belongs: before the certificate is chosen.
const PLACES = ['SSL_CTX_set_client_hello_cb', 'SSL_CTX_set_tlsext_servername_callback'];

for (const { name, version } of VERSIONS) {
  for (const callback of CALLBACKS.filter(({ only }) => only === undefined || only === version)) {
    const allowed = PLACES.includes(callback.name);
    test(`${name}: SSL_set_SSL_CTX ${allowed ? 'works' : 'is refused'} in ${callback.name}`, (t) => {
      const { objects, hook } = prepared(callback, version);
      const other = statefulPair(version).sctx;
      const codes = new Set<unknown>();
      hook.inside = (ssl) => {
        if (allowed) t.is(capi.SSL_set_SSL_CTX(ssl, other), other);
        else codes.add(codeOf(() => capi.SSL_set_SSL_CTX(ssl, other)));
      };
      t.true(createSslConnection(objects));
      t.deepEqual([...codes], allowed ? [] : ['ERR_SSLCTX_BUSY']);
      t.is(capi.SSL_get_SSL_CTX(objects.server) === other, allowed);
    });
  }
}

shownOnGlibc('without the guard: libssl goes on with the freed certificates of the context before', async (t) => {
  const { signal, facts } = await unguarded('found_set_ssl_ctx');
  t.true(CRASH.includes(signal) || facts.handshake === 0, `ended by ${signal}, handshake ${facts.handshake}`);
});

test('SSL_MODE_ASYNC is refused: it would run callbacks, and with them JavaScript, on a stack of 32 KiB', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const mode = capi.SSL_CTX_get_mode(ctx);
  const SSL_MODE_ASYNC = 0x100;
  for (const bits of [SSL_MODE_ASYNC, SSL_MODE_ASYNC | capi.SSL_MODE_ENABLE_PARTIAL_WRITE, 0xffffffff]) {
    t.throws(() => capi.SSL_CTX_set_mode(ctx, bits), { code: 'ERR_OUT_OF_RANGE' });
  }
  t.is(capi.SSL_CTX_get_mode(ctx), mode);
});

test('a connection without BIOs: an error, at whatever point they were taken away', (t) => {
  const operations = [
    capi.SSL_do_handshake,
    capi.SSL_connect,
    capi.SSL_accept,
    capi.SSL_shutdown,
    (ssl: capi.SSL) => capi.SSL_read(ssl, Buffer.alloc(1)),
    (ssl: capi.SSL) => capi.SSL_write(ssl, Buffer.from('x')),
  ];
  const pair = statefulPair(capi.TLS1_3_VERSION);
  const before = () => createSslObjects(pair.sctx, pair.cctx);
  const middle = () => {
    const objects = before();
    capi.SSL_connect(objects.client);
    capi.SSL_accept(objects.server);
    return objects;
  };
  for (const make of [before, middle, () => connected(pair)]) {
    for (const operation of operations) {
      for (const side of ['client', 'server'] as const) {
        const ssl = make()[side];
        capi.SSL_set_bio(ssl, null, null);
        for (let i = 0; i < 3; i++) {
          const result = operation(ssl);
          t.true(result <= 1);
          if (result <= 0)
            t.true([capi.SSL_ERROR_SSL, capi.SSL_ERROR_SYSCALL].includes(capi.SSL_get_error(ssl, result)));
        }
      }
    }
  }
  capi.ERR_clear_error();
});

test('without the guard: SSL_get_error asks a BIO that is not there', async (t) => {
  const { signal, facts } = await unguarded('found_no_bio');
  t.is(facts.wantRead, 1);
  t.true(CRASH.includes(signal), `ended by ${signal}`);
});

test('without the guard: so it does after failures, until OpenSSL 4.0', async (t) => {
  const { signal, facts } = await unguarded('found_no_bio', 'operations');
  t.is(facts.wantRead, 1);
  if (capi.OpenSSL_version_num() < 0x40000000) t.true(CRASH.includes(signal), `ended by ${signal}`);
  // 4.0 keeps with the connection that it has failed, and says so before it looks for a BIO.
  else t.deepEqual([signal, facts.error], [null, capi.SSL_ERROR_SSL]);
});

type Setter = (ssl: capi.SSL, inside: (() => void) | null) => unknown;

const SETTERS: Record<string, Setter> = {
  SSL_set_msg_callback: (ssl, inside) => capi.SSL_set_msg_callback(ssl, inside),
  SSL_set_info_callback: (ssl, inside) => capi.SSL_set_info_callback(ssl, inside),
  SSL_set_not_resumable_session_callback: (ssl, inside) =>
    capi.SSL_set_not_resumable_session_callback(
      ssl,
      inside &&
        (() => {
          inside();
          return 0;
        }),
    ),
  SSL_set_generate_session_id: (ssl, inside) =>
    capi.SSL_set_generate_session_id(
      ssl,
      inside &&
        ((_ssl, maxLength) => {
          inside();
          return crypto.getRandomValues(new Uint8Array(maxLength));
        }),
    ),
};

for (const { name, version } of VERSIONS) {
  for (const [what, set] of Object.entries(SETTERS)) {
    test(`${name}: a callback of ${what} takes itself back, at whichever call`, (t) => {
      const pair = statefulPair(version);
      for (let last = 1; last <= 40; last++) {
        const objects = createSslObjects(pair.sctx, pair.cctx);
        let calls = 0;
        set(objects.server, () => {
          if (++calls === last) set(objects.server, null);
        });
        t.true(createSslConnection(objects));
        t.true(calls <= last);
        shutdownSslConnection(objects);
      }
    });

    test(`${name}: a callback of ${what} puts another in its place`, (t) => {
      const pair = statefulPair(version);
      const objects = createSslObjects(pair.sctx, pair.cctx);
      const order: string[] = [];
      set(objects.server, () => {
        order.push('first');
        set(objects.server, () => {
          order.push('second');
        });
      });
      t.true(createSslConnection(objects));
      t.is(order.indexOf('first'), 0);
      t.is(order.lastIndexOf('first'), 0);
    });
  }
}

test('without the guard: a message callback that takes itself back is called once more, until OpenSSL 3.2', async (t) => {
  const { signal, facts } = await unguarded('found_msg_callback');
  t.is(facts.begun, 1);
  if (capi.OpenSSL_version_num() < 0x30200000) t.true(CRASH.includes(signal), `ended by ${signal}`);
  // The record layer of 3.2 asks the connection before each call whether there still is one.
  else t.deepEqual([signal, facts.handshake], [null, 1]);
});

test('a getter in the answer of a ticket key callback', (t) => {
  const { objects, contexts } = preparedFor('SSL_CTX_set_tlsext_ticket_key_evp_cb', capi.TLS1_3_VERSION);
  capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(contexts.sctx, () => {
    const aesKey = new Uint8Array(32);
    return {
      ret: 1,
      name: Buffer.alloc(16),
      aesKey,
      // Takes the other key's memory away when that has been asked for.
      get hmacKey() {
        structuredClone(aesKey.buffer, { transfer: [aesKey.buffer] });
        globalThis.gc?.();
        return Buffer.alloc(32);
      },
    };
  });
  t.notThrows(() => createSslConnection(objects));
});
