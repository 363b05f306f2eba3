// A worker that does handshakes and drops everything it makes.
import { parentPort, workerData } from 'node:worker_threads';
import * as capi from '../../../src/capi/index.ts';
import { exchange } from '../../helpers/pair.ts';
import { makeSession } from '../../helpers/session.ts';
import { statefulPair } from '../contexts.ts';

const { count, version } = workerData.data;
const pair = statefulPair(version);
capi.SSL_CTX_sess_set_cache_size(pair.sctx, 4);
capi.SSL_CTX_sess_set_remove_cb(pair.sctx, () => {
  capi.SSL_CTX_add_session(capi.SSL_CTX_new(capi.TLS_method()), makeSession({ id: 1 }));
});
let told = false;
for (let i = 0; i < count; i++) {
  capi.SSL_CTX_sess_set_new_cb(pair.sctx, () => {
    if (!told) parentPort?.postMessage('inside');
    told = true;
  });
  exchange(pair);
}
