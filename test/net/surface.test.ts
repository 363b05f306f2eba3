// The surface of tls.TLSSocket: ours says the same as Node's, of the same connection or of one like it.
import { once } from 'node:events';
import tls from 'node:tls';
import test from 'ava';
import { SSL_OP_ALLOW_CLIENT_RENEGOTIATION } from '../../src/capi/index.ts';
import { connect, createServer, type SslServer, type SslSocket } from '../../src/index.ts';
import { makeCertificate } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { listenOn } from './listen.ts';

const local = { host: '127.0.0.1', servername: 'localhost' };

async function accepted(server: SslServer): Promise<SslSocket> {
  const [socket] = await once(server, 'secureConnection');
  return socket;
}

for (const protocol of protocols) {
  const version = { minVersion: protocol, maxVersion: protocol };

  test(`both ends of one connection, and Node's own, say the same, ${protocol}`, async (t) => {
    const ca = makeCertificate({ isCa: true });
    const own = makeCertificate({ issuer: ca, client: true, commonName: 'somebody' });
    const server = createServer({ ...certificate(), ...version, requestCert: true, ca: ca.cert });
    const port = await listenOn(t, server);
    const connection = accepted(server);
    const client = tls.connect({ port, ...local, ca: certificate().cert, cert: own.cert, key: own.key });
    const [socket] = await Promise.all([connection, once(client, 'secureConnect')]);
    t.deepEqual(socket.getCipher(), client.getCipher());
    t.is(socket.getProtocol(), client.getProtocol());
    t.deepEqual(socket.getFinished(), client.getPeerFinished());
    t.deepEqual(socket.getPeerFinished(), client.getFinished());
    t.deepEqual(socket.getPeerCertificate(), client.getCertificate());
    t.deepEqual(socket.getCertificate(), client.getPeerCertificate());
    t.is(socket.getPeerX509Certificate()?.fingerprint256, client.getX509Certificate()?.fingerprint256);
    t.deepEqual(
      socket.exportKeyingMaterial(32, 'EXPORTER-test', Buffer.from('context')),
      client.exportKeyingMaterial(32, 'EXPORTER-test', Buffer.from('context')),
    );
    t.is(socket.servername, 'localhost');
    t.is(socket.remotePort, client.localPort);
    t.is(socket.remoteAddress, client.localAddress);
    t.true(socket.authorized);
    t.true(socket.encrypted);
    client.destroy();
    socket.destroy();
  });

  test(`the chain of a peer, ${protocol}`, async (t) => {
    const root = makeCertificate({ isCa: true, commonName: 'root' });
    const leaf = makeCertificate({ issuer: root });
    const server = createServer({ ...version, key: leaf.key, cert: `${leaf.cert}\n${root.cert}` });
    const port = await listenOn(t, server);
    const ours = connect({ port, ...local, ca: root.cert });
    const nodes = tls.connect({ port, ...local, ca: root.cert });
    await Promise.all([once(ours, 'secureConnect'), once(nodes, 'secureConnect')]);
    const chain = ours.getPeerCertificate(true);
    const expected = nodes.getPeerCertificate(true);
    if (!('issuerCertificate' in chain)) return t.fail('no chain');
    const issuer = chain.issuerCertificate;
    t.is(Object(issuer).fingerprint256, expected.issuerCertificate.fingerprint256);
    ours.destroy();
    nodes.destroy();
  });

  test(`resumeFrom: a second connection in the session of the first, ${protocol}`, async (t) => {
    const server = createServer({ ...certificate(), ...version }, (socket) => socket.pipe(socket));
    const port = await listenOn(t, server);
    const control = connect({ port, ...local, ca: certificate().cert });
    await once(control, 'session');
    const data = connect({ port, host: '127.0.0.1', ca: certificate().cert, resumeFrom: control });
    await once(data, 'secureConnect');
    t.true(data.isSessionReused());
    control.destroy();
    data.destroy();
  });

  test(`a session beyond Node's limit of 10 KiB, ${protocol}`, async (t) => {
    const ca = makeCertificate({ isCa: true });
    const altNames = Array.from({ length: 600 }, (_, index) => `${index}.a-host-name-of-some-length.test`);
    const own = makeCertificate({ issuer: ca, client: true, altNames });
    const server = createServer({ ...certificate(), ...version, requestCert: true, ca: ca.cert });
    server.on('secureConnection', (socket) => socket.pipe(socket));
    const port = await listenOn(t, server);
    const options = { port, ...local, ca: certificate().cert, cert: own.cert, key: own.key };
    const first = connect(options);
    const [session] = await once(first, 'session');
    t.true(session.toDER().length > 15_000, String(session.toDER().length));
    const second = connect({ ...options, session: session.toDER() });
    await once(second, 'secureConnect');
    t.true(second.isSessionReused());
    first.destroy();
    second.destroy();
  });

  test(`a timeout without traffic, ${protocol}`, async (t) => {
    const server = createServer({ ...certificate(), ...version });
    const port = await listenOn(t, server);
    const socket = connect({ port, ...local, ca: certificate().cert, timeout: 20 });
    await once(socket, 'timeout');
    t.false(socket.destroyed);
    t.is(socket.timeout, 20);
    socket.destroy();
  });

  test(`records of the size that was asked for, ${protocol}`, async (t) => {
    const server = createServer({ ...certificate(), ...version }, (socket) => {
      t.true(socket.setMaxSendFragment(512));
      t.false(socket.setMaxSendFragment(100));
      socket.end(Buffer.alloc(5000));
    });
    const socket = connect({ port: await listenOn(t, server), ...local, ca: certificate().cert });
    let bytes = 0;
    for await (const chunk of socket) bytes += chunk.length;
    t.is(bytes, 5000);
    // Ten records of at least 22 bytes more than their content.
    t.true(socket.bytesRead === 0 || socket.bytesRead > 5220);
  });
}

