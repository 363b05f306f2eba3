import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import {
  createServer,
  SslContext,
  SslServer,
  type SslServerOptions,
  SslSession,
  type SslSocket,
} from '../../src/index.ts';
import { type SClientOptions, sClient } from '../../src/testing/index.ts';
import { certificate, type Protocol, protocols } from '../helpers/classes.ts';

/** A server for one test, on loopback. */
async function listen(
  t: ExecutionContext,
  options: SslServerOptions,
  listener: (socket: SslSocket) => void = (socket) => socket.end('hello\n'),
): Promise<{ server: SslServer; port: number }> {
  const server = createServer({ ...certificate(), sessionIdContext: 'test', ...options }, listener);
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  t.teardown(() => server[Symbol.asyncDispose]());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

async function connectNode(port: number, protocol: Protocol, more: object = {}): Promise<TLSSocket> {
  const { cert: ca } = certificate();
  const options = { port, host: '127.0.0.1', servername: 'localhost', ca, minVersion: protocol, maxVersion: protocol };
  const socket = connectTls({ ...options, ...more });
  await once(socket, 'secureConnect');
  return socket;
}

/** Not `for await`, which would destroy the writable side too. */
function readToEnd(stream: NodeJS.ReadableStream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => resolve(Buffer.concat(parts)));
    stream.on('error', reject);
  });
}

/** The next error of a client before its handshake was done. */
async function nextClientError(server: SslServer): Promise<Error & { code?: string }> {
  const [error] = await once(server, 'tlsClientError');
  return error;
}

async function connectRaw(port: number): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return socket;
}

