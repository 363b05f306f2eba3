// What peers and callbacks may do at the worst moment.
import { AsyncLocalStorage, executionAsyncResource } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { fstatSync, readdirSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';
import { connect, createServer, type SslContext, type SslServer, SslSocket } from '../../src/index.ts';
import { certificate, clientContext, protocols, serverContext } from '../helpers/classes.ts';
import { listenOn } from './listen.ts';

async function tcp(port: number): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Both ends of a connection, and the TCP socket under the client's. */
async function joined(t: ExecutionContext, server: SslServer, protocol: (typeof protocols)[number] = 'TLSv1.3') {
  const port = await listenOn(t, server);
  const accepted = once(server, 'secureConnection');
  const raw = await tcp(port);
  const options = { socket: raw, servername: 'localhost', minVersion: protocol, maxVersion: protocol } as const;
  const client = connectTls({ ...options, ca: certificate().cert });
  client.on('error', () => {});
  await once(client, 'secureConnect');
  const [socket]: [SslSocket] = await accepted.then(([one]): [SslSocket] => [one]);
  return { raw, client, socket, port };
}

/** How many this process has; other descriptors, such as of files that a loader reads, come and go. */
function openSockets(): number {
  const names = readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd');
  return names.filter((name) => {
    try {
      return fstatSync(Number(name)).isSocket();
    } catch {
      // Closed meanwhile: that of the folder itself.
      return false;
    }
  }).length;
}

for (const protocol of protocols) {
  test(`a reset right behind data is noticed, ${protocol}`, async (t) => {
    const { raw, client, socket } = await joined(t, createServer(certificate()), protocol);
    const parts: string[] = [];
    socket.on('data', (part: Buffer) => parts.push(part.toString()));
    const failed = once(socket, 'error');
    await new Promise((resolve) => client.write('the last words', resolve));
    raw.resetAndDestroy();
    const [error] = await failed;
    t.is(error.code, 'ECONNRESET');
    t.deepEqual(parts, ['the last words']);
  });
}

test('a reset right behind a part of the client hello is noticed', async (t) => {
  const server = createServer({ ...certificate(), handshakeTimeout: 30_000 });
  const failed = once(server, 'tlsClientError');
  const raw = await tcp(await listenOn(t, server));
  raw.write(Buffer.of(22, 3, 1, 1, 0, 1));
  raw.resetAndDestroy();
  const [error] = await failed;
  t.is(error.code, 'ECONNRESET');
  t.is(server.connectionCount, 0);
});

test.serial('a socket destroyed when all is written is gone as soon as its peer', async (t) => {
  const { client, socket } = await joined(t, createServer(certificate()));
  const before = openSockets();
  client.pause();
  socket.write(Buffer.alloc(8 << 20), () => socket.destroy());
  // The last of it leaves when the client reads, in a step of the loop's.
  const closed = Promise.all([once(client, 'close'), once(socket, 'close')]);
  client.resume();
  await closed;
  for (let turns = 0; turns < 20; turns++) await turn();
  t.is(openSockets(), before - 2);
});

/** Newer Nodes have more than one. */
const takers: Array<(buffer: ArrayBuffer) => void> = [
  (buffer) => structuredClone(buffer, { transfer: [buffer] }),
  (buffer) => 'transfer' in buffer && typeof buffer.transfer === 'function' && buffer.transfer(),
];

test('a received buffer may be transferred', async (t) => {
  const { client, socket } = await joined(t, createServer(certificate()));
  const sent = Buffer.alloc(200_000, 'abcdefg');
  let length = 0;
  const received: Buffer[] = [];
  const all = new Promise<void>((resolve) => {
    socket.on('data', (part: Buffer) => {
      received.push(Buffer.from(part));
      length += part.length;
      if (length >= 4 * sent.length) resolve();
      const { buffer } = part;
      if (!(buffer instanceof ArrayBuffer)) return;
      for (const take of takers) {
        try {
          take(buffer);
        } catch {
          // Marked as what cannot be taken.
        }
      }
      globalThis.gc?.();
    });
  });
  for (let round = 0; round < 4; round++) client.write(sent);
  await all;
  t.true(Buffer.concat(received).equals(Buffer.concat([sent, sent, sent, sent])));
});

/** A stream whose other end is another one's; `onWrite` runs before each write. */
function pipe(onWrite: () => void): [Duplex, Duplex] {
  const make = (other: () => Duplex, hook: () => void): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, callback) {
        hook();
        other().push(chunk);
        callback();
      },
      final(callback) {
        other().push(null);
        callback();
      },
    });
  const one: Duplex = make(() => two, onWrite);
  const two: Duplex = make(
    () => one,
    () => {},
  );
  return [one, two];
}