test('tickets of TLS 1.3: all of them, later, and on demand', async (t) => {
  const server = createServer({ ...certificate(), numTickets: 3, deferTickets: true }, (socket) => {
    socket.once('data', () => {
      socket.write('first');
      t.true(socket.issueTicket());
      socket.end('last');
    });
  });
  const socket = connect({ port: await listenOn(t, server), ...local, ca: certificate().cert });
  const events: string[] = [];
  socket.on('session', () => events.push('session'));
  socket.on('data', (data: Buffer) => events.push(String(data)));
  await once(socket, 'secureConnect');
  t.deepEqual(events, []);
  t.false(socket.issueTicket(), 'not from a client');
  socket.write('now');
  const tickets: unknown[] = [];
  for await (const session of socket.sessions()) tickets.push(session.ticket);
  t.is(new Set(tickets.map(String)).size, 4);
  t.deepEqual(events.slice(0, 3), ['session', 'session', 'session']);
});

test('renegotiation in TLS 1.2, until it is refused', async (t) => {
  const version = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
  // Without this, OpenSSL 3 lets servers alone begin with it.
  const secureOptions = SSL_OP_ALLOW_CLIENT_RENEGOTIATION;
  const server = createServer({ ...certificate(), ...version, secureOptions });
  const port = await listenOn(t, server);
  const connection = accepted(server);
  const client = connect({ port, ...local, ca: certificate().cert });
  await once(client, 'secureConnect');
  const socket = await connection;
  socket.resume();
  const before = client.getFinished();
  await new Promise<void>((resolve, reject) => {
    t.true(client.renegotiate({}, (error) => (error ? reject(error) : resolve())));
  });
  t.notDeepEqual(client.getFinished(), before);
  socket.on('error', () => {});
  socket.disableRenegotiation();
  const refused = once(client, 'error');
  client.renegotiate();
  const [error] = await refused;
  t.is(error.code, 'ERR_SSL_NO_RENEGOTIATION');
  socket.destroy();
});
