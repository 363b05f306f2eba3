// Pairs in memory, on the package's own classes.
import test, { type ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';
import { SslContext } from '../../src/context.ts';
import { OpenSslError } from '../../src/errors.ts';
import {
  assertErrorQueueEmpty,
  assertNotResumed,
  assertResumed,
  assertSameSession,
  assertSessionCached,
  assertSessionNotCached,
  ConnectionPair,
  connectPair,
  makeCertificate,
  type PairOptions,
  type Protocol,
  TestingError,
} from '../../src/testing/index.ts';

const { cert, key } = makeCertificate();

function contexts(version: Protocol, tickets: 'stateful' | 'stateless' = 'stateful') {
  const versions = { minVersion: version, maxVersion: version };
  const server = new SslContext({ cert, key, tickets, ...versions });
  const client = new SslContext({ ca: cert, ...versions });
  return { server, client };
}

function connect(t: ExecutionContext, options: PairOptions): ConnectionPair {
  const pair = connectPair(options);
  t.teardown(() => pair.close());
  return pair;
}

test.afterEach((t) => {
  t.notThrows(() => assertErrorQueueEmpty(capi));
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const tickets of ['stateful', 'stateless'] as const) {
    test(`${version}, ${tickets}: new, then resumed`, (t) => {
      const both = contexts(version, tickets);
      const first = connect(t, both);
      t.true(first.client.isHandshakeDone && first.server.isHandshakeDone);
      t.is(first.client.protocol, version);
      t.notThrows(() => assertNotResumed(first.client));
      t.notThrows(() => assertNotResumed(first.server));
      first.close();
      t.true(first.session?.isResumable);
      const second = connect(t, { ...both, session: first.session });
      t.notThrows(() => assertResumed(second.client));
      t.notThrows(() => assertResumed(second.server));
    });
  }

  test(`${version}: a session that was removed from the cache is not resumed`, (t) => {
    const both = contexts(version);
    const first = connect(t, both);
    const cached = first.server.session;
    first.close();
    if (cached === undefined) throw new Error('the server has no session');
    t.notThrows(() => assertSessionCached(both.server, cached));
    if (version === 'TLSv1.2' && first.session !== undefined) {
      const { session } = first;
      t.notThrows(() => assertSameSession(session, cached));
    }
    both.server.clearSessions();
    t.notThrows(() => assertSessionNotCached(both.server, cached));
    t.throws(() => assertSessionCached(both.server, cached), { message: /not there: the cache is empty/ });
    const second = connect(t, { ...both, session: first.session });
    t.notThrows(() => assertNotResumed(second.server));
  });

  test(`${version}: close keeps the session in the server's cache, abort does not`, (t) => {
    const both = contexts(version);
    connectPair(both).close();
    const kept = both.server.stats.number;
    t.is(kept, version === 'TLSv1.3' ? 2 : 1);
    const pair = connectPair(both);
    const { session } = pair.server;
    if (session === undefined) throw new Error('the server has no session');
    t.notThrows(() => assertSessionCached(both.server, session));
    pair.abort();
    t.notThrows(() => assertSessionNotCached(both.server, session));
  });

  test(`${version}: send carries data either way, more than a record too`, (t) => {
    const pair = connect(t, contexts(version));
    t.is(pair.send('client', Buffer.from('ping')).toString(), 'ping');
    t.is(pair.send('server', Buffer.from('pong')).toString(), 'pong');
    const much = Buffer.alloc(100_000, 'x');
    t.deepEqual(pair.send('client', much), much);
    t.is(pair.send('client', Buffer.alloc(0)).length, 0);
  });

  test(`${version}: the server is verified when asked for`, (t) => {
    const pair = connect(t, { ...contexts(version), servername: 'localhost', rejectUnauthorized: true });
    t.is(pair.client.verifyError, undefined);
    t.is(pair.server.servername, 'localhost');
  });

  test(`${version}: when the client fails first, its error is the cause`, (t) => {
    const options = { ...contexts(version), servername: 'other.example', rejectUnauthorized: true };
    const error = t.throws(() => connectPair(options), { instanceOf: TestingError, code: 'ERR_SSLCTX_HANDSHAKE' });
    t.true(error?.cause instanceof OpenSslError && error.cause.code === 'ERR_SSL_CERTIFICATE_VERIFY_FAILED');
    t.regex(error?.message ?? '', /The client: .*certificate verify failed.* The server: .*alert/s);
  });

  test(`${version}: when the server fails first, its error is the cause`, (t) => {
    const { client } = contexts(version);
    const server = new SslContext({ cert, key, minVersion: version, requestCert: true, ca: cert });
    const error = t.throws(() => connectPair({ server, client }), { instanceOf: TestingError });
    t.true(error?.cause instanceof OpenSslError && error.cause.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
  });

  test(`${version}: step by step`, (t) => {
    const pair = new ConnectionPair(contexts(version));
    t.is(pair.transfer(), 0);
    t.false(pair.client.handshake());
    t.true(pair.client.pendingOutput > 0);
    t.false(pair.server.isHandshakeDone);
    t.throws(() => assertNotResumed(pair.server), { message: /no handshake was completed/ });
    t.throws(() => pair.send('server', Buffer.from('x')), { code: 'ERR_SSLCTX_HANDSHAKE' });
    t.true(pair.transfer() > 0);
    t.true(pair.server.isHandshakeDone);
    pair.close();
    pair.close();
    pair.abort();
  });
}

test('versions that do not meet: both failures are told, and both sides have theirs', (t) => {
  const { server } = contexts('TLSv1.3');
  const { client } = contexts('TLSv1.2');
  const pair = new ConnectionPair({ server, client });
  const error = t.throws(() => pair.handshake(), { instanceOf: TestingError });
  t.is(error?.cause, pair.server.failure);
  t.regex(pair.server.failure?.message ?? '', /unsupported protocol/);
  t.regex(pair.client.failure?.message ?? '', /alert protocol version/);
  pair.close();
});

test('a pair without a handshake can be closed', (t) => {
  const pair = new ConnectionPair(contexts('TLSv1.3'));
  t.notThrows(() => pair.close());
  t.is(pair.session, undefined);
});

test('a using block closes a pair', (t) => {
  const both = contexts('TLSv1.3');
  const pair = connectPair(both);
  pair[Symbol.dispose]();
  t.throws(() => pair.client.read(), { code: 'ERR_SSLCTX_FREED' });
  t.is(both.server.stats.number, 2);
});

test('unusable options are refused, and nothing is left open', (t) => {
  const both = contexts('TLSv1.3');
  const misspelt = { ...both, sesion: undefined };
  t.throws(() => connectPair(misspelt), { code: 'ERR_INVALID_ARG_VALUE', message: /'sesion'/ });
  t.throws(() => connectPair({ ...both, rejectUnauthorized: true }), { code: 'ERR_INVALID_ARG_VALUE' });
});
