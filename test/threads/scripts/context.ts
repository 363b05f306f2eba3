// Does with the context of another thread what it is asked to.
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import * as capi from '../../../src/capi/index.ts';
import { contextHandle } from '../../../src/context.ts';
import { createServer, SslContext, SslSession } from '../../../src/index.ts';

const context = SslContext.fromShared(workerData.context);
const heard: string[] = [];

const answers: Record<string, (argument: never) => unknown> = {
  ids: () => Array.from(context.sessions(), ({ id }) => id.toString('hex')),
  add: (ders: Uint8Array[]) => context.importSessions(ders),
  has: (id: Uint8Array) => context.hasSession(id),
  der: (id: Uint8Array) => context.getSession(id)?.toDER(),
  remove: (id: Uint8Array) => {
    const session = context.getSession(id);
    return session !== undefined && context.removeSession(session);
  },
  removeDer: (der: Uint8Array) => context.removeSession(SslSession.fromDER(der)),
  flush: () => context.clearSessions(),
  stats: () => context.stats,
  isShared: () => context.isShared,
  free: () => context.free(),
  listen: async () => {
    const server = createServer({ context }, (socket) => socket.on('error', () => {}).end('bye'));
    server.listen({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return server.address();
  },
  hear: () => {
    context.on('newSession', ({ id }, isElsewhere) => heard.push(`new ${id.toString('hex')} ${isElsewhere}`));
    context.on('removeSession', ({ id }, reason) => heard.push(`${reason} ${id.toString('hex')}`));
  },
  heard: async (count: number) => {
    while (heard.length < count) await turn();
    return heard.splice(0);
  },
  churn: ({ count, gate }: { count: number; gate: Int32Array }) => {
    const session = SslSession.create({ protocol: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256' });
    for (let round = 0; round < count; round++) {
      context.addSession(session);
      context.removeSession(session);
    }
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  },
  setTimeout: () => {
    context.sessionTimeout = 5;
  },
  setStoreFlags: () => {
    capi.X509_STORE_set_flags(capi.SSL_CTX_get_cert_store(contextHandle(context)), capi.X509_V_FLAG_CRL_CHECK);
  },
  trust: (der: Uint8Array) => {
    const certificate = capi.d2i_X509(der);
    if (certificate === null) throw new Error('no certificate');
    return capi.X509_STORE_add_cert(capi.SSL_CTX_get_cert_store(contextHandle(context)), certificate);
  },
  revoke: (label: string) => context.ticketKeyRing?.revoke(label),
  rotate: (secret: Uint8Array) => context.ticketKeyRing?.rotate(secret),
};

parentPort?.on('message', async ([what, argument]: [string, never]) => {
  try {
    parentPort?.postMessage({ value: await answers[what]?.(argument) });
  } catch (error) {
    // A clone of an error loses its code.
    parentPort?.postMessage({ error: { ...(error instanceof Error && { message: error.message }), ...Object(error) } });
  }
});
parentPort?.postMessage('ready');
