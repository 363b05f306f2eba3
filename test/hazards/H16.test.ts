// H16: replay protection of early data works by removing the session from the internal cache. An external store beside
// it brings the session back. Nothing can be refused here: the test shows which two set-ups hold, and which does not.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { type ContextPair, createSslObjects, exchange, type SslPair } from '../helpers/pair.ts';
import { codeOf, statefulPair } from './contexts.ts';

const EARLY = Buffer.from('early');

function earlyPair(): ContextPair {
  const pair = statefulPair(capi.TLS1_3_VERSION);
  capi.SSL_CTX_clear_options(pair.sctx, capi.SSL_OP_NO_TICKET);
  capi.SSL_CTX_set_max_early_data(pair.sctx, 1024);
  return pair;
}

interface Attempt {
  reused: boolean;
  early: string;
}

function attempt(pair: ContextPair, session: capi.SSL_SESSION): Attempt {
  const objects = createSslObjects(pair.sctx, pair.cctx);
  capi.SSL_set_session(objects.client, session);
  return tryEarlyData(objects);
}

/** A client that sends early data, and what the server got of it. */
function tryEarlyData({ client, server }: SslPair): Attempt {
  capi.SSL_write_early_data(client, EARLY);
  const buffer = Buffer.alloc(100);
  let early = '';
  for (let turn = 0; turn < 10; turn++) {
    const { status, bytesRead } = capi.SSL_read_early_data(server, buffer);
    if (status === capi.SSL_READ_EARLY_DATA_SUCCESS) early += buffer.toString('latin1', 0, bytesRead);
    if (status === capi.SSL_READ_EARLY_DATA_FINISH) break;
    if (capi.SSL_do_handshake(client) === 1) break;
  }
  for (let turn = 0; turn < 3; turn++) {
    capi.SSL_do_handshake(client);
    capi.SSL_do_handshake(server);
  }
  capi.SSL_read(client, buffer);
  const reused = capi.SSL_session_reused(server) === 1;
  capi.SSL_shutdown(client);
  capi.SSL_shutdown(server);
  capi.SSL_free(client);
  capi.SSL_free(server);
  return { reused, early };
}

/** What an external store keeps: bytes, by ID. */
function storeOf(pair: ContextPair): Map<string, Buffer> {
  const store = new Map<string, Buffer>();
  capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, session) => {
    const der = capi.i2d_SSL_SESSION(session);
    if (der !== null) store.set(capi.SSL_SESSION_get_id(session).toString('hex'), der);
  });
  return store;
}

function read(der: Buffer | undefined): capi.SSL_SESSION | null {
  return der === undefined ? null : capi.d2i_SSL_SESSION(der);
}

test('internal cache only: the first attempt is early, its replay is not', (t) => {
  const pair = earlyPair();
  const { session } = exchange(pair);
  t.deepEqual(attempt(pair, session), { reused: true, early: 'early' });
  t.deepEqual(attempt(pair, session), { reused: false, early: '' });
});

test('internal and external: every replay is early. Protection is void', (t) => {
  const pair = earlyPair();
  const store = storeOf(pair);
  const { session } = exchange(pair);
  capi.SSL_CTX_sess_set_get_cb(pair.sctx, (_ssl, id) => read(store.get(id.toString('hex'))));
  const attempts = Array.from({ length: 3 }, () => attempt(pair, session));
  t.deepEqual(
    attempts,
    Array.from({ length: 3 }, () => ({ reused: true, early: 'early' })),
  );
});

test("external only, with libssl's protection on: nothing ever resumes", (t) => {
  const pair = earlyPair();
  capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL);
  const store = storeOf(pair);
  const { session } = exchange(pair);
  let asked = 0;
  capi.SSL_CTX_sess_set_get_cb(pair.sctx, (_ssl, id) => {
    asked++;
    return read(store.get(id.toString('hex')));
  });
  t.deepEqual(attempt(pair, session), { reused: false, early: '' });
  t.is(asked, 1);
});

test('external only, protection by the store: take and delete in one step', (t) => {
  const pair = earlyPair();
  capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL);
  capi.SSL_CTX_set_options(pair.sctx, capi.SSL_OP_NO_TICKET | capi.SSL_OP_NO_ANTI_REPLAY);
  const store = storeOf(pair);
  const { session } = exchange(pair);
  capi.SSL_CTX_sess_set_get_cb(pair.sctx, (_ssl, id) => {
    const key = id.toString('hex');
    const found = read(store.get(key));
    store.delete(key);
    return found;
  });
  t.deepEqual(attempt(pair, session), { reused: true, early: 'early' });
  t.deepEqual(attempt(pair, session), { reused: false, early: '' });
});

test('the callback that allows early data: busy (H10), and its exception comes out', (t) => {
  const pair = earlyPair();
  const { session } = exchange(pair);
  const codes: unknown[] = [];
  capi.SSL_CTX_set_allow_early_data_cb(pair.sctx, (ssl) => {
    codes.push(
      codeOf(() => capi.SSL_read_early_data(ssl, Buffer.alloc(1))),
      codeOf(() => capi.SSL_do_handshake(ssl)),
    );
    throw new Error('from the callback');
  });
  t.throws(() => attempt(pair, session), { message: 'from the callback' });
  t.deepEqual(codes, ['ERR_SSLCTX_BUSY', 'ERR_SSLCTX_BUSY']);
});
