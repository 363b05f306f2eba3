// sslctx/tls behaves as node:tls: each test of `behaviours` runs with both.
import { once } from 'node:events';
import { connect as connectPlain, createServer as createPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import * as nodeTls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import * as tls from '../../src/http/tls.ts';
import { SslContext, SslSocket } from '../../src/index.ts';
import { TemporaryFiles } from '../../src/testing/cleanup.ts';
import { makeCertificate } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { portOf } from './listen.ts';

interface Options {
  [name: string]: unknown;
}

/** What the tests use of a socket of either. */
interface Connection extends NodeJS.EventEmitter {
  authorized: boolean;
  servername?: unknown;
  alpnProtocol: string | false | null;
  write(text: string): boolean;
  end(text: string): unknown;
  destroy(): unknown;
  resume(): unknown;
  getProtocol(): string | null;
  isSessionReused(): boolean;
  getPeerCertificate(): { subject?: { CN?: unknown } };
}

interface Server extends NodeJS.EventEmitter {
  listen(port: number | string, ...host: string[]): unknown;
  address(): unknown;
  close(): unknown;
  addContext(name: string, context: object): void;
  setSecureContext(options: object): void;
  getTicketKeys(): Buffer;
  setTicketKeys(keys: Buffer): void;
}

interface Library {
  createServer(options: Options, listener?: (socket: Connection) => void): Server;
  connect(options: Options, listener?: () => void): Connection;
  connect(port: number, host: string, options: Options, listener?: () => void): Connection;
  connect(path: string, options: Options, listener?: () => void): Connection;
  createSecureContext(options: Options): object;
  TLSSocket: new (socket: Socket, options: Options) => Connection;
}

const libraries: Record<string, Library> = {
  'node:tls': {
    ...nodeTls,
    createServer: (...args) => Reflect.apply(nodeTls.createServer, nodeTls, args),
    connect: (...args: unknown[]) => Reflect.apply(nodeTls.connect, nodeTls, args),
  },
  'sslctx/tls': { ...tls, createServer: (...args) => Reflect.apply(tls.createServer, tls, args) },
};

const ca = makeCertificate({ isCa: true });
const own = makeCertificate({ issuer: ca });
const shop = makeCertificate({ commonName: 'shop', altNames: ['shop.test'], issuer: ca });
const alice = makeCertificate({ commonName: 'alice', client: true, issuer: ca });

/** Says who the peer is, and closes. */
const greet = (socket: Connection): void => {
  socket.on('error', () => {});
  socket.end(
    `${socket.servername} ${socket.authorized} ${socket.getPeerCertificate()?.subject?.CN} ${socket.alpnProtocol}`,
  );
};

async function hear(socket: Connection): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}

type Behaviour = (t: ExecutionContext, library: Library) => Promise<void>;

