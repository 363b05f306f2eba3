// H10: callbacks that call back into their own connection, and callbacks that throw.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, createSslObjects, type SslPair } from '../helpers/pair.ts';
import { CALLBACKS, type Callback, prepared, preparedFor } from './callbacks.ts';
import { codeOf, statefulPair, VERSIONS } from './contexts.ts';
import { CRASH, shownOnGlibc, unguarded } from './unguarded.ts';

/** Everything that would run libssl's state machine, or change what it stands on. */
const REENTRANT: Record<string, (ssl: capi.SSL) => unknown> = {
  SSL_do_handshake: (ssl) => capi.SSL_do_handshake(ssl),
  SSL_connect: (ssl) => capi.SSL_connect(ssl),
  SSL_accept: (ssl) => capi.SSL_accept(ssl),
  SSL_read: (ssl) => capi.SSL_read(ssl, Buffer.alloc(1)),
  SSL_peek: (ssl) => capi.SSL_peek(ssl, Buffer.alloc(1)),
  SSL_write: (ssl) => capi.SSL_write(ssl, Buffer.from('early')),
  SSL_read_early_data: (ssl) => capi.SSL_read_early_data(ssl, Buffer.alloc(1)),
  SSL_write_early_data: (ssl) => capi.SSL_write_early_data(ssl, Buffer.from('early')),
  SSL_shutdown: (ssl) => capi.SSL_shutdown(ssl),
  SSL_renegotiate: (ssl) => capi.SSL_renegotiate(ssl),
  SSL_clear: (ssl) => capi.SSL_clear(ssl),
  SSL_new_session_ticket: (ssl) => capi.SSL_new_session_ticket(ssl),
  SSL_set_session: (ssl) => capi.SSL_set_session(ssl, null),
  SSL_set_bio: (ssl) => capi.SSL_set_bio(ssl, null, null),
  SSL_set_connect_state: (ssl) => capi.SSL_set_connect_state(ssl),
  SSL_set_accept_state: (ssl) => capi.SSL_set_accept_state(ssl),
  SSL_set_shutdown: (ssl) => capi.SSL_set_shutdown(ssl, 0),
};

function serves(callback: Callback, version: number): boolean {
  return callback.only === undefined || callback.only === version;
}

for (const { name, version } of VERSIONS) {
  for (const callback of CALLBACKS.filter((one) => serves(one, version))) {
    test(`${name}, ${callback.name}: the connection is busy`, (t) => {
      const { objects, hook } = prepared(callback, version);
      const codes = new Set<string>();
      let calls = 0;
      hook.inside = (ssl) => {
        calls++;
        for (const [what, use] of Object.entries(REENTRANT)) codes.add(`${what} ${String(codeOf(() => use(ssl)))}`);
      };
      t.true(createSslConnection(objects), 'the handshake is none the worse');
      t.true(calls > 0, 'the callback was called');
      t.deepEqual(
        [...codes],
        Object.keys(REENTRANT).map((what) => `${what} ERR_SSLCTX_BUSY`),
      );
      t.true(talks(objects));
    });

    test(`${name}, ${callback.name}: what it throws comes out of the function that was called`, (t) => {
      const { objects, hook } = prepared(callback, version);
      const thrown = { not: 'even an Error' };
      hook.inside = () => {
        throw thrown;
      };
      let caught: unknown;
      try {
        createSslConnection(objects);
      } catch (error) {
        caught = error;
      }
      t.is(caught, thrown);
      t.is(capi.debug.errorQueueDepth(), 0);
      // Whatever became of the connection, it can be asked and freed.
      t.is(typeof capi.SSL_get_version(objects.server), 'string');
      capi.SSL_free(objects.server);
      capi.SSL_free(objects.client);
    });
  }
}

/** Both directions still carry data. */
function talks({ client, server }: SslPair): boolean {
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    if (capi.SSL_write(from, Buffer.from('hello')) !== 5) return false;
    const read = Buffer.alloc(5);
    if (capi.SSL_read(to, read) !== 5 || read.toString() !== 'hello') return false;
  }
  return true;
}

test('other connections may be used in a callback, also of the same contexts', (t) => {
  const { objects, contexts, hook } = preparedFor('SSL_CTX_sess_set_new_cb', capi.TLS1_3_VERSION);
  let inner = 0;
  hook.inside = () => {
    if (inner++ > 0) return;
    const others = createSslObjects(contexts.sctx, contexts.cctx);
    t.true(createSslConnection(others));
    t.true(talks(others));
  };
  t.true(createSslConnection(objects));
  t.true(inner > 0);
});

test('SSL_read into a buffer that the callback takes away', (t) => {
  const { sctx, cctx } = statefulPair(capi.TLS1_3_VERSION);
  const objects = createSslObjects(sctx, cctx);
  const memory = new ArrayBuffer(4096);
  const buffer = new Uint8Array(memory);
  let isReading = false;
  // Before the handshake: OpenSSL 4.0 does not tell one that comes later of records.
  capi.SSL_set_msg_callback(objects.client, () => {
    if (!isReading || memory.byteLength === 0) return;
    structuredClone(memory, { transfer: [memory] });
    globalThis.gc?.();
  });
  t.true(createSslConnection(objects));
  t.is(capi.SSL_write(objects.server, Buffer.alloc(1000, 0x41)), 1000);
  isReading = true;
  t.is(capi.SSL_read(objects.client, buffer), 1000);
  t.is(buffer.length, 0);
});

/** In the middle of the handshake, what no callback may do. */
const BREAKING = [
  ['12', 'clear'],
  ['13', 'session'],
  ['13', 'handshake'],
] as const;

for (const [version, what] of BREAKING) {
  shownOnGlibc(
    `without the guard: TLS 1.${version[1]}, ${what} in the new callback breaks the connection`,
    async (t) => {
      const { signal, facts } = await unguarded('h10_reenter', version, what);
      const works = facts.handshake === 1 && facts.written === 5 && facts.read === 5;
      t.true(CRASH.includes(signal) || !works, `ended by ${signal}: ${JSON.stringify(facts)}`);
    },
  );
}
