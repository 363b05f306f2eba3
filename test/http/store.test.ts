// The options of this package that node:https has not: a session store, and what is not for these servers.
import test from 'ava';
import * as http2 from '../../src/http/http2.ts';
import * as https from '../../src/http/https.ts';
import * as tls from '../../src/http/tls.ts';
import { MemorySessionStore } from '../../src/index.ts';
import { makeCertificate, sClient } from '../../src/testing/index.ts';
import { portOf } from './listen.ts';

const certificate = makeCertificate();

test('servers of sslctx/https and sslctx/http2 have the sessions of one store', async (t) => {
  const sessionStore = new MemorySessionStore();
  const options = { ...certificate, sessionIdContext: 'shop', sessionStore, lookupTimeout: 5000 };
  const servers = [https.createServer(options), http2.createSecureServer({ ...options, allowHTTP1: true })];
  const ports = [];
  for (const server of servers) {
    server.on('request', (_request, response) => void response.end());
    ports.push(await portOf(t, server));
  }
  const visit = {
    protocol: 'TLSv1.3',
    send: 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  } as const;
  const first = await sClient({ ...visit, port: ports[0] ?? 0, until: 'closed' });
  const second = await sClient({ ...visit, port: ports[1] ?? 0, until: 'closed', sessionIn: first.session });
  t.deepEqual([first.reused, second.reused], [false, true]);
  t.is(https.createServer(certificate).sessionStore, undefined);
});

test('workers are for createServer of sslctx', (t) => {
  const options = { ...certificate, workers: { file: new URL('./worker.js', import.meta.url), count: 2 } };
  for (const { create } of [
    { create: () => https.createServer(options) },
    { create: () => http2.createSecureServer(options) },
    { create: () => tls.createServer(options) },
  ]) {
    t.throws(create, { code: 'ERR_INVALID_ARG_VALUE', message: /workers/ });
  }
});
