import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import test from 'ava';
import { isHandshakeErrorObserved, isHandshakeObserved } from '../../src/diagnostics.ts';
import { connect, createServer, SslContext } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';
import { Told } from './told.ts';

const options = (): { cert: string; key: string; sessionIdContext: string } => ({
  ...certificate(),
  sessionIdContext: 'test',
});

test.serial('nothing is asked when nobody listens', (t) => {
  for (const isServer of [true, false]) {
    t.false(isHandshakeObserved(isServer));
    t.false(isHandshakeErrorObserved(isServer));
  }
  const told = new Told(t, 'sslctx:server:handshake');
  t.true(isHandshakeObserved(true));
  t.false(isHandshakeObserved(false));
  t.false(isHandshakeErrorObserved(true));
  t.deepEqual(told.messages, []);
});

for (const protocol of protocols) {
  const kind = protocol === 'TLSv1.2' ? 'session-id' : 'stateful-ticket';

  test.serial(`each handshake of a server is told once, and how it resumed, ${protocol}`, async (t) => {
    const told = new Told(t, 'sslctx:server:handshake');
    const errors = new Told(t, 'sslctx:server:error');
    const server = createServer({ ...options(), tickets: 'stateful' }, (socket) => socket.end('hello\n'));
    const port = await listenOn(t, server);
    const visit = { port, protocol, servername: 'shop.example', until: 'closed' } as const;
    const { session } = await sClient(visit);
    await sClient({ ...visit, sessionIn: session });
    server.context.clearSessions();
    await sClient({ ...visit, sessionIn: session });
    const messages = await told.until(3);
    t.deepEqual(
      messages.map(({ resumption }) => resumption),
      [
        { offered: false, accepted: false },
        { offered: true, kind, accepted: true },
        { offered: true, kind, accepted: false, reason: 'not-found' },
      ],
    );
    for (const message of messages) {
      t.is(message.protocol, protocol);
      t.is(message.servername, 'shop.example');
      t.regex(message.cipher ?? '', /^[A-Z0-9_-]+$/);
      t.true(message.duration > 0 && message.duration < 60_000);
    }
    t.deepEqual(errors.messages, []);
  });

  test.serial(`a client tells its own side, ${protocol}`, async (t) => {
    const told = new Told(t, 'sslctx:client:handshake');
    const server = createServer({ ...options(), minVersion: protocol, maxVersion: protocol }, (socket) => socket.end());
    const port = await listenOn(t, server);
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca: certificate().cert });
    socket.resume();
    await once(socket, 'close');
    const [message, ...more] = await told.until(1);
    t.deepEqual(more, []);
    t.is(message?.socket, socket);
    t.is(message?.protocol, protocol);
    t.deepEqual(message?.resumption, { offered: false, accepted: false });
  });
}

test.serial('a server tells of clients that it loses, with their errors', async (t) => {
  const errors = new Told(t, 'sslctx:server:error');
  const told = new Told(t, 'sslctx:server:handshake');
  const server = createServer({ ...options(), ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' });
  server.on('tlsClientError', () => {});
  const port = await listenOn(t, server);
  await sClient({ port, protocol: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' });
  const [message, ...more] = await errors.until(1);
  t.like(message?.error, { code: 'ERR_SSL_NO_SHARED_CIPHER' });
  t.true((message?.duration ?? 0) > 0);
  t.deepEqual([more, told.messages], [[], []]);
});

test.serial('a client that does not trust the server has no handshake, but an error', async (t) => {
  const told = new Told(t, 'sslctx:client:handshake');
  const errors = new Told(t, 'sslctx:client:error');
  const server = createServer(options());
  server.on('tlsClientError', () => {});
  const port = await listenOn(t, server);
  const untrusting = connect({ host: '127.0.0.1', servername: 'localhost', port });
  await once(untrusting, 'error');
  const checkServerIdentity = (): Error => Object.assign(new Error('no'), { code: 'NOT_MINE' });
  const ca = certificate().cert;
  const choosy = connect({ host: '127.0.0.1', servername: 'localhost', port, ca, checkServerIdentity });
  await once(choosy, 'error');
  const codes = errors.messages.map(({ error }) => ('code' in error ? error.code : undefined));
  t.is(codes.length, 2);
  t.is(codes[1], 'NOT_MINE');
  t.deepEqual(told.messages, []);
});

test.serial('a client that reaches nobody has no duration', async (t) => {
  const errors = new Told(t, 'sslctx:client:error');
  const closed = createTcpServer();
  const port = await new Promise<number>((resolve) => {
    closed.listen(0, '127.0.0.1', () => {
      const address = closed.address();
      const free = typeof address === 'object' && address !== null ? address.port : 0;
      closed.close(() => resolve(free));
    });
  });
  const socket = connect({ host: '127.0.0.1', servername: 'localhost', port });
  await once(socket, 'error');
  t.like(errors.messages[0], { error: { code: 'ECONNREFUSED' }, duration: undefined });
});

test.serial('connections over streams are told once, whatever their listeners do with them', async (t) => {
  const told = new Told(t, 'sslctx:server:handshake');
  const errors = new Told(t, 'sslctx:server:error');
  const server = createServer(options(), (socket) => {
    socket.on('error', () => {});
    socket.destroy(new Error("the application's own"));
  });
  const front = createTcpServer({ allowHalfOpen: true }, (stream) => void server.emit('connection', stream));
  const port = await listenOn(t, front);
  await sClient({ port, until: 'closed' });
  const [message, ...more] = await told.until(1);
  t.true((message?.duration ?? 0) > 0);
  t.deepEqual([more, errors.messages], [[], []]);
});

test.serial('a client that leaves a stream in its handshake is an error', async (t) => {
  const errors = new Told(t, 'sslctx:server:error');
  const server = createServer(options());
  server.on('tlsClientError', () => {});
  const front = createTcpServer({ allowHalfOpen: true }, (stream) => {
    server.emit('connection', stream);
    stream.destroy();
  });
  const port = await listenOn(t, front);
  await sClient({ port });
  await errors.until(1);
  t.is(errors.messages.length, 1);
});

test.serial('a handshake with early data is told when it has ended', async (t) => {
  const context = new SslContext({ ...options(), maxEarlyData: 1024, minVersion: 'TLSv1.3', tickets: 'stateful' });
  const server = createServer({ context }, (socket) => {
    socket.on('data', () => undefined);
    socket.once('secure', () => socket.end('hello\n'));
    if (!socket.isEarly) socket.end('hello\n');
  });
  const port = await listenOn(t, server);
  const { session } = await sClient({ port, until: 'closed' });
  const told = new Told(t, 'sslctx:server:handshake');
  await sClient({ port, sessionIn: session, earlyData: Buffer.from('early'), until: 'closed' });
  const messages = await told.until(1);
  t.deepEqual(
    messages.map(({ resumption, protocol }) => [resumption.accepted, protocol]),
    [[true, 'TLSv1.3']],
  );
});
