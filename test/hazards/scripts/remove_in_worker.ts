// Removes sessions from a context of this thread and tells on which threads the callback ran.
import { parentPort, threadId, workerData } from 'node:worker_threads';
import * as capi from '../../../src/capi/index.ts';
import { makeSession } from '../../helpers/session.ts';

const threads = new Set<number>();
let removed = 0;
const ctx = capi.SSL_CTX_new(capi.TLS_method());
capi.SSL_CTX_sess_set_remove_cb(ctx, () => {
  threads.add(threadId);
  removed++;
});
for (let id = 0; id < workerData.data; id++) capi.SSL_CTX_add_session(ctx, makeSession({ id }));
capi.SSL_CTX_flush_sessions(ctx, 0);
parentPort?.postMessage({ removed, thread: threadId, threads: [...threads] });
