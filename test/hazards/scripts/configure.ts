// A worker that sets up a context of its own.
import { parentPort } from 'node:worker_threads';
import * as capi from '../../../src/capi/index.ts';

const ctx = capi.SSL_CTX_new(capi.TLS_method());
capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_BOTH);
capi.SSL_CTX_sess_set_cache_size(ctx, 99);
capi.SSL_CTX_set_timeout(ctx, 1);
capi.SSL_CTX_set_tlsext_ticket_keys(ctx, Buffer.alloc(80, 1));
parentPort?.postMessage({
  mode: capi.SSL_CTX_get_session_cache_mode(ctx),
  size: capi.SSL_CTX_sess_get_cache_size(ctx),
  timeout: capi.SSL_CTX_get_timeout(ctx),
});
