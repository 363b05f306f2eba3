// HTTP/2 on our sockets behaves as on Node's own: each test runs with both servers and both clients.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as nodeHttp2 from 'node:http2';
import { buffer, text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import * as http2 from '../../src/http/http2.ts';
import { createServer } from '../../src/index.ts';
import { makeCertificate } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { output } from '../helpers/process.ts';
import { portOf } from './listen.ts';
import { certificates } from './programs.ts';

interface Options {
  [name: string]: unknown;
}

type Listener = (request: nodeHttp2.Http2ServerRequest, response: nodeHttp2.Http2ServerResponse) => void;

interface Library {
  createSecureServer(options: Options, listener?: Listener): nodeHttp2.Http2SecureServer;
  connect(url: string, options: Options, listener?: () => void): nodeHttp2.ClientHttp2Session;
}

const libraries: Record<string, Library> = { 'node:http2': nodeHttp2, 'sslctx/http2': http2 };

interface Context {
  serve(
    options?: Options,
    listener?: Listener,
  ): Promise<{ server: nodeHttp2.Http2SecureServer; url: string; port: number }>;
  connect(url: string, options?: Options): nodeHttp2.ClientHttp2Session;
}

async function ask(session: nodeHttp2.ClientHttp2Session, path = '/', body?: Buffer): Promise<Buffer> {
  const stream = session.request({ ':path': path, ':method': body === undefined ? 'GET' : 'POST' });
  stream.end(body);
  return buffer(stream);
}

async function closed(session: nodeHttp2.ClientHttp2Session): Promise<void> {
  const end = once(session, 'close');
  session.close();
  await end;
}

const behaviours: Record<string, (t: ExecutionContext, context: Context) => Promise<void>> = {
  'requests, what the sockets say, and a graceful end': async (t, { serve, connect }) => {
    const { server, url } = await serve({}, ({ httpVersion, socket, stream }, response) => {
      const about = { encrypted: Reflect.get(socket, 'encrypted'), alpn: Reflect.get(socket, 'alpnProtocol') };
      const { encrypted, alpnProtocol } = stream.session ?? {};
      const { remoteAddress, remoteFamily } = socket;
      response.end(JSON.stringify([httpVersion, about, encrypted, alpnProtocol, remoteAddress, remoteFamily]));
    });
    const ended = once(server, 'session').then(([session]) => once(session, 'close'));
    const session = connect(url);
    t.true(session.connecting);
    await once(session, 'connect');
    t.false(session.connecting);
    t.true(session.encrypted);
    t.is(session.alpnProtocol, 'h2');
    t.deepEqual(session.originSet, [url]);
    t.is(Reflect.get(session.socket, 'authorized'), true);
    t.is(Reflect.get(session.socket, 'getPeerCertificate')().subject.CN, 'localhost');
    const seen = JSON.parse(String(await ask(session)));
    t.deepEqual(seen, ['2.0', { encrypted: true, alpn: 'h2' }, true, 'h2', '127.0.0.1', 'IPv4']);
    await closed(session);
    await ended;
  },
  'many streams at once, with much data both ways': async (t, { serve, connect }) => {
    const { url } = await serve({}, (request, response) => request.pipe(response));
    const session = connect(url);
    const bodies = Array.from({ length: 20 }, (_each, index) => Buffer.alloc(300_000 + index, index));
    const answers = await Promise.all(bodies.map((body) => ask(session, '/', body)));
    const digest = (parts: Buffer[]) => parts.map((part) => createHash('sha256').update(part).digest('hex'));
    t.deepEqual(digest(answers), digest(bodies));
    await closed(session);
  },
  'pushed streams, trailers and pings': async (t, { serve, connect }) => {
    const { server, url } = await serve();
    server.on('stream', (stream) => {
      stream.pushStream({ ':path': '/pushed' }, (_error, pushed) => {
        pushed.respond();
        pushed.end('pushed');
      });
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
      stream.end('asked');
    });
    const session = connect(url);
    const pushed = new Promise((resolve) => {
      session.on('stream', (stream) => {
        // Iterators of node:http2 in Node 24 miss what comes all at once, on any stream that is no net.Socket.
        let all = '';
        stream.on('data', (chunk: Buffer) => {
          all += chunk;
        });
        stream.on('end', () => resolve(all));
      });
    });
    const stream = session.request({ ':path': '/' });
    const trailers = once(stream, 'trailers');
    t.is(await text(stream), 'asked');
    t.is(await pushed, 'pushed');
    t.is((await trailers)[0]['x-end'], 'yes');
    t.true(await new Promise((resolve) => session.ping((error) => resolve(error === null))));
    await closed(session);
  },
  'a server that goes away, at once': async (t, { serve, connect }) => {
    const { server, url } = await serve();
    server.on('session', (session) => session.on('stream', () => session.destroy()));
    const session = connect(url);
    const ended = once(session, 'close');
    session.on('error', () => {});
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    await Promise.all([once(stream, 'close'), ended]);
    t.true(session.destroyed);
  },
  'a server that closes waits for its streams': async (t, { serve, connect }) => {
    const { server, url } = await serve({}, (_request, response) => {
      server.once('go', () => response.end('late'));
    });
    const session = connect(url);
    const answer = ask(session);
    await once(server, 'request');
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    server.emit('go');
    t.is(String(await answer), 'late');
    await closed(session);
    await ended;
  },
  'a client that is gone is noticed': async (t, { serve, connect }) => {
    const { server, url } = await serve();
    const noticed = new Promise<boolean>((resolve) => {
      server.on('session', (session) => {
        session.on('error', () => {}).on('close', () => resolve(session.destroyed));
        session.on('stream', (stream) => {
          stream.on('error', () => {});
          client.destroy();
        });
      });
    });
    const client = connect(url);
    client.on('error', () => {});
    client.request({ ':path': '/' }).on('error', () => {});
    t.true(await noticed);
  },
  'a session that is idle for too long is told': async (t, { serve, connect }) => {
    const { server, url } = await serve();
    server.setTimeout(30);
    const told = once(server, 'timeout');
    const session = connect(url);
    const [idle] = await told;
    idle.destroy();
    await once(session, 'close');
    t.pass();
  },
  'client certificates': async (t, { serve, connect }) => {
    const ca = makeCertificate({ isCa: true });
    const alice = makeCertificate({ commonName: 'alice', client: true, issuer: ca });
    const { url } = await serve(
      { ca: ca.cert, requestCert: true, rejectUnauthorized: false },
      ({ socket }, response) => {
        const { authorized, peer } = {
          authorized: Reflect.get(socket, 'authorized'),
          peer: Reflect.get(socket, 'getPeerCertificate'),
        };
        response.end(`${authorized} ${peer().subject?.CN}`);
      },
    );
    const [known, unknown] = [connect(url, { ...alice }), connect(url)];
    t.is(String(await ask(known)), 'true alice');
    t.is(String(await ask(unknown)), 'false undefined');
    await Promise.all([closed(known), closed(unknown)]);
  },
  'an untrusted server is an error of session and stream': async (t, { serve, connect }) => {
    const { url } = await serve();
    const session = connect(url, { ca: makeCertificate().cert });
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    const [error] = await once(session, 'error');
    if (!stream.closed) await once(stream, 'close');
    t.is(error.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    t.true(stream.destroyed);
  },
  'HTTP/1.1 where it is allowed, and where it is not': async (t, { serve }) => {
    const lenient = await serve({ allowHTTP1: true }, (request, response) => response.end(request.httpVersion));
    const strict = await serve({}, (request, response) => response.end(request.httpVersion));
    const { cert } = certificate();
    const over = async (port: number, ALPNProtocols?: string[]): Promise<string> => {
      const socket = connectTls({ port, host: 'localhost', ca: cert, ...(ALPNProtocols ? { ALPNProtocols } : {}) });
      await once(socket, 'secureConnect');
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      return text(socket);
    };
    t.regex(await over(lenient.port, ['http/1.1']), /^HTTP\/1\.1 200[\s\S]*1\.1$/);
    t.regex(await over(lenient.port), /^HTTP\/1\.1 200[\s\S]*1\.1$/);
    t.regex(await over(strict.port), /^HTTP\/1\.0 403/);
    await t.throwsAsync(over(strict.port, ['http/1.1']), { message: /no application protocol/ });
    const unknown = once(strict.server, 'unknownProtocol');
    const answer = over(strict.port);
    const [socket] = await unknown;
    socket.end('other');
    t.is(await answer, 'other');
  },
  'curl --http2': async (t, { serve }) => {
    const { folder } = certificates(t);
    const { port } = await serve({ allowHTTP1: true }, async (request, response) => {
      response.end(
        `${request.httpVersion} ${createHash('sha256')
          .update(await buffer(request))
          .digest('hex')}`,
      );
    });
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/own.pem`, certificate().cert);
    const digest = createHash('sha256').update('x'.repeat(500_000)).digest('hex');
    writeFileSync(`${folder}/body`, 'x'.repeat(500_000));
    for (const [option, version] of [
      ['--http2', '2.0'],
      ['--http1.1', '1.1'],
    ] as const) {
      const args = [
        '-sS',
        '--noproxy',
        '*',
        option,
        '--cacert',
        `${folder}/own.pem`,
        '--data-binary',
        `@${folder}/body`,
      ];
      t.is(await output('curl', [...args, `https://localhost:${port}/`]), `${version} ${digest}`);
    }
  },
};

for (const [ofServer, own] of Object.entries(libraries)) {
  for (const [ofClient, other] of Object.entries(libraries)) {
    for (const [name, behaviour] of Object.entries(behaviours)) {
      test(`${name}: ${ofServer}, client of ${ofClient}`, async (t) => {
        await behaviour(t, {
          serve: async (options = {}, listener) => {
            const server = own.createSecureServer({ ...certificate(), ...options }, listener);
            const port = await portOf(t, server);
            return { server, port, url: `https://localhost:${port}` };
          },
          connect: (url, options = {}) => {
            const session = other.connect(url, { ca: certificate().cert, ...options });
            t.teardown(() => session.destroy());
            return session;
          },
        });
      });
    }
  }
}

test('sessions of connect are resumed', async (t) => {
  const server = http2.createSecureServer({ ...certificate(), tickets: 'stateful' }, (request, response) => {
    const { accepted } = Reflect.get(request.socket, 'resumption');
    response.end(String(accepted));
  });
  const url = `https://localhost:${await portOf(t, server)}`;
  for (const expected of ['false', 'true', 'true']) {
    const session = http2.connect(url, { ca: certificate().cert });
    t.is(String(await ask(session)), expected);
    await closed(session);
  }
});

test('performServerHandshake on a socket of ours', async (t) => {
  const server = createServer({ ...certificate(), ALPNProtocols: ['h2'] }, (socket) => {
    const session = http2.performServerHandshake(socket);
    session.on('stream', (stream) => {
      stream.respond();
      stream.end(`${session.alpnProtocol} ${session.encrypted}`);
    });
  });
  const session = nodeHttp2.connect(`https://localhost:${await portOf(t, server)}`, { ca: certificate().cert });
  t.is(String(await ask(session)), 'h2 true');
  await closed(session);
});
