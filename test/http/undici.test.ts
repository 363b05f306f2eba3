// A client on undici moves over by one import.
import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { Agent, request } from 'undici';
import * as http2 from '../../src/http/http2.ts';
import * as https from '../../src/http/https.ts';
import { connector } from '../../src/index.ts';
import { certificate } from '../helpers/classes.ts';
import { SLOWER } from '../helpers/limits.ts';
import { portOf } from './listen.ts';
import { certificates, program, run } from './programs.ts';

test('an undici client with a certificate behaves the same with its own connector and with ours', async (t) => {
  t.timeout(120_000 * SLOWER);
  const { folder } = certificates(t);
  const app = await run(t, program(t, 'app.mjs', true), folder);
  const { https: port } = JSON.parse(app.greeting);
  const seen: unknown[] = [];
  for (const isSwapped of [false, true]) {
    const client = await run(t, program(t, 'undici-client.mjs', isSwapped), folder, String(port));
    t.is((await client.ended).code, 0);
    seen.push(JSON.parse(client.greeting));
  }
  const [before, after] = seen;
  t.deepEqual(after, before);
  t.like(after, { stranger: [401, 'no certificate\n'], untrusted: 'an error', wrongName: 'an error', lenient: 401 });
  t.like(after, { fetched: [200, 'hello alice\n'], download: 4_000_000 });
});

async function text(dispatcher: Agent, origin: string): Promise<string> {
  const { body } = await request(origin, { dispatcher });
  return body.text();
}

function agent(t: ExecutionContext, ...options: Parameters<typeof connector>): Agent {
  const own = new Agent({ connect: connector(...options), allowH2: options[0]?.allowH2 ?? false });
  t.teardown(() => own.destroy());
  return own;
}

test('HTTP/2 through undici', async (t) => {
  const server = http2.createSecureServer({ ...certificate(), allowHTTP1: true }, (incoming, response) => {
    response.end(incoming.httpVersion);
  });
  const port = await portOf(t, server);
  const ca = certificate().cert;
  t.is(await text(agent(t, { ca, allowH2: true }), `https://localhost:${port}`), '2.0');
  t.is(await text(agent(t, { ca }), `https://localhost:${port}`), '1.1');
});

test('the connections of undici resume sessions, each its own', async (t) => {
  const seen: boolean[] = [];
  const server = https.createServer({ ...certificate(), tickets: 'stateful' }, (_request, response) => {
    response.setHeader('connection', 'close').end();
  });
  server.on('secureConnection', (socket) => seen.push(socket.isSessionReused()));
  const port = await portOf(t, server);
  const client = agent(t, { ca: certificate().cert });
  for (let round = 0; round < 4; round++) await text(client, `https://localhost:${port}`);
  t.deepEqual(seen, [false, true, true, true]);
});

test('an http: origin gets a plain connection, and what fails is an error', async (t) => {
  const server = createPlainServer((_request, response) => response.end('plain'));
  const port = await portOf(t, server);
  const client = agent(t, {});
  t.is(await text(client, `http://localhost:${port}`), 'plain');
  await t.throwsAsync(text(client, `https://localhost:${port}`), { message: /SSL routines/ });
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  await t.throwsAsync(text(client, `https://localhost:${port}`), { code: 'ECONNREFUSED' });
  await t.throwsAsync(text(agent(t, { ca: 'no PEM' }), 'https://localhost:1'), { code: 'ERR_OSSL_PEM_NO_START_LINE' });
});

test('a server that never answers the handshake runs into the time-out', async (t) => {
  const server = createPlainServer();
  server.removeAllListeners('connection');
  const port = await portOf(t, server);
  server.on('connection', (socket) => t.teardown(() => socket.destroy()));
  const error = await t.throwsAsync(text(agent(t, { timeout: 50 }), `https://localhost:${port}`));
  t.like(error, { code: 'ERR_SSLCTX_HANDSHAKE_TIMEOUT' });
  t.throws(() => connector({ timeout: -1 }), { code: 'ERR_OUT_OF_RANGE' });
});
