// What a client can ask for beyond a connection: checks of its own, protocols, OCSP, keys, streams of others.
import { once } from 'node:events';
import { createServer as createPlain, connect as plainConnect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import {
  CertificateError,
  type ConnectOptions,
  connect,
  createServer,
  openssl,
  type SslServer,
} from '../../src/index.ts';
import { makeCertificate, sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from './listen.ts';

function listen(t: ExecutionContext, server: SslServer): Promise<number> {
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  return listenOn(t, server);
}

const local = { host: '127.0.0.1', servername: 'localhost' };

async function failure(options: ConnectOptions): Promise<CertificateError> {
  const [error] = await once(connect(options), 'error');
  if (!(error instanceof CertificateError)) throw error;
  return error;
}

test('a bad certificate has the codes of Node', async (t) => {
  const ca = makeCertificate({ isCa: true });
  const leaf = makeCertificate({ issuer: ca });
  const port = await listen(t, createServer(leaf));
  const unknown = await failure({ port, ...local, ca: certificate().cert });
  t.is(unknown.code, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
  t.is(unknown.message, 'unable to get local issuer certificate');
  const name = await failure({
    port: await listen(t, createServer(certificate())),
    host: '127.0.0.1',
    servername: 'other.test',
    ca: certificate().cert,
  });
  t.is(name.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  t.is(name.host, 'other.test');
  const lenient = connect({ port, ...local, rejectUnauthorized: false });
  await once(lenient, 'secureConnect');
  t.false(lenient.authorized);
  t.is(lenient.authorizationError, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the first that is wrong');
  lenient.destroy();
});

test('a name that no certificate can have is never taken for verified', async (t) => {
  const port = await listen(t, createServer(certificate()));
  for (const servername of ['localhost.', 'local..host', '-localhost', 'x']) {
    for (const rejectUnauthorized of [true, false]) {
      const options = { port, host: '127.0.0.1', servername, rejectUnauthorized, ca: certificate().cert };
      if (openssl.versionNumber >= 0x40000000) {
        t.throws(() => connect(options), { code: 'ERR_INVALID_ARG_VALUE' }, servername);
      } else if (rejectUnauthorized) {
        t.is((await failure(options)).code, 'ERR_TLS_CERT_ALTNAME_INVALID', servername);
      } else {
        const socket = connect(options);
        await once(socket, 'secureConnect');
        t.false(socket.authorized, servername);
        socket.destroy();
      }
    }
  }
});

test('a lenient client is told of a wrong name, also when it resumes', async (t) => {
  const port = await listen(t, createServer(certificate()));
  const options = {
    port,
    host: '127.0.0.1',
    servername: 'other.test',
    ca: certificate().cert,
    rejectUnauthorized: false,
  };
  const first = connect(options);
  const [session] = await once(first, 'session');
  t.is(first.authorizationError, 'ERR_TLS_CERT_ALTNAME_INVALID');
  first.destroy();
  const second = connect({ ...options, session });
  await once(second, 'secureConnect');
  t.true(second.isSessionReused());
  t.false(second.authorized);
  t.is(second.authorizationError, 'ERR_TLS_CERT_ALTNAME_INVALID');
  second.destroy();
});

test('checkServerIdentity decides, for resumed connections too', async (t) => {
  const port = await listen(t, createServer(certificate()));
  const seen: string[] = [];
  const accept = (name: string, { subject }: { subject: { CN?: unknown } }): undefined => {
    seen.push(`${name} ${String(subject.CN)}`);
  };
  const options = { port, host: '127.0.0.1', servername: 'other.test', ca: certificate().cert };
  const first = connect({ ...options, checkServerIdentity: accept });
  const [session] = await once(first, 'session');
  t.true(first.authorized);
  first.destroy();
  const second = connect({ ...options, session, checkServerIdentity: accept });
  await once(second, 'secureConnect');
  t.true(second.isSessionReused());
  second.destroy();
  t.deepEqual(seen, ['other.test localhost', 'other.test localhost']);

  const refusal = Object.assign(new Error('not this one'), { code: 'ERR_PIN' });
  const third = connect({ ...options, session, checkServerIdentity: () => refusal });
  third.on('secureConnect', () => t.fail('it was refused'));
  const [error] = await once(third, 'error');
  t.is(error, refusal);
  const fourth = connect({ ...options, rejectUnauthorized: false, checkServerIdentity: () => refusal });
  await once(fourth, 'secureConnect');
  t.is(fourth.authorizationError, 'ERR_PIN');
  fourth.destroy();
});

test('protocols of one connection', async (t) => {
  const port = await listen(t, createServer({ ...certificate(), ALPNProtocols: ['h2', 'http/1.1'] }));
  const socket = connect({ port, ...local, ca: certificate().cert, ALPNProtocols: ['http/1.1'] });
  await once(socket, 'secureConnect');
  t.is(socket.alpnProtocol, 'http/1.1');
  socket.destroy();
  t.throws(() => connect({ port, ...local, ALPNProtocols: [''] }), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('a stapled OCSP response, and none', async (t) => {
  const ca = makeCertificate({ isCa: true });
  const leaf = makeCertificate({ issuer: ca });
  const server = createServer({ ...leaf, cert: [leaf.cert, ca.cert].join('\n') });
  const asked: Array<[boolean, boolean]> = [];
  // "Try later": OpenSSL 4.0 staples nothing but an OCSPResponse of RFC 6960.
  const staple = Buffer.from('30030a0103', 'hex');
  server.on('OCSPRequest', (own, issuer, callback) => {
    asked.push([own.length > 0, issuer !== null]);
    setImmediate(callback, null, staple);
  });
  const port = await listen(t, server);
  const socket = connect({ port, ...local, ca: ca.cert, requestOCSP: true });
  const [response] = await once(socket, 'OCSPResponse');
  t.deepEqual(response, staple);
  t.deepEqual(asked, [[true, true]]);
  socket.destroy();
  const plain = await listen(t, createServer(certificate()));
  const other = connect({ port: plain, ...local, ca: certificate().cert, requestOCSP: true });
  t.deepEqual(await once(other, 'OCSPResponse'), [null]);
  other.destroy();
  const seen = await sClient({ port, args: ['-status'] });
  t.regex(seen.output, /OCSP Response Status: trylater/);
  t.is(asked.length, 2);
});

test('a client that listens for its keys gets those of its connection', async (t) => {
  const port = await listen(t, createServer(certificate()));
  const socket = connect({ port, ...local, ca: certificate().cert });
  const lines: string[] = [];
  socket.on('keylog', (line: Buffer) => lines.push(line.toString()));
  await once(socket, 'secureConnect');
  t.true(lines.some((line) => /^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+\n$/.test(line)));
  socket.destroy();
});

test('a server takes a stream by its connection event', async (t) => {
  const server = createServer({ ...certificate(), tickets: 'stateful' });
  server.addContext('localhost', makeCertificate({ altNames: ['localhost'] }));
  server.on('secureConnection', (socket) => socket.pipe(socket));
  const plain = createPlain({ allowHalfOpen: true }, (stream) => server.emit('connection', stream));
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  t.teardown(() => plain.close());
  const address = plain.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = connect({ port: address.port, ...local, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  t.is(server.connectionCount, 1);
  socket.end('hello');
  const closed = once(socket, 'close');
  const [answer] = await once(socket, 'data');
  t.is(String(answer), 'hello');
  await closed;

  const failed = once(server, 'tlsClientError');
  plainConnect(address.port, '127.0.0.1')
    .on('error', () => {})
    .end('garbage that is no client hello\n');
  const [error] = await failed;
  t.regex(error.code, /^ERR_SSL_/);
});
