// Client hellos as no client sends them, and handshakes that do not end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import test from 'ava';
import { createServer, type SslServerOptions } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';

function withLength(bytes: Buffer, width = 2): Buffer {
  const length = Buffer.alloc(width);
  length.writeUIntBE(bytes.length, 0, width);
  return Buffer.concat([length, bytes]);
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type >> 8, type & 255), withLength(content)]);
}

/** A client hello of TLS 1.2, without its record. */
function helloFor(name: Buffer): Buffer {
  const serverName = extension(0, withLength(Buffer.concat([Buffer.of(0), withLength(name)])));
  const groups = extension(10, Buffer.of(0, 2, 0, 23));
  const signatures = extension(13, Buffer.of(0, 2, 4, 3));
  const extensions = withLength(Buffer.concat([serverName, groups, signatures]));
  const suites = withLength(Buffer.of(0xc0, 0x2b));
  const body = Buffer.concat([Buffer.of(3, 3), Buffer.alloc(32, 5), Buffer.of(0), suites, Buffer.of(1, 0), extensions]);
  return Buffer.concat([Buffer.of(1), withLength(body, 3)]);
}

/** In records of at most this many bytes. */
function records(message: Buffer, size = 16_384): Buffer {
  const all: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    all.push(Buffer.of(22, 3, 1), withLength(message.subarray(at, at + size)));
  }
  return Buffer.concat(all);
}

/** What the server answers first: the type of the record, and of an alert its number. */
async function answerTo(port: number, bytes: Buffer): Promise<string> {
  const socket = connectTcp({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.write(bytes);
  const [answer]: [Buffer] = await once(socket, 'data').then(([data]): [Buffer] => [data]);
  socket.destroy();
  return answer[0] === 21 ? `alert ${answer[6]}` : `record ${answer[0]}`;
}

const names = {
  'with a NUL in it': [Buffer.from('shop.example\0.evil'), 'alert 112', []],
  'of 300 bytes': [Buffer.alloc(300, 'a'), 'alert 112', []],
  'of 60,000 bytes': [Buffer.alloc(60_000, 'a'), 'alert 112', []],
  'that is a member of Object': [Buffer.from('__proto__'), 'record 22', ['__proto__']],
  'of a virtual host': [Buffer.from('SHOP.example'), 'record 22', ['SHOP.example']],
} as const;

for (const [kind, [name, answer, asked]] of Object.entries(names)) {
  test(`a server name ${kind}`, async (t) => {
    const heard: string[] = [];
    const SNICallback: SslServerOptions['SNICallback'] = (servername, callback) => {
      heard.push(servername);
      callback(null, null);
    };
    const server = createServer({ ...certificate(), SNICallback });
    server.on('tlsClientError', () => {});
    server.addContext('shop.example', certificate());
    const port = await listenOn(t, server);
    t.is(await answerTo(port, records(helloFor(name))), answer);
    t.deepEqual(heard, [...asked]);
  });
}

test('a client hello in records of one byte is one like all others, and one that says it has 16 MB is none', async (t) => {
  const SNICallback: SslServerOptions['SNICallback'] = (_name, callback) => callback(null, null);
  const server = createServer({ ...certificate(), SNICallback });
  server.on('tlsClientError', () => {});
  const port = await listenOn(t, server);
  t.is(await answerTo(port, records(helloFor(Buffer.from('localhost')), 1)), 'record 22');
  t.is(await answerTo(port, records(Buffer.of(1, 255, 255, 255))), 'alert 47');
});

test('a handshake whose question nobody answers ends in time', async (t) => {
  const server = createServer({ ...certificate(), handshakeTimeout: 1000, SNICallback: () => {} });
  const failed = once(server, 'tlsClientError');
  const port = await listenOn(t, server);
  t.false((await sClient({ port, servername: 'shop.example' })).connected);
  const [error] = await failed;
  t.is(error.code, 'ERR_SSLCTX_HANDSHAKE_TIMEOUT');
  t.is(server.connectionCount, 0);
});

test('ALPACA: a client of another protocol is refused', async (t) => {
  const server = createServer({ ...certificate(), ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => socket.end());
  server.on('tlsClientError', () => {});
  const port = await listenOn(t, server);
  const other = await sClient({ port, alpn: ['ftp', 'smtp'] });
  t.false(other.connected);
  t.true(other.alerts.some(({ description }) => description === 'no application protocol'));
  t.true((await sClient({ port, alpn: ['http/1.1'], until: 'closed' })).connected);
});

test('a client of TLS 1.2 that renegotiates is refused, by default', async (t) => {
  const server = createServer({ ...certificate(), maxVersion: 'TLSv1.2' }, (socket) => {
    socket.on('error', () => {});
    socket.write('hello\n');
  });
  const port = await listenOn(t, server);
  const program = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-state']);
  t.teardown(() => program.kill());
  let text = '';
  const refused = new Promise<void>((resolve) => {
    for (const stream of [program.stdout, program.stderr]) {
      stream.on('data', (part: Buffer) => {
        text += part;
        if (/^hello$/m.test(text) && !text.includes('RENEGOTIATING')) program.stdin.write('R\n');
        if (text.includes('no renegotiation')) resolve();
      });
    }
  });
  await refused;
  t.regex(text, /RENEGOTIATING/);
  t.is(server.context.stats.acceptGood, 1);
});
