// H15: libssl's setters are plain stores without a lock. Here a context that several threads have cannot be set up any
// more (test/threads), and a setter called in the middle of a handshake is that thread's own.
import { once } from 'node:events';
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection } from '../helpers/pair.ts';
import { CALLBACKS, prepared } from './callbacks.ts';
import { VERSIONS } from './contexts.ts';
import { startWorker } from './worker.ts';

test('contexts of two threads do not know of each other', async (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_OFF);
  capi.SSL_CTX_sess_set_cache_size(ctx, 7);
  const keys = capi.SSL_CTX_get_tlsext_ticket_keys(ctx);
  const worker = startWorker('configure');
  const [answer] = await once(worker, 'message');
  await worker.terminate();
  t.deepEqual(answer, { mode: capi.SSL_SESS_CACHE_BOTH, size: 99, timeout: 1 });
  t.is(capi.SSL_CTX_get_session_cache_mode(ctx), capi.SSL_SESS_CACHE_OFF);
  t.is(capi.SSL_CTX_sess_get_cache_size(ctx), 7);
  t.deepEqual(capi.SSL_CTX_get_tlsext_ticket_keys(ctx), keys);
});

for (const { name, version } of VERSIONS) {
  for (const callback of CALLBACKS.filter(({ only }) => only === undefined || only === version)) {
    test(`${name}, ${callback.name}: the context may be set up anew`, (t) => {
      const { objects, contexts, hook } = prepared(callback, version);
      let calls = 0;
      hook.inside = () => {
        calls++;
        for (const ctx of [contexts.sctx, contexts.cctx]) {
          const mode = capi.SSL_CTX_get_session_cache_mode(ctx);
          t.is(capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_OFF), mode);
          capi.SSL_CTX_set_session_cache_mode(ctx, mode);
          capi.SSL_CTX_sess_set_cache_size(ctx, calls);
          capi.SSL_CTX_set_timeout(ctx, 100 + calls);
          capi.SSL_CTX_set_tlsext_ticket_keys(ctx, Buffer.alloc(80, calls));
          capi.SSL_CTX_set_cipher_list(ctx, 'DEFAULT');
          capi.SSL_CTX_set_ciphersuites(ctx, 'TLS_AES_128_GCM_SHA256');
          capi.SSL_CTX_set_session_id_context(ctx, Buffer.from(`number ${calls}`));
          capi.SSL_CTX_flush_sessions(ctx, 0);
        }
        globalThis.gc?.();
      };
      createSslConnection(objects);
      t.true(calls > 0);
      capi.SSL_free(objects.client);
      capi.SSL_free(objects.server);
      capi.ERR_clear_error();
      t.is(capi.debug.errorQueueDepth(), 0);
    });

    test(`${name}, ${callback.name}: all callbacks may be taken back`, (t) => {
      const { objects, contexts, hook } = prepared(callback, version);
      hook.inside = () => {
        for (const ctx of [contexts.sctx, contexts.cctx]) takeBack(ctx);
        globalThis.gc?.();
      };
      createSslConnection(objects);
      capi.SSL_free(objects.client);
      capi.SSL_free(objects.server);
      capi.ERR_clear_error();
      t.is(capi.debug.errorQueueDepth(), 0);
    });
  }
}

function takeBack(ctx: capi.SSL_CTX): void {
  capi.SSL_CTX_sess_set_new_cb(ctx, null);
  capi.SSL_CTX_sess_set_remove_cb(ctx, null);
  capi.SSL_CTX_sess_set_get_cb(ctx, null);
  capi.SSL_CTX_set_client_hello_cb(ctx, null);
  capi.SSL_CTX_set_generate_session_id(ctx, null);
  capi.SSL_CTX_set_not_resumable_session_callback(ctx, null);
  capi.SSL_CTX_set_session_ticket_cb(ctx, null, null);
  capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, null);
  capi.SSL_CTX_set_psk_find_session_callback(ctx, null);
  capi.SSL_CTX_set_psk_use_session_callback(ctx, null);
  capi.SSL_CTX_set_tlsext_servername_callback(ctx, null);
  capi.SSL_CTX_set_alpn_select_cb(ctx, null);
  capi.SSL_CTX_set_keylog_callback(ctx, null);
  capi.SSL_CTX_set_info_callback(ctx, null);
  capi.SSL_CTX_set_msg_callback(ctx, null);
}
