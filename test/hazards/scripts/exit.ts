// Ends this process in the way that the argument names.
import { once } from 'node:events';
import { createServer } from 'node:tls';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import * as capi from '../../../src/capi/index.ts';
import { certificate, createSslConnection, createSslObjects, exchange } from '../../helpers/pair.ts';
import { makeSession } from '../../helpers/session.ts';
import { statefulPair } from '../contexts.ts';
import { startWorker } from '../worker.ts';

const pair = statefulPair(capi.TLS1_3_VERSION);
/** Never freed by hand. */
const alive: unknown[] = [pair];

function connect(): void {
  const objects = createSslObjects(pair.sctx, pair.cctx);
  alive.push(objects);
  createSslConnection(objects);
}

const exit = () => process.exit(7);
const fail = () => {
  throw new Error('on purpose');
};

function onRemove(action: () => void): void {
  capi.SSL_CTX_sess_set_remove_cb(pair.sctx, action);
  for (let id = 0; id < 10; id++) capi.SSL_CTX_add_session(pair.sctx, makeSession({ id }));
  capi.SSL_CTX_flush_sessions(pair.sctx, 0);
}

const ways: Record<string, () => unknown> = {
  natural() {
    capi.SSL_CTX_sess_set_remove_cb(pair.sctx, () => {});
    connect();
    exchange(pair);
    const [in1, out1] = capi.BIO_new_bio_pair(0, 0) ?? [];
    alive.push(in1, out1, capi.SSL_CTX_sessions(pair.sctx));
  },
  'exit-in-new'() {
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, exit);
    connect();
  },
  'exit-in-remove': () => onRemove(exit),
  'exit-in-client-hello'() {
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, exit);
    connect();
  },
  'exit-in-info'() {
    capi.SSL_CTX_set_info_callback(pair.cctx, exit);
    connect();
  },
  'throw-in-new'() {
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, fail);
    connect();
  },
  'throw-in-remove': () => onRemove(fail),
  'use-in-exit-handler'() {
    connect();
    process.on('exit', () => {
      exchange(pair);
      capi.SSL_CTX_free(pair.sctx);
    });
  },
  async 'with-node-tls'() {
    const server = createServer(certificate());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    exchange(pair);
    server.close();
    await once(server, 'close');
    connect();
  },
  garbage() {
    for (let i = 0; i < 20; i++) {
      const own = statefulPair(capi.TLS1_2_VERSION);
      capi.SSL_CTX_sess_set_remove_cb(own.sctx, () => process.exit(9));
      exchange(own);
      createSslConnection(createSslObjects(own.sctx, own.cctx));
    }
    globalThis.gc?.();
  },
  async 'worker-alive'() {
    await once(startWorker('exit', 'endless'), 'message');
    process.exit(3);
  },
  async 'worker-terminated'() {
    const worker = startWorker('exit', 'endless');
    await once(worker, 'message');
    await worker.terminate();
    connect();
  },
  async 'worker-exit-in-callback'() {
    const [code] = await once(startWorker('exit', 'exit-in-new'), 'exit');
    if (code !== 7) throw new Error(`the worker ended with ${code}`);
    connect();
  },
  endless() {
    let told = false;
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, () => {
      if (!told) parentPort?.postMessage('inside');
      told = true;
    });
    for (;;) exchange(pair);
  },
};

await ways[isMainThread ? (process.argv[2] ?? '') : workerData.data]?.();
