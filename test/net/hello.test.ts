// What a server does while a client hello waits for an answer, and with answers that are of no use.
import { once } from 'node:events';
import test from 'ava';
import { connect, createServer, MemorySessionStore, SslContext, type SslServerOptions } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn, overStreams } from './listen.ts';

const client = { host: '127.0.0.1', servername: 'localhost', ca: certificate().cert };

test('a stream is not read while its client hello waits', async (t) => {
  let answer = (): void => {};
  const asked = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let release = (): void => {};
  const SNICallback: SslServerOptions['SNICallback'] = (_name, callback) => {
    release = () => callback(null);
    answer();
  };
  const server = createServer({ ...certificate(), SNICallback });
  const { port, streams } = await overStreams(t, server);
  const socket = connect({ ...client, port });
  await asked;
  t.true(streams[0]?.isPaused());
  release();
  await once(socket, 'secure');
  t.false(streams[0]?.isPaused());
  socket.destroy();
});

test("sessions of a virtual host without a store do not come into the server's", async (t) => {
  const sessionStore = new MemorySessionStore();
  const server = createServer({ ...certificate(), sessionStore });
  server.addContext('other.example', new SslContext({ ...certificate(), tickets: 'stateful' }));
  const port = await listenOn(t, server);
  const until = 'closed';
  server.on('secureConnection', (socket) => socket.end('bye'));
  t.truthy((await sClient({ port, servername: 'other.example', until })).session);
  await server.sessionStore?.flush();
  t.is(sessionStore.size, 0);
  t.truthy((await sClient({ port, servername: 'localhost', until })).session);
  await server.sessionStore?.flush();
  t.true(sessionStore.size > 0);
});

for (const [what, name] of [
  ['is empty', ''],
  ['is too long', 'x'.repeat(256)],
  ['is no string', 5],
] as const) {
  test(`an answer of ALPNCallback that ${what} ends the handshake with an error`, async (t) => {
    const ALPNCallback = (): string => Object(name).valueOf();
    const server = createServer({ ...certificate(), ALPNCallback });
    const port = await listenOn(t, server);
    const failed = once(server, 'tlsClientError');
    const socket = connect({ ...client, port, ALPNProtocols: ['h2'] });
    socket.on('error', () => {});
    const [error] = await failed;
    t.regex(error.code, /^ERR_INVALID_ARG_(VALUE|TYPE)$/);
  });
}

test('protocols are bytes: a name that is not ASCII arrives as it was sent', async (t) => {
  const server = createServer({ ...certificate(), ALPNCallback: ({ protocols: [first] }) => first });
  const port = await listenOn(t, server);
  const socket = connect({ ...client, port, ALPNProtocols: ['\xe9\xff'] });
  await once(socket, 'secure');
  t.is(socket.alpnProtocol, '\xe9\xff');
  socket.destroy();
});