const behaviours: Record<string, Behaviour> = {
  'all forms of connect': async (t, { createServer, connect }) => {
    const port = await portOf(t, createServer({ ...own }, greet));
    const options = { ca: ca.cert, servername: 'localhost' };
    const isSecure = new Promise<void>((resolve) => {
      const socket = connect(port, 'localhost', options, () => resolve());
      socket.on('error', (error) => t.fail(String(error))).resume();
    });
    await isSecure;
    t.is(await hear(connect({ port, ...options })), 'localhost false undefined false');
    t.is(await hear(connect({ port: String(port), host: '127.0.0.1', ca: ca.cert })), 'false false undefined false');
    const files = new TemporaryFiles();
    t.teardown(() => files.remove());
    const path = join(files.path('socket'));
    const local = createServer({ ...own }, greet);
    local.listen(path);
    await once(local, 'listening');
    t.teardown(() => local.close());
    t.is(await hear(connect(path, options)), 'localhost false undefined false');
  },
  'virtual hosts demand the same certificates of clients': async (
    t,
    { createServer, connect, createSecureContext },
  ) => {
    const chosen = createSecureContext({ ...shop, ca: ca.cert });
    const server = createServer(
      {
        ...own,
        ca: ca.cert,
        requestCert: true,
        rejectUnauthorized: true,
        SNICallback: (name: string, callback: (error: null, context?: object) => void) =>
          callback(null, name === 'called.test' ? chosen : undefined),
      },
      greet,
    );
    const port = await portOf(t, server);
    server.addContext('shop.test', { ...shop, ca: ca.cert });
    for (const servername of ['shop.test', 'called.test', 'localhost']) {
      const where = { port, ca: ca.cert, servername, rejectUnauthorized: false };
      t.is(await hear(connect({ ...where, ...alice })), `${servername} true alice false`);
      const refused = connect(where);
      refused.resume();
      const [error] = await once(refused, 'error');
      t.regex(error.message, /certificate required|handshake failure/);
    }
    server.setSecureContext({ ...shop, ca: ca.cert });
    t.is(await hear(connect({ port, ca: ca.cert, servername: 'shop.test', ...alice })), 'shop.test true alice false');
    const refused = connect({ port, ca: ca.cert, servername: 'shop.test' });
    refused.resume();
    await once(refused, 'error');
  },
  'ALPN by names, wire format and callback': async (t, { createServer, connect }) => {
    const wire = Buffer.from('\x03foo\x03bar', 'latin1');
    const byList = await portOf(t, createServer({ ...own, ALPNProtocols: wire }, greet));
    const ALPNCallback = ({ protocols: offered }: { protocols: string[] }) => offered.at(-1);
    const byCallback = await portOf(t, createServer({ ...own, ALPNCallback }, greet));
    const options = { ca: ca.cert, servername: 'localhost' };
    t.regex(await hear(connect({ port: byList, ...options, ALPNProtocols: ['bar', 'foo'] })), /foo$/);
    t.regex(await hear(connect({ port: byList, ...options, ALPNProtocols: Buffer.from('\x03bar') })), /bar$/);
    t.regex(await hear(connect({ port: byCallback, ...options, ALPNProtocols: ['one', 'two'] })), /two$/);
  },
  'a session is resumed, with the same check of the name': async (t, { createServer, connect }) => {
    for (const protocol of protocols) {
      const version = { minVersion: protocol, maxVersion: protocol };
      const port = await portOf(t, createServer({ ...own, ...version }, greet));
      const names: string[] = [];
      const checkServerIdentity = (name: string) => {
        names.push(name);
      };
      const options = { port, ca: ca.cert, servername: 'localhost', checkServerIdentity };
      const first = connect(options);
      const told = once(first, 'session');
      await hear(first);
      const [session] = await told;
      const second = connect({ ...options, session });
      await once(second, 'secureConnect');
      t.true(second.isSessionReused());
      t.true(second.authorized);
      await hear(second);
      t.is(names[0], 'localhost');
    }
  },
  'ticket keys of 48 bytes make servers resume each other': async (t, { createServer, connect }) => {
    const ticketKeys = Buffer.alloc(48, 7);
    const maxVersion = 'TLSv1.2';
    const ports = [await portOf(t, createServer({ ...own, maxVersion, ticketKeys }, greet))];
    const other = createServer({ ...own, maxVersion }, greet);
    ports.push(await portOf(t, other));
    other.setTicketKeys(ticketKeys);
    const options = { ca: ca.cert, servername: 'localhost' };
    const first = connect({ port: ports[0], ...options });
    const told = once(first, 'session');
    await hear(first);
    const [session] = await told;
    for (const port of ports) {
      const socket = connect({ port, ...options, session });
      await once(socket, 'secureConnect');
      t.true(socket.isSessionReused());
      await hear(socket);
    }
    other.setTicketKeys(other.getTicketKeys());
  },
  'TLS on a stream that is there already': async (t, { TLSSocket, connect, createSecureContext }) => {
    const plain = createPlain((socket) => {
      socket.write('220 ready\n');
      socket.once('data', () => {
        const secureContext = createSecureContext({ ...own, ca: ca.cert });
        const secure = new TLSSocket(socket, {
          isServer: true,
          secureContext,
          requestCert: true,
          rejectUnauthorized: false,
        });
        secure.on('secure', () => secure.end(`${secure.servername} ${secure.getPeerCertificate().subject?.CN}`));
        socket.write('220 go ahead\n');
      });
    });
    const port = await portOf(t, plain);
    const socket = connectPlain({ port, host: '127.0.0.1' });
    t.is(String((await once(socket, 'data'))[0]), '220 ready\n');
    socket.write('STARTTLS\n');
    t.is(String((await once(socket, 'data'))[0]), '220 go ahead\n');
    const secure = connect({ socket, ca: ca.cert, servername: 'localhost', ...alice });
    t.is(await hear(secure), 'localhost alice');
  },
  'an old name of the protocol version': async (t, { createServer, connect }) => {
    const port = await portOf(t, createServer({ ...own, secureProtocol: 'TLSv1_2_method' }, greet));
    const socket = connect({ port, ca: ca.cert, servername: 'localhost' });
    await once(socket, 'secureConnect');
    t.is(socket.getProtocol(), 'TLSv1.2');
    await hear(socket);
    t.throws(() => createServer({ ...own, secureProtocol: 'nonsense' }));
  },
  'a server that is not trusted, or not of this name': async (t, { createServer, connect }) => {
    const port = await portOf(t, createServer({ ...certificate() }, greet));
    const codes: string[] = [];
    for (const options of [
      { ca: ca.cert, servername: 'localhost' },
      { ca: certificate().cert, servername: 'other.test' },
    ]) {
      const [error] = await once(connect({ port, ...options }), 'error');
      codes.push(error.code);
    }
    t.deepEqual(codes, ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID']);
  },
};

for (const [name, library] of Object.entries(libraries)) {
  for (const [title, behaviour] of Object.entries(behaviours)) {
    test(`${title}, ${name}`, (t) => behaviour(t, library));
  }
}

test('every name of node:tls is there, but for those that the guide lists', (t) => {
  const missing = [
    'convertALPNProtocols',
    'createSecurePair',
    'getCACertificates',
    'getCertificateCompressionAlgorithms',
    'setDefaultCACertificates',
  ];
  const names = Object.keys(nodeTls).filter((name) => name !== 'default');
  t.deepEqual(
    names.filter((name) => !(name in tls) && !missing.includes(name)),
    [],
  );
  t.deepEqual(
    Object.keys(tls.default).sort(),
    Object.keys(tls)
      .filter((name) => name !== 'default')
      .sort(),
  );
});

test('what node:tls has and libssl is not told is an error', (t) => {
  const options: Options = { pskCallback: () => null };
  t.throws(() => tls.createServer(options), { code: 'ERR_INVALID_ARG_VALUE', message: /pskCallback/ });
  t.throws(() => tls.connect({ port: 1, minDHSize: 4096 }), { code: 'ERR_INVALID_ARG_VALUE' });
  const foreign: Options = { port: 1, secureContext: nodeTls.createSecureContext() };
  t.throws(() => tls.connect(foreign), { code: 'ERR_INVALID_ARG_TYPE' });
  const both: Options = { ALPNProtocols: ['a'], ALPNCallback: () => undefined };
  t.throws(() => tls.createServer(both), { code: 'ERR_INVALID_ARG_VALUE' });
  const context = new SslContext();
  t.throws(() => tls.createServer({ context, requestCert: true }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => tls.createServer({ context, ...own }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => tls.connect({ port: 1, context, ca: ca.cert }), { code: 'ERR_INVALID_ARG_VALUE' });
});

// Node 20 itself ends the process for it.
test('a list of protocols in the wire format that ends too early is an error', (t) => {
  const ALPNProtocols = Buffer.from('\x04bar');
  t.throws(() => tls.createServer({ ...own, ALPNProtocols }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => tls.connect({ port: 1, ALPNProtocols }), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('cipher suites, versions and classes', async (t) => {
  t.true(tls.getCiphers().includes('tls_aes_256_gcm_sha384'));
  t.true(tls.getCiphers().includes('ecdhe-rsa-aes128-gcm-sha256'));
  const server = tls.createServer({ ...own, ciphers: tls.DEFAULT_CIPHERS, minVersion: tls.DEFAULT_MIN_VERSION }, greet);
  const port = await portOf(t, server);
  for (const protocol of protocols) {
    const socket = tls.connect({ port, ca: ca.cert, maxVersion: protocol });
    t.true(socket instanceof tls.TLSSocket && socket instanceof SslSocket);
    await once(socket, 'secureConnect');
    t.is(socket.getProtocol(), protocol);
    await hear(socket);
  }
});