for (const protocol of protocols) {
  test(`s_client reads what the server writes, and verifies it, ${protocol}`, async (t) => {
    const { port } = await listen(t, {}, (socket) => {
      socket.once('data', (question: Buffer) => socket.end(`you said ${question}`));
    });
    const options: SClientOptions = { port, protocol, servername: 'localhost', ca: certificate().cert, verify: true };
    const result = await sClient({ ...options, send: 'hello\n', until: 'closed' });
    t.is(result.protocol, protocol);
    t.is(result.verifyResult?.code, 0);
    t.regex(result.output, /^you said hello$/m);
    t.true(result.alerts.some((alert) => alert.direction === 'received' && alert.description === 'close notify'));
    t.is(result.exitCode, 0);
  });

  test(`s_client resumes until the session is removed, ${protocol}`, async (t) => {
    const { server, port } = await listen(t, { tickets: 'stateful' });
    const first = await sClient({ port, protocol, until: 'closed' });
    t.false(first.reused);
    const second = await sClient({ port, protocol, until: 'closed', sessionIn: first.session });
    t.true(second.reused);
    t.is(server.context.stats.hits, 1);
    for (const session of server.context.sessions()) t.true(server.context.removeSession(session));
    const third = await sClient({ port, protocol, until: 'closed', sessionIn: second.session ?? first.session });
    t.false(third.reused);
  });

  test(`a stateless ticket is resumed whatever the cache says, ${protocol}`, async (t) => {
    const { server, port } = await listen(t, { tickets: 'stateless' });
    const first = await sClient({ port, protocol, until: 'closed' });
    server.context.clearSessions();
    const second = await sClient({ port, protocol, until: 'closed', sessionIn: first.session });
    t.true(second.reused);
    t.is(server.context.stats.number, 0);
  });

  test(`s_client -reconnect, ${protocol}`, async (t) => {
    if (protocol === 'TLSv1.3') {
      t.pass('never resumes there, by its own design');
      return;
    }
    const { port } = await listen(t, { tickets: 'stateful' }, (socket) => socket.resume());
    const { connections } = await sClient({ port, protocol, reconnect: true });
    t.deepEqual(
      connections.map(({ reused }) => reused),
      [false, true, true, true, true, true],
    );
  });

  test(`Node's own client: echo of ten megabytes, ${protocol}`, async (t) => {
    const { port } = await listen(t, {}, (socket) => socket.pipe(socket));
    const client = await connectNode(port, protocol);
    const sent = Buffer.alloc(10_000_000, 'sslctx ');
    client.end(sent);
    const received = await readToEnd(client);
    t.is(received.length, sent.length);
    t.true(received.equals(sent));
  });

  test(`Node's own client resumes, ${protocol}`, async (t) => {
    const { server, port } = await listen(t, { tickets: 'stateful' }, (socket) => socket.resume());
    // With the same server name: newer Nodes bind a session to it.
    const options = { port, host: '127.0.0.1', servername: 'localhost', ca: certificate().cert };
    const first = connectTls({ ...options, maxVersion: protocol });
    const [session] = await once(first, 'session');
    first.end();
    await once(first, 'close');
    const second = await connectNode(port, protocol, { session });
    t.true(second.isSessionReused());
    t.is(server.context.stats.hits, 1);
    second.end();
    await once(second, 'close');
  });

  test(`a server that is not read from waits, ${protocol}`, async (t) => {
    let socket: SslSocket | undefined;
    const { server, port } = await listen(t, {}, (each) => {
      socket = each;
    });
    const accepted = once(server, 'secureConnection');
    const client = await connectNode(port, protocol);
    await accepted;
    // As long as the client does not read, write says stop, and what was written stays here.
    client.pause();
    const chunk = Buffer.alloc(1 << 20, 1);
    let written = 0;
    let isOpen = true;
    while (isOpen && written < 1000) {
      isOpen = socket?.write(chunk) ?? false;
      written++;
    }
    t.false(isOpen);
    t.true(written < 100);
    socket?.end();
    client.resume();
    t.is((await readToEnd(client)).length, written * chunk.length);
  });

  test(`a server that does not read stops the client, ${protocol}`, async (t) => {
    let socket: SslSocket | undefined;
    const { server, port } = await listen(t, {}, (each) => {
      socket = each;
    });
    const accepted = once(server, 'secureConnection');
    const client = await connectNode(port, protocol);
    await accepted;
    const total = 64 << 20;
    client.end(Buffer.alloc(total, 1));
    // Everything that may arrive without a reader has arrived when the client's own buffers do not shrink any more.
    for (let last = -1; last !== client.bytesWritten - client.writableLength; ) {
      last = client.bytesWritten - client.writableLength;
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    t.true((socket?.readableLength ?? total) <= 256 * 1024);
    if (socket === undefined) return;
    t.is((await readToEnd(socket)).length, total);
    socket.end();
    client.resume();
    await once(client, 'close');
  });

  test(`with allowHalfOpen the server may answer after the client's end, ${protocol}`, async (t) => {
    const { port } = await listen(t, { allowHalfOpen: true }, (socket) => {
      let length = 0;
      socket.on('data', (part: Buffer) => {
        length += part.length;
      });
      socket.on('end', () => socket.end(`${length} bytes`));
    });
    const client = await connectNode(port, protocol, { allowHalfOpen: true });
    client.end('question');
    t.is((await readToEnd(client)).toString(), '8 bytes');
  });

  test(`without allowHalfOpen the server's end follows the client's, ${protocol}`, async (t) => {
    const { server, port } = await listen(t, {}, (socket) => socket.resume());
    const [client, [socket]] = await Promise.all([connectNode(port, protocol), once(server, 'secureConnection')]);
    const closed = once(socket, 'close');
    client.end();
    client.resume();
    await Promise.all([once(client, 'end'), closed]);
    t.is(server.connectionCount, 0);
    t.is(socket.errored, null);
    t.false(socket.isTruncated);
  });

  for (const requireCloseNotify of [false, true]) {
    const told = requireCloseNotify ? 'an error' : 'isTruncated';
    test(`a stream that ends without close_notify is ${told}, ${protocol}`, async (t) => {
      const options = { tickets: 'stateful', numTickets: 1, requireCloseNotify } as const;
      const { server, port } = await listen(t, options, (socket) => socket.resume());
      const accepted = once(server, 'secureConnection');
      const raw = await connectRaw(port);
      const client = connectTls({ socket: raw, ca: certificate().cert, servername: 'localhost', maxVersion: protocol });
      client.on('error', () => {});
      const [[socket]] = await Promise.all([accepted, once(client, 'secureConnect')]);
      const closed = new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
        socket.on('error', resolve);
        socket.on('end', () => resolve(undefined));
      });
      raw.end();
      t.is((await closed)?.code, requireCloseNotify ? 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING' : undefined);
      t.is(socket.isTruncated, !requireCloseNotify);
      t.is(server.context.stats.number, requireCloseNotify ? 0 : 1);
    });
  }

  test(`destroy keeps the session, destroy with an error does not, ${protocol}`, async (t) => {
    for (const [error, isKept] of [
      [undefined, true],
      [new Error('no more'), false],
    ] as const) {
      const { server, port } = await listen(t, { tickets: 'stateful', numTickets: 1 }, (socket) => {
        socket.on('error', () => {});
        socket.resume();
        socket.once('data', () => socket.destroy(error));
      });
      const client = await connectNode(port, protocol);
      client.on('error', () => {});
      client.write('go');
      client.resume();
      await once(client, 'close');
      t.is(server.context.stats.number, isKept ? 1 : 0);
    }
  });

  test(`end answers to a client that has gone without close_notify, ${protocol}`, async (t) => {
    const { server, port } = await listen(t, { tickets: 'stateful', numTickets: 1 }, (socket) => socket.end('bye'));
    const accepted = once(server, 'secureConnection');
    const raw = await connectRaw(port);
    const client = connectTls({ socket: raw, ca: certificate().cert, servername: 'localhost', maxVersion: protocol });
    const [[socket]] = await Promise.all([accepted, once(client, 'secureConnect')]);
    socket.resume();
    const closed = once(socket, 'close');
    raw.end();
    await closed;
    t.is(socket.errored, null, 'we had ended first');
    t.is(server.context.stats.number, 1);
    client.on('error', () => {});
    client.destroy();
  });

  test(`no cipher suite in common, ${protocol}`, async (t) => {
    const [ciphers, other] =
      protocol === 'TLSv1.2'
        ? ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384']
        : ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'];
    const { server, port } = await listen(t, { ciphers: ciphers ?? '' });
    const failed = nextClientError(server);
    const offer = protocol === 'TLSv1.2' ? { ciphers: other } : { ciphersuites: other };
    const result = await sClient({ port, protocol, ...offer });
    t.false(result.connected);
    t.true(
      result.alerts.some(
        ({ direction, description }) => direction === 'received' && description === 'handshake failure',
      ),
    );
    t.is((await failed).code, 'ERR_SSL_NO_SHARED_CIPHER');
  });

  test(`ALPN and the server name, ${protocol}`, async (t) => {
    const { server, port } = await listen(t, { ALPNProtocols: ['h2', 'http/1.1'] });
    const accepted = once(server, 'secureConnection').then(([socket]) => {
      return { alpn: socket.alpnProtocol, servername: socket.servername, protocol: socket.getProtocol() };
    });
    const result = await sClient({ port, protocol, alpn: ['http/1.1'], servername: 'example.org', until: 'closed' });
    t.is(result.alpn, 'http/1.1');
    t.deepEqual(await accepted, { alpn: 'http/1.1', servername: 'example.org', protocol });
  });
}

