// Early data (0-RTT) with the real s_client and s_server, and between our own.
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { connect, createServer, type SslServer, type SslServerOptions, type SslSession } from '../../src/index.ts';
import { sClient, sServer } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn, overStreams } from './listen.ts';

async function listen(t: ExecutionContext, options: SslServerOptions): Promise<{ server: SslServer; port: number }> {
  const server = createServer({ ...certificate(), ...options });
  return { server, port: await listenOn(t, server) };
}

const client = { host: '127.0.0.1', servername: 'localhost', ca: certificate().cert };

async function firstSession(port: number): Promise<SslSession> {
  const socket = connect({ ...client, port });
  const [session] = await once(socket, 'session');
  socket.destroy();
  return session;
}

interface Seen {
  /** Before the end of the handshake. */
  early: string;
  late: string;
}

/** Answers the early data at once; tells what came when. */
function observe(server: SslServer): Seen[] {
  const all: Seen[] = [];
  server.on('secureConnection', (socket) => {
    const seen: Seen = { early: '', late: '' };
    all.push(seen);
    socket.on('data', (data: Buffer) => {
      if (socket.isEarly) socket.write(`early: ${data}`);
      seen[socket.isEarly ? 'early' : 'late'] += data;
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => {});
  });
  return all;
}

test('early data of s_client is there before the handshake ends, and only once', async (t) => {
  const { server, port } = await listen(t, { maxEarlyData: 16_384 });
  const seen = observe(server);
  const first = await sClient({ port });
  const session = first.session ?? t.fail('a session');
  const earlyData = Buffer.from('GET / HTTP/1.0\r\n\r\n');
  const second = await sClient({ port, sessionIn: String(session), earlyData });
  t.true(second.reused);
  t.regex(second.output, /Early data was accepted/);
  t.is(seen[1]?.early, 'GET / HTTP/1.0\r\n\r\n');
  const replayed = await sClient({ port, sessionIn: String(session), earlyData });
  t.false(replayed.reused);
  t.regex(replayed.output, /Early data was rejected/);
  t.is(seen[2]?.early, '');
});

test('between our own: answered early, and repeated where it is refused', async (t) => {
  const { server, port } = await listen(t, { maxEarlyData: 16_384 });
  const seen = observe(server);
  // Of a copy: to libssl, a session of TLS 1.3 is used up by a connection.
  const session = (await firstSession(port)).toDER();
  const socket = connect({ ...client, port, session, earlyData: Buffer.from('early ') });
  socket.write('and late');
  const [answer] = await once(socket, 'data');
  t.is(String(answer), 'early: early ');
  t.is(socket.earlyData, 'accepted');
  t.true(socket.isSessionReused());
  const closed = once(socket, 'close');
  socket.end();
  await closed;
  t.deepEqual(seen[1], { early: 'early ', late: 'and late' });

  const again = connect({ ...client, port, session, earlyData: Buffer.from('early ') });
  again.end('and late');
  again.resume();
  await once(again, 'secureConnect');
  t.is(again.earlyData, 'rejected');
  await once(again, 'close');
  t.deepEqual(seen[2], { early: '', late: 'early and late' });

  const without = connect({ ...client, port, earlyData: Buffer.from('early ') });
  without.end('and late');
  without.resume();
  await once(without, 'secureConnect');
  t.is(without.earlyData, 'not-sent');
  await once(without, 'close');
  t.deepEqual(seen[3], { early: '', late: 'early and late' });
});

test('secure comes with the end of the handshake', async (t) => {
  const { server, port } = await listen(t, { maxEarlyData: 1000 });
  const events: string[] = [];
  const session = await firstSession(port);
  server.on('secureConnection', (socket) => {
    events.push(`connection ${socket.isEarly}`);
    socket.on('secure', () => events.push(`secure ${socket.isEarly}`));
    socket.on('end', () => socket.end());
    socket.resume();
  });
  const socket = connect({ ...client, port, session, earlyData: Buffer.alloc(1000) });
  socket.end('late');
  socket.resume();
  await once(socket, 'close');
  t.deepEqual(events, ['connection true', 'secure false']);
});

test('with a pause at the client hello, and a virtual host of its own', async (t) => {
  const { server, port } = await listen(t, {});
  server.addContext('localhost', { ...certificate(), maxEarlyData: 100 });
  const seen = observe(server);
  const session = await firstSession(port);
  const socket = connect({ ...client, port, session, earlyData: Buffer.from('early') });
  socket.end();
  socket.resume();
  await once(socket, 'close');
  t.is(seen[1]?.early, 'early');
});

for (const [where, open] of [
  ['over a socket', listenOn],
  ['over a stream', async (t, server) => (await overStreams(t, server)).port],
] satisfies [string, (t: ExecutionContext, server: SslServer) => Promise<number>][]) {
  test(`early data that nobody reads ${where} does not hold a handshake for ever`, async (t) => {
    const server = createServer({ ...certificate(), maxEarlyData: 65_536, handshakeTimeout: 2000 });
    const port = await open(t, server);
    const session = await firstSession(port);
    server.once('secureConnection', (socket) => t.true(socket.isEarly));
    const failed = once(server, 'secureConnection').then(([socket]) => once(socket, 'error'));
    const socket = connect({ ...client, port, session, earlyData: Buffer.alloc(65_536) });
    socket.on('error', () => {});
    const [error] = await failed;
    t.is(error.code, 'ERR_SSLCTX_HANDSHAKE_TIMEOUT');
    socket.destroy();
  });
}

test('a client of s_server', async (t) => {
  await using server = await sServer({ ...certificate(), earlyData: true, maxEarlyData: 100 });
  const session = await firstSession(server.port);
  t.is(session.maxEarlyData, 100);
  const socket = connect({ ...client, port: server.port, session, earlyData: Buffer.from('0-RTT!') });
  await once(socket, 'secureConnect');
  t.is(socket.earlyData, 'accepted');
  socket.destroy();
  await once(socket, 'close');
  t.throws(() => connect({ ...client, port: server.port, earlyData: Buffer.alloc(0) }), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
});
