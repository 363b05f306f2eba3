// connect() with real servers.
import { once } from 'node:events';
import { createServer as createPlain } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { connect, createServer, SslContext, type SslServerOptions, type SslSocket } from '../../src/index.ts';
import { makeCertificate, sServer } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { listenOn } from './listen.ts';

function listen(t: ExecutionContext, options: SslServerOptions = {}): Promise<number> {
  const server = createServer({ ...certificate(), ...options }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.on('tlsClientError', () => {});
  return listenOn(t, server);
}

/** Says hello, hears it back, and ends: by then a client has its tickets. */
async function talk(socket: SslSocket): Promise<string> {
  let text = '';
  socket.write('hello');
  for (const chunk of [await once(socket, 'data')].flat()) text += String(chunk);
  socket.end();
  socket.resume();
  await once(socket, 'close');
  return text;
}

for (const protocol of protocols) {
  const version = { minVersion: protocol, maxVersion: protocol };

  test(`connects, verifies and resumes, ${protocol}`, async (t) => {
    const port = await listen(t, { ...version, tickets: 'stateful' });
    const context = new SslContext({ ca: certificate().cert, sessionCache: { mode: ['client'] } });
    const first = connect({ port, host: '127.0.0.1', servername: 'localhost', context });
    const session = once(first, 'session');
    await once(first, 'secureConnect');
    t.true(first.authorized);
    t.is(first.authorizationError, null);
    t.is(first.getProtocol(), protocol);
    t.false(first.isSessionReused());
    first.write('x');
    first.resume();
    const [got] = await session;
    first.end();
    await once(first, 'close');
    const second = connect({ port, host: '127.0.0.1', servername: 'localhost', context, session: got });
    await once(second, 'secureConnect');
    t.true(second.isSessionReused());
    t.true(second.authorized);
    t.is(await talk(second), 'hello');
  });

  test(`a session is not resumed under another name or without trust, ${protocol}`, async (t) => {
    const { cert, key } = makeCertificate({ altNames: ['localhost', 'evil.test'] });
    const port = await listen(t, { ...version, cert, key, tickets: 'stateless' });
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: cert });
    const session = once(socket, 'session');
    t.is(await talk(socket), 'hello');
    const [got] = await session;
    const other = connect({ port, host: '127.0.0.1', servername: 'evil.test', ca: cert, session: got });
    await once(other, 'secureConnect');
    t.false(other.isSessionReused());
    other.destroy();
    const untrusting = connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: certificate().cert,
      session: got,
    });
    const [error] = await once(untrusting, 'error');
    t.is(error.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    const again = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: cert, session: got.toDER() });
    await once(again, 'secureConnect');
    t.true(again.isSessionReused());
    again.destroy();
  });
}

test('a lenient client is told what is wrong', async (t) => {
  const port = await listen(t);
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  t.false(socket.authorized);
  t.truthy(socket.authorizationError);
  socket.destroy();
});

test('a name is looked up, and a port where nobody listens is an error', async (t) => {
  const port = await listen(t);
  const socket = connect({ port, host: 'localhost', ca: certificate().cert });
  await once(socket, 'secureConnect');
  t.is(socket.remoteAddress, '127.0.0.1');
  t.is(await talk(socket), 'hello');
  const plain = createPlain().listen(0, '127.0.0.1');
  await once(plain, 'listening');
  const address = plain.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  plain.close();
  await once(plain, 'close');
  const [error] = await once(connect({ port: address.port, host: '127.0.0.1' }), 'error');
  t.is(error.code, 'ECONNREFUSED');
  t.is(error.syscall, 'connect');
});

test('a client of the real s_server', async (t) => {
  const { cert, key } = certificate();
  await using server = await sServer({ cert, key });
  const socket = connect({ port: server.port, host: '127.0.0.1', servername: 'localhost', ca: cert });
  await once(socket, 'secureConnect');
  t.true(socket.authorized);
  socket.destroy();
});

test('options that make no sense', (t) => {
  t.throws(() => connect({ port: 0 }), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => connect({ port: 1, ca: '', context: new SslContext() }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => connect({ path: '/x' }), { code: 'ERR_INVALID_ARG_VALUE' });
});
