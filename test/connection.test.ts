import { inspect } from 'node:util';
import test from 'ava';
import * as capi from '../src/capi/index.ts';
import { OpenSslError, SslConnection, SslContext, SslSession } from '../src/index.ts';
import { makeCertificate } from '../src/testing/certificate.ts';
import {
  certificate,
  clientContext,
  close,
  connect,
  makePair,
  protocols,
  serverContext,
  transfer,
} from './helpers/classes.ts';
import { leavesNoErrors } from './helpers/errors.ts';

test.afterEach(leavesNoErrors);

/** All that can be read now. */
function readAll(connection: SslConnection): Buffer {
  const parts: Buffer[] = [];
  for (let part = connection.read(); part !== undefined; part = connection.read()) parts.push(part);
  return Buffer.concat(parts);
}

for (const protocol of protocols) {
  test(`a handshake, and what it came to, ${protocol}`, (t) => {
    const pair = makePair(serverContext(protocol), clientContext());
    for (const connection of [pair.client, pair.server]) {
      t.false(connection.isHandshakeDone);
      t.is(connection.protocol, undefined);
      t.is(connection.session, undefined);
      t.is(connection.takeOutput(), undefined);
      t.is(connection.read(), undefined);
      t.false(connection.write(Buffer.from('too early')));
      t.is(connection.state, 'before SSL initialization');
    }
    t.false(pair.client.handshake());
    t.true(pair.client.pendingOutput > 100);
    transfer(pair);
    for (const connection of [pair.client, pair.server]) {
      t.true(connection.isHandshakeDone);
      t.true(connection.handshake());
      t.is(connection.protocol, protocol);
      t.is(connection.cipher?.version, protocol);
      t.is(connection.servername, 'localhost');
      t.is(connection.alpn, undefined);
      t.is(connection.verifyError, undefined);
      t.is(connection.failure, undefined);
      t.is(connection.state, 'SSL negotiation finished successfully');
      t.false(connection.isSessionReused);
    }
    t.true(pair.server.isServer);
    t.false(pair.client.isServer);
    t.is(pair.client.peerCertificate?.toString(), certificate().cert);
    t.is(pair.server.peerCertificate, undefined);
    close(pair);
  });

  test(`plaintext arrives whole, byte by byte and in large pieces, ${protocol}`, (t) => {
    const pair = connect(serverContext(protocol), clientContext());
    t.true(pair.client.write(Buffer.from('hello')));
    for (const byte of pair.client.takeOutput() ?? []) {
      t.is(pair.server.read(), undefined);
      pair.server.receive(Buffer.of(byte));
    }
    t.is(pair.server.read()?.toString(), 'hello');
    t.is(pair.server.read(), undefined);

    const large = Buffer.alloc(1_000_000, 'large ');
    t.true(pair.server.write(large));
    transfer(pair);
    t.deepEqual(readAll(pair.client), large);
    t.true(pair.server.write(new Uint8Array(0)));
    t.is(pair.server.takeOutput(), undefined);
    close(pair);
  });

  test(`what read gives is not overwritten by the next read, ${protocol}`, (t) => {
    const pair = connect(serverContext(protocol), clientContext());
    pair.client.write(Buffer.from('one'));
    pair.client.write(Buffer.from('two'));
    transfer(pair);
    const [one, two] = [pair.server.read(), pair.server.read()];
    t.is(one?.toString(), 'one');
    t.is(two?.toString(), 'two');
    close(pair);
  });

  test(`each side ends on its own, ${protocol}`, (t) => {
    const pair = connect(serverContext(protocol), clientContext());
    t.false(pair.client.shutdown());
    t.true(pair.client.isShutdownSent);
    t.throws(() => pair.client.write(Buffer.from('x')), { code: 'ERR_SSL_PROTOCOL_IS_SHUTDOWN' });
    transfer(pair);
    t.false(pair.server.isShutdownReceived);
    t.is(pair.server.read(), undefined);
    t.true(pair.server.isShutdownReceived);
    t.false(pair.server.isShutdownSent);
    t.is(pair.server.read(), undefined, 'the end is no failure');
    t.true(pair.server.write(Buffer.from('the rest')));
    t.true(pair.server.shutdown());
    t.true(pair.server.shutdown(), 'once more is no failure');
    pair.server.free();
    pair.client.free();
  });

  test(`the peer may go on after our end, ${protocol}`, (t) => {
    const pair = connect(serverContext(protocol), clientContext());
    pair.client.shutdown();
    transfer(pair);
    pair.server.write(Buffer.from('the rest'));
    transfer(pair);
    t.is(pair.client.read()?.toString(), 'the rest');
    pair.server.shutdown();
    transfer(pair);
    t.is(pair.client.read(), undefined);
    t.true(pair.client.shutdown());
  });

  test(`an end without close_notify is told, ${protocol}`, (t) => {
    const pair = connect(serverContext(protocol), clientContext());
    pair.client.write(Buffer.from('half of'));
    transfer(pair);
    pair.server.receiveEnd();
    t.is(pair.server.read()?.toString(), 'half of', 'what has come is not lost');
    const expected = { instanceOf: OpenSslError, code: 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING' } as const;
    const error = t.throws(() => pair.server.read(), expected);
    t.false(pair.server.isShutdownReceived);
    t.is(pair.server.failure, error);
    t.is(
      t.throws(() => pair.server.read()),
      error,
      'the same again',
    );
    t.is(
      t.throws(() => pair.server.write(Buffer.from('x'))),
      error,
    );
  });

  test(`an end after close_notify is none, ${protocol}`, (t) => {
    const pair = connect(serverContext(protocol), clientContext());
    pair.client.shutdown();
    transfer(pair);
    pair.server.receiveEnd();
    t.is(pair.server.read(), undefined);
    t.true(pair.server.isShutdownReceived);
    t.is(pair.server.failure, undefined);
  });

  test(`an end in the handshake is told, ${protocol}`, (t) => {
    const pair = makePair(serverContext(protocol), clientContext());
    pair.client.handshake();
    pair.server.receive((pair.client.takeOutput() ?? Buffer.alloc(0)).subarray(0, 50));
    t.throws(() => pair.server.receiveEnd(), { code: 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING' });
  });

  test(`garbage fails the handshake, with an alert for the peer, ${protocol}`, (t) => {
    const server = new SslConnection(serverContext(protocol), { isServer: true });
    const garbage = Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const error = t.throws<OpenSslError>(() => server.receive(garbage), { instanceOf: OpenSslError });
    t.is(error?.code, 'ERR_SSL_HTTP_REQUEST');
    t.is(error?.library, 'SSL routines');
    t.is(error?.reason, 'http request');
    t.is(
      t.throws(() => server.receive(garbage)),
      error,
    );
    t.is(
      t.throws(() => server.handshake()),
      error,
    );
  });

  test(`garbage after the handshake, ${protocol}`, (t) => {
    const pair = connect(serverContext(protocol), clientContext());
    pair.server.receive(Buffer.from('1703030010aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'hex'));
    t.throws(() => pair.server.read(), { instanceOf: OpenSslError });
    t.true((pair.server.takeOutput()?.length ?? 0) > 0, 'an alert');
  });

  test(`an alert of the peer is told, ${protocol}`, (t) => {
    const pair = makePair(serverContext(protocol), new SslContext({ ca: makeCertificate().cert }));
    pair.client.handshake();
    const error = t.throws<OpenSslError>(() => transfer(pair));
    t.is(error?.code, 'ERR_SSL_CERTIFICATE_VERIFY_FAILED');
    const alert = pair.client.takeOutput();
    t.true(alert !== undefined && alert.length > 0);
    const receive = (): void => {
      pair.server.receive(alert ?? Buffer.alloc(0));
      pair.server.read();
    };
    t.throws(receive, { code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' });
  });

  test(`a client verifies the server's name, ${protocol}`, (t) => {
    const server = serverContext(protocol);
    for (const servername of ['localhost', '127.0.0.1', '::1']) {
      const pair = connect(server, clientContext(), { servername });
      t.is(pair.server.servername, servername === 'localhost' ? 'localhost' : undefined, 'no IP address is sent');
      close(pair);
    }
    for (const servername of ['example.org', '127.0.0.2']) {
      t.throws(() => connect(server, clientContext(), { servername }), { code: 'ERR_SSL_CERTIFICATE_VERIFY_FAILED' });
    }
  });

  test(`a client may choose not to verify, and is told what it accepts, ${protocol}`, (t) => {
    const untrusting = new SslContext();
    const pair = connect(serverContext(protocol), untrusting, { servername: undefined, rejectUnauthorized: false });
    t.regex(pair.client.verifyError ?? '', /self.signed certificate/);
    t.is(pair.server.servername, undefined);
    close(pair);
    t.throws(() => connect(serverContext(protocol), untrusting), { code: 'ERR_SSL_CERTIFICATE_VERIFY_FAILED' });
  });

  test(`resumption with the connection's own session, ${protocol}`, (t) => {
    const server = serverContext(protocol, { tickets: 'stateful' });
    const client = clientContext();
    const first = connect(server, client);
    using session = first.client.session;
    t.true(session instanceof SslSession);
    t.true(session?.isResumable);
    close(first);
    const second = connect(server, client, session === undefined ? {} : { session });
    t.true(second.client.isSessionReused);
    t.true(second.server.isSessionReused);
    t.is(second.client.peerCertificate?.toString(), certificate().cert, 'from the session');
    close(second);
  });

  test(`takeSessions gives each session once, ${protocol}`, (t) => {
    const count = protocol === 'TLSv1.2' ? 1 : 2;
    const server = serverContext(protocol, { tickets: 'stateful' });
    const client = clientContext({ sessionCache: { mode: ['client'] } });
    const pair = connect(server, client);
    const sessions = pair.client.takeSessions();
    t.is(sessions.length, count);
    t.is(pair.server.takeSessions().length, count);
    t.deepEqual(pair.client.takeSessions(), []);
    close(pair);
    const session = sessions.at(-1);
    const again = connect(server, client, session === undefined ? {} : { session });
    t.true(again.client.isSessionReused);
    close(again);
  });

  test(`without a clean end the session is gone, ${protocol}`, (t) => {
    for (const isClean of [true, false]) {
      const server = serverContext(protocol, { tickets: 'stateful', numTickets: 1 });
      const client = clientContext();
      const first = connect(server, client);
      const { session } = first.client;
      if (isClean) first.server.shutdown();
      first.server.free();
      t.is(server.stats.number, isClean ? 1 : 0);
      first.client.shutdown();
      first.client.free();
      const second = connect(server, client, session === undefined ? {} : { session });
      t.is(second.server.isSessionReused, isClean);
      close(second);
    }
  });
}

test('a session without a key is no reason to fail', (t) => {
  const server = serverContext('TLSv1.3', { tickets: 'none' });
  const first = connect(server, clientContext());
  const { session } = first.client;
  t.false(session?.isResumable);
  close(first);
  const second = connect(server, clientContext(), session === undefined ? {} : { session });
  t.false(second.client.isSessionReused);
  close(second);
});

test('options that make no sense', (t) => {
  const context = new SslContext();
  const make = (options: object) => () => Reflect.construct(SslConnection, [context, options]);
  const before = capi.debug.live().SSL;
  const wrong: Array<[() => unknown, string]> = [
    [make({}), 'ERR_INVALID_ARG_VALUE'],
    [make({ servername: '' }), 'ERR_INVALID_ARG_VALUE'],
    [make({ servername: 42 }), 'ERR_INVALID_ARG_TYPE'],
    [make({ servername: 'localhost', session: {} }), 'ERR_INVALID_ARG_TYPE'],
    [make({ server: true }), 'ERR_INVALID_ARG_VALUE'],
    [make({ isServer: true, servername: 'localhost' }), 'ERR_INVALID_ARG_VALUE'],
    [make({ isServer: true, session: SslSession.create() }), 'ERR_INVALID_ARG_VALUE'],
    [() => Reflect.construct(SslConnection, [{}, {}]), 'ERR_INVALID_ARG_TYPE'],
    [() => Reflect.construct(SslConnection, [undefined]), 'ERR_INVALID_ARG_TYPE'],
    [() => Reflect.construct(SslConnection, [context, null]), 'ERR_INVALID_ARG_TYPE'],
  ];
  for (const [attempt, code] of wrong) t.throws(attempt, { instanceOf: TypeError, code });
  t.is(capi.debug.live().SSL, before);
  const connection = new SslConnection(context, { isServer: true });
  for (const bytes of ['text', undefined, null, 5]) {
    t.throws(() => Reflect.apply(connection.receive, connection, [bytes]), { code: 'ERR_INVALID_ARG_TYPE' });
    t.throws(() => Reflect.apply(connection.write, connection, [bytes]), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

test('free gives everything back at once, and is final', (t) => {
  const server = serverContext('TLSv1.3');
  const client = clientContext();
  const before = capi.debug.live();
  const handles = capi.debug.liveHandles();
  const pair = connect(server, client);
  pair.client.shutdown();
  pair.server.shutdown();
  const { client: connection } = pair;
  connection.free();
  connection.free();
  pair.server.free();
  t.is(capi.debug.live().SSL, before.SSL);
  t.is(capi.debug.liveHandles().BIO, handles.BIO);
  const uses: Array<() => unknown> = [
    () => connection.receive(Buffer.from('x')),
    () => connection.receiveEnd(),
    () => connection.handshake(),
    () => connection.read(),
    () => connection.write(Buffer.from('x')),
    () => connection.shutdown(),
    () => connection.takeOutput(),
    () => connection.takeSessions(),
    () => connection.pendingOutput,
    () => connection.state,
    () => connection.isShutdownSent,
    () => connection.isShutdownReceived,
    () => connection.cipher,
    () => connection.alpn,
    () => connection.servername,
    () => connection.isSessionReused,
    () => connection.session,
    () => connection.peerCertificate,
    () => connection.verifyError,
  ];
  for (const use of uses) t.throws(use, { code: 'ERR_SSLCTX_FREED' });
  t.is(inspect(connection), 'SslConnection { freed }');
});

test('inspect', (t) => {
  const pair = connect(serverContext('TLSv1.3'), clientContext());
  t.regex(
    inspect(pair.client, { breakLength: Number.POSITIVE_INFINITY }),
    /^SslConnection \{ isServer: false, state: 'SSL /,
  );
  close(pair);
});