test('a chunk that is taken away while it is written is an error', async (t) => {
  let chunk: ArrayBuffer | undefined;
  const [one, two] = pipe(() => {
    if (chunk !== undefined) structuredClone(chunk, { transfer: [chunk] });
    chunk = undefined;
    globalThis.gc?.();
  });
  const server = new SslSocket(one, { context: serverContext('TLSv1.3'), isServer: true });
  const client = new SslSocket(two, { context: clientContext(), servername: 'localhost' });
  await Promise.all([once(server, 'secure'), once(client, 'secure')]);
  client.on('error', () => {});
  client.resume();
  chunk = new ArrayBuffer(1 << 20);
  const failed = once(server, 'error');
  server.write(Buffer.from(chunk));
  const [error] = await failed;
  t.is(error.code, 'EFAULT');
  client.destroy();
});

test('connections that wait for a context are closed with the others, and their answers come too late', async (t) => {
  const answers: Array<(error: Error | null, context?: SslContext | null) => void> = [];
  const asked = new EventEmitter();
  const server = createServer({
    ...certificate(),
    SNICallback: (_name, callback) => {
      answers.push(callback);
      asked.emit('asked');
    },
  });
  const port = await listenOn(t, server);
  const closed = once(server, 'close');
  const client = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate().cert });
  client.on('error', () => {});
  await once(asked, 'asked');
  server.close();
  server.closeAllConnections();
  t.is(server.connectionCount, 0);
  await closed;
  answers[0]?.(null, null);
  await turn();
  client.destroy();
});

test('a context that cannot be had ends the handshake, and nothing is left of it', async (t) => {
  const server = createServer({
    ...certificate(),
    SNICallback: (_name, callback) => callback(new Error('no context')),
  });
  const port = await listenOn(t, server);
  const failed = once(server, 'tlsClientError');
  const client = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate().cert });
  client.on('error', () => {});
  const [error] = await failed;
  t.is(error.message, 'no context');
  await turn();
  t.is(server.connectionCount, 0);
});

test.serial('a server that is closed lets go of its context', async (t) => {
  const round = async (): Promise<void> => {
    for (let count = 0; count < 20; count++) {
      const server = createServer(certificate());
      server.listen({ port: 0, host: '127.0.0.1' });
      await once(server, 'listening');
      await server[Symbol.asyncDispose]();
    }
    for (let rounds = 0; rounds < 5; rounds++) {
      globalThis.gc?.();
      await turn();
    }
  };
  await round();
  const before = capi.debug.live();
  await round();
  t.deepEqual(capi.debug.live(), before);
});

test('what one read brings is one turn with one resource, and ticks run behind it', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const server = createServer(certificate(), (socket) => socket.write('hello'));
  const port = await listenOn(t, server);
  const context = clientContext({ sessionCache: { mode: ['client', 'no-internal'] } });
  // Native code tells a context first.
  context.on('newSession', () => {});
  const client = connect({ port, host: '127.0.0.1', servername: 'localhost', context });
  const order: string[] = [];
  const resources: object[] = [];
  client.on('session', () => {
    order.push('session');
    process.nextTick(() => order.push('tick'));
    resources.push(executionAsyncResource());
  });
  client.once('data', () => {
    order.push('data');
    resources.push(executionAsyncResource());
    storage.enterWith('kept');
    t.is(storage.getStore(), 'kept');
  });
  await once(client, 'data');
  t.deepEqual(order, ['session', 'session', 'data', 'tick', 'tick']);
  t.is(new Set(resources).size, 1);
  client.destroy();
});

test('what one connection has read is not overwritten by another that reads in its event', async (t) => {
  const held: Buffer[] = [];
  let isHeld = false;
  const one: Duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, callback) {
      two.push(chunk);
      callback();
    },
  });
  const two: Duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, callback) {
      if (isHeld) held.push(chunk);
      else one.push(chunk);
      callback();
    },
  });
  const inner = new SslSocket(one, { context: serverContext('TLSv1.3'), isServer: true });
  const writer = new SslSocket(two, { context: clientContext(), servername: 'localhost' });
  await Promise.all([once(inner, 'secure'), once(writer, 'secure')]);
  const heard = { inner: '', outer: '' };
  inner.on('data', (part: Buffer) => {
    heard.inner += part;
  });
  isHeld = true;
  await new Promise((resolve) => writer.write('i'.repeat(100), resolve));
  t.true(held.length > 0);
  const port = await listenOn(
    t,
    createServer(certificate(), (socket) => socket.write('o'.repeat(100))),
  );
  const context = clientContext({ sessionCache: { mode: ['client', 'no-internal'] } });
  const outer = connect({ port, host: '127.0.0.1', servername: 'localhost', context });
  outer.on('session', () => {
    for (const chunk of held.splice(0)) one.push(chunk);
  });
  outer.on('data', (part: Buffer) => {
    heard.outer += part;
  });
  await once(outer, 'data');
  t.deepEqual(heard, { inner: 'i'.repeat(100), outer: 'o'.repeat(100) });
  for (const socket of [outer, inner, writer]) socket.destroy();
});