test('garbage', async (t) => {
  const { server, port } = await listen(t, {});
  const failed = nextClientError(server);
  const client = await connectRaw(port);
  client.write('GET / HTTP/1.1\r\n\r\n');
  t.is((await failed).code, 'ERR_SSL_HTTP_REQUEST');
  client.resume();
  await once(client, 'close');
  t.is(server.connectionCount, 0);
});

test('a client that leaves before it has said anything', async (t) => {
  const { server, port } = await listen(t, {});
  const failed = nextClientError(server);
  (await connectRaw(port)).end();
  t.is((await failed).code, 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING');
});

test('a client that takes too long', async (t) => {
  const { server, port } = await listen(t, { handshakeTimeout: 20 });
  const failed = nextClientError(server);
  const client = await connectRaw(port);
  client.write(Buffer.of(0x16, 3, 1));
  t.is((await failed).code, 'ERR_SSLCTX_HANDSHAKE_TIMEOUT');
  client.resume();
  await once(client, 'close');
});

test('the time-out ends with the handshake', async (t) => {
  const handshakeTimeout = 3000;
  const { port } = await listen(t, { handshakeTimeout }, (socket) => {
    // Of two timers of the same length, the later one fires later.
    setTimeout(() => socket.end('still there'), handshakeTimeout);
  });
  const client = await connectNode(port, 'TLSv1.3');
  t.is((await readToEnd(client)).toString(), 'still there');
});

test('a context may be shared, and used with sessions from elsewhere', async (t) => {
  const context = new SslContext({ ...certificate(), tickets: 'stateful', sessionIdContext: 'shared' });
  const [one, two] = await Promise.all([listen(t, { context, ...none }), listen(t, { context, ...none })]);
  t.is(one.server.context, context);
  const first = await sClient({ port: one.port, protocol: 'TLSv1.3', until: 'closed' });
  const second = await sClient({ port: two.port, protocol: 'TLSv1.3', until: 'closed', sessionIn: first.session });
  t.true(second.reused);

  // The whole cache moves to another process, as far as a server can tell.
  const stored = [...context.sessions()].map((session) => session.toDER());
  const other = new SslContext({ ...certificate(), tickets: 'stateful', sessionIdContext: 'shared' });
  for (const der of stored) other.addSession(SslSession.fromDER(der));
  const moved = await listen(t, { context: other, ...none });
  const third = await sClient({
    port: moved.port,
    protocol: 'TLSv1.3',
    until: 'closed',
    sessionIn: second.session ?? first.session,
  });
  t.true(third.reused);
});

/** Takes back what `listen` adds. */
const none = { cert: undefined, key: undefined, sessionIdContext: undefined };

test('options that make no sense', (t) => {
  const wrong: Array<[object, string]> = [
    [{ handshakeTimeout: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ handshakeTimeout: Number.NaN }, 'ERR_OUT_OF_RANGE'],
    [{ handshakeTimeout: '5' }, 'ERR_INVALID_ARG_TYPE'],
    [{ handshakeTimout: 5 }, 'ERR_INVALID_ARG_VALUE'],
    [{ context: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ context: new SslContext(), sessionTimeout: 5 }, 'ERR_INVALID_ARG_VALUE'],
  ];
  for (const [options, code] of wrong) t.throws(() => Reflect.construct(SslServer, [options]), { code });
});

test('close waits for the connections, closeAllConnections does not', async (t) => {
  const { server, port } = await listen(t, {}, (socket) => socket.resume());
  // A TLS 1.3 client is done before the server is; one that is not done yet would be reset.
  const [client] = await Promise.all([connectNode(port, 'TLSv1.3'), once(server, 'secureConnection')]);
  t.is(server.connectionCount, 1);
  t.true(server.listening);
  const closed = once(server, 'close');
  server.close();
  t.false(server.listening);
  await t.throwsAsync(connectRaw(port), { code: 'ECONNREFUSED' });
  server.closeAllConnections();
  client.resume();
  await Promise.all([closed, once(client, 'end')]);
  t.is(server.connectionCount, 0);
});

test('a port in use is an error event', async (t) => {
  const { port } = await listen(t, {});
  const other = createServer(certificate());
  other.listen({ port, host: '127.0.0.1' });
  const [error] = await once(other, 'error');
  t.is(error.code, 'EADDRINUSE');
});

test('a server goes on with a context that its user has freed', async (t) => {
  const { server, port } = await listen(t, {});
  server.context.free();
  t.is((await readToEnd(await connectNode(port, 'TLSv1.3'))).toString(), 'hello\n');
  t.throws(() => server.context.stats, { code: 'ERR_SSLCTX_FREED' });
});

test('the address of the peer', async (t) => {
  const { server, port } = await listen(t, {}, (socket) => socket.resume());
  const accepted = once(server, 'secureConnection');
  const client = await connectNode(port, 'TLSv1.3');
  const [socket] = await accepted;
  t.is(socket.remoteAddress, '127.0.0.1');
  t.is(socket.remotePort, client.localPort);
  client.end();
});
