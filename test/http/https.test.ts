// Servers of sslctx/https behave as those of node:https: each test runs with both.
import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import * as nodeHttps from 'node:https';
import { connect as connectPlain, createServer as createPlain, Server as NetServer } from 'node:net';
import * as tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import * as https from '../../src/http/https.ts';
import { certificate } from '../helpers/classes.ts';
import { portOf } from './listen.ts';

interface Options {
  [name: string]: unknown;
  cert?: string;
  key?: string;
}

const libraries: Record<string, (options: Options, listener?: RequestListener) => nodeHttps.Server> = {
  'node:https': (options, listener) => nodeHttps.createServer(options, listener),
  'sslctx/https': (options, listener) => https.createServer(options, listener),
};

type Make = (options?: Options, listener?: RequestListener) => Promise<{ server: nodeHttps.Server; port: number }>;

/** A client of node:tls, and what it has read until the server closed. */
async function raw(port: number, text: string): Promise<string> {
  const socket = await open(port);
  socket.write(text);
  return restOf(socket);
}

async function open(port: number): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: 'localhost', servername: 'localhost', ca: certificate().cert });
  await once(socket, 'secureConnect');
  return socket.setEncoding('latin1');
}

async function restOf(socket: tls.TLSSocket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
const getHead = head('GET / HTTP/1.1', 'Host: localhost');
const lastGetHead = head('GET / HTTP/1.1', 'Host: localhost', 'Connection: close');

const hello: RequestListener = (_request, response) => {
  response.end('hello');
};

const behaviours: Record<string, (t: ExecutionContext, make: Make) => Promise<void>> = {
  'requests and answers, two on a connection': async (t, make) => {
    const { port } = await make({}, hello);
    t.is((await raw(port, getHead + lastGetHead)).match(/hello/g)?.length, 2);
  },
  'an upgrade, with what came behind its head': async (t, make) => {
    const { server, port } = await make();
    server.on('upgrade', (request, socket, rest: Buffer) => {
      socket.write(head('HTTP/1.1 101 Switching Protocols', 'Connection: upgrade', 'Upgrade: echo'));
      socket.end(`${request.headers.upgrade}:${rest}`);
    });
    const text = await raw(port, `${head('GET / HTTP/1.1', 'Host: x', 'Connection: upgrade', 'Upgrade: echo')}rest`);
    t.regex(text, /\r\n\r\necho:rest$/);
  },
  'a tunnel by CONNECT': async (t, make) => {
    const { server, port } = await make();
    server.on('connect', (request, socket) => {
      socket.end(`${head('HTTP/1.1 200 OK')}${request.url}`);
    });
    t.regex(await raw(port, head('CONNECT far.test:1 HTTP/1.1', 'Host: far.test:1')), /far\.test:1$/);
  },
  'Expect: 100-continue, and other expectations': async (t, make) => {
    const { server, port } = await make({}, hello);
    server.on('checkContinue', (_request, response) => {
      response.writeContinue();
      response.end('continued');
    });
    server.on('checkExpectation', (_request, response) => response.writeHead(417).end());
    const expecting = (what: string) => head('GET / HTTP/1.1', 'Host: x', 'Connection: close', `Expect: ${what}`);
    t.regex(await raw(port, expecting('100-continue')), /^HTTP\/1\.1 100 Continue[\s\S]*continued/);
    t.regex(await raw(port, expecting('the moon')), /^HTTP\/1\.1 417/);
  },
  'what is no HTTP is answered with 400, or by clientError': async (t, make) => {
    const { server, port } = await make({}, hello);
    t.regex(await raw(port, 'no HTTP at all\r\n\r\n'), /^HTTP\/1\.1 400 Bad Request/);
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => socket.end(`${error.code}`));
    t.is(await raw(port, 'no HTTP at all\r\n\r\n'), 'HPE_INVALID_METHOD');
  },
  'what is no TLS is a tlsClientError, and a clientError': async (t, make) => {
    const { server, port } = await make({}, hello);
    const events = Promise.all([once(server, 'tlsClientError'), once(server, 'clientError')]);
    const socket = connectPlain(port, '127.0.0.1');
    socket.on('error', () => {}).resume();
    socket.write('no TLS at all\r\n\r\n');
    const [[first], [second]] = await events;
    t.true(first instanceof Error);
    t.is(first, second);
    socket.destroy();
  },
  'maxRequestsPerSocket drops requests': async (t, make) => {
    const { server, port } = await make({}, hello);
    server.maxRequestsPerSocket = 1;
    const dropped = once(server, 'dropRequest');
    const socket = await open(port);
    socket.write(getHead + lastGetHead);
    t.regex(await restOf(socket), /hello[\s\S]*HTTP\/1\.1 503/);
    const [request] = await dropped;
    t.is(request.url, '/');
  },
  maxHeaderSize: async (t, make) => {
    const { port } = await make({ maxHeaderSize: 1000 }, hello);
    t.regex(await raw(port, head('GET / HTTP/1.1', 'Host: x', `X: ${'x'.repeat(2000)}`)), /^HTTP\/1\.1 431/);
  },
  'headersTimeout and requestTimeout end slow requests': async (t, make) => {
    const { port } = await make(
      { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 10 },
      (request) => request.resume(),
    );
    t.regex(await raw(port, 'GET / HTTP/1.1\r\n'), /^HTTP\/1\.1 408/);
    t.regex(await raw(port, head('POST / HTTP/1.1', 'Host: x', 'Content-Length: 9')), /^HTTP\/1\.1 408/);
  },
  'keepAliveTimeout ends idle connections': async (t, make) => {
    const { port } = await make({ keepAliveTimeout: 1 }, hello);
    t.regex(await raw(port, getHead), /hello$/);
  },
  'a time-out is told to the server, and destroys without a listener': async (t, make) => {
    const { server, port } = await make({}, (request) => request.resume());
    server.setTimeout(50);
    t.is(await raw(port, getHead), '');
    const told = new Promise<boolean>((resolve) => {
      server.setTimeout(50, (socket) => {
        resolve('encrypted' in socket);
        socket.destroy();
      });
    });
    t.is(await raw(port, getHead), '');
    t.true(await told);
  },
  'close ends idle connections and waits for the others': async (t, make) => {
    const { server, port } = await make({}, (request, response) => {
      if (request.url === '/slow') server.once('go', () => response.end('slow'));
      else response.end('hello');
    });
    const [idle, busy] = [await open(port), await open(port)];
    const answered = once(idle, 'data');
    idle.write(getHead);
    const asked = once(server, 'request');
    await answered;
    busy.write(head('GET /slow HTTP/1.1', 'Host: x', 'Connection: close'));
    await Promise.all([asked, once(server, 'request')]);
    const closed = once(server, 'close');
    let isClosed = false;
    server.close(() => {
      isClosed = true;
    });
    t.is(await restOf(idle), '');
    t.false(isClosed);
    t.false(server.listening);
    server.emit('go');
    t.regex(await restOf(busy), /slow$/);
    await closed;
    t.true(isClosed);
  },
  'closeIdleConnections and closeAllConnections': async (t, make) => {
    const { server, port } = await make({}, (request, response) => {
      if (request.url !== '/slow') response.end('hello');
    });
    const [idle, busy] = [await open(port), await open(port)];
    const answered = once(idle, 'data');
    idle.write(getHead);
    await answered;
    const asked = once(server, 'request');
    busy.write(head('GET /slow HTTP/1.1', 'Host: x'));
    await asked;
    const count = () => new Promise((resolve) => server.getConnections((_error, number) => resolve(number)));
    t.is(await count(), 2);
    server.closeIdleConnections();
    t.is(await restOf(idle), '');
    server.closeAllConnections();
    busy.on('error', () => {});
    await once(busy.resume(), 'close');
  },
  'close without listen is an error, and a server can listen again': async (t, make) => {
    const { server, port } = await make({}, hello);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    t.is(server.address(), null);
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => server.close(resolve));
    t.is(error?.code, 'ERR_SERVER_NOT_RUNNING');
    await new Promise<void>((resolve) => server.listen(String(port), () => resolve()));
    t.is(await raw(port, lastGetHead).then((text) => /hello$/.test(text)), true);
  },
  'a port in use is an error event': async (t, make) => {
    const { port } = await make();
    const { server } = await make();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    server.listen(port, '127.0.0.1');
    const [error] = await once(server, 'error');
    t.is(error.code, 'EADDRINUSE');
    t.false(server.listening);
  },
  'a stream is served that another server has accepted': async (t, make) => {
    const { server } = await make({}, hello);
    const outer = createPlain({ allowHalfOpen: true }, (socket) => void server.emit('connection', socket));
    const port = await portOf(t, outer);
    t.regex(await raw(port, lastGetHead), /hello$/);
  },
  'a client that leaves in the middle is noticed': async (t, make) => {
    const seen = new Promise<string[]>((resolve) => {
      void make({}, (request, response) => {
        const events: string[] = [];
        request.on('aborted', () => events.push('aborted')).on('error', () => {});
        response.on('close', () => resolve([...events, String(response.writableFinished)]));
        request.resume();
      }).then(async ({ port }) => {
        const socket = await open(port);
        socket.write(`${head('POST / HTTP/1.1', 'Host: x', 'Content-Length: 99')}abc`, () => socket.destroy());
      });
    });
    t.deepEqual(await seen, ['aborted', 'false']);
  },
  'secureConnection, the socket and the classes': async (t, make) => {
    const { server, port } = await make({}, (request: IncomingMessage, response) => {
      t.is(request.socket, Reflect.get(request, 'connection'));
      t.is(Reflect.get(request.socket, 'server'), server);
      t.is(Reflect.get(request.socket, 'encrypted'), true);
      t.is(request.socket.remoteAddress, '127.0.0.1');
      t.is(request.socket.localPort, port);
      t.deepEqual(request.socket.address(), { address: '127.0.0.1', family: 'IPv4', port });
      response.end('hello');
    });
    const names: unknown[] = [];
    server.on('secureConnection', ({ servername, alpnProtocol }) => names.push(servername, alpnProtocol));
    t.regex(await raw(port, lastGetHead), /hello$/);
    t.deepEqual(names, ['localhost', false]);
    t.true(server instanceof nodeHttps.Server && server instanceof tls.Server && server instanceof NetServer);
  },
};

for (const [library, create] of Object.entries(libraries)) {
  for (const [name, behaviour] of Object.entries(behaviours)) {
    test(`${name}, ${library}`, async (t) => {
      await behaviour(t, async (options = {}, listener) => {
        const server = create({ ...certificate(), ...options }, listener);
        const port = await portOf(t, server);
        t.teardown(() => server.closeAllConnections());
        return { server, port };
      });
    });
  }
}
