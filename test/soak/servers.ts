// Servers of every kind, in one process.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttps, type Server as HttpsServer } from '../../src/http/https.ts';
import {
  createServer,
  MemorySessionStore,
  SslContext,
  type SslServer,
  type SslServerOptions,
  type SslSocket,
  TicketKeyRing,
} from '../../src/index.ts';
import type { Load, Measured } from './report.ts';

/** Of each cache and store: soon full, so that sessions are evicted for most of the time. */
const SIZE = 200;
/** Seconds: sessions expire while the load goes on. */
const LIFETIME = 3;

export type Name = 'ids' | 'ring' | 'store' | 'early' | 'threads';

export interface Servers {
  readonly all: Readonly<Record<Name, SslServer>>;
  readonly ports: Readonly<Record<Name | 'https', number>>;
  readonly https: HttpsServer;
  readonly ring: TicketKeyRing;
  readonly store: MemorySessionStore;
  /** What listeners have heard. */
  readonly heard: Record<string, number>;
  readonly loads: readonly Load[];
}

/** Says what bench/c/load.c waits for, and then all that the client says. */
function serve(socket: SslSocket): void {
  socket.on('error', () => {});
  socket.write('x');
  socket.pipe(socket);
}

export async function openServers(pem: { cert: string; key: string }, library: URL): Promise<Servers> {
  const sessionCache = { size: SIZE };
  const common = { ...pem, sessionCache, sessionTimeout: LIFETIME, handshakeTimeout: 2000 } as const;
  const ring = new TicketKeyRing({ secret: randomBytes(32), rotateEvery: 10, lifetime: 30, maxRevocations: 100 });
  const store = new MemorySessionStore({ size: SIZE });
  const options: Record<Name, SslServerOptions> = {
    ids: { ...common, tickets: 'stateful' },
    ring: { ...common, ticketKeyRing: ring },
    store: { ...common, sessionStore: store },
    early: { ...common, tickets: 'stateful', maxEarlyData: 16_384 },
    threads: {
      ...common,
      tickets: 'stateful',
      workers: {
        file: new URL('worker.mjs', import.meta.url),
        count: 2,
        options: { execArgv: [], workerData: { library: library.href } },
      },
    },
  };
  const heard: Record<string, number> = {};
  const open = (name: Name): Promise<[SslServer, number]> => started(createServer(options[name]), name);
  const started = async (server: SslServer, name: Name): Promise<[SslServer, number]> => {
    if (name !== 'threads') server.on('secureConnection', serve);
    server.on('tlsClientError', () => {});
    server.addContext('a.example', { ...pem, tickets: 'stateful', sessionCache });
    server.addContext('b.example', new SslContext({ ...pem, sessionCache, maxVersion: 'TLSv1.2' }));
    if (name === 'ids' || name === 'threads') hear(name, server, heard);
    server.listen({ port: 0, host: '127.0.0.1', backlog: 511 });
    await once(server, 'listening');
    return [server, portOf(server)];
  };
  const [ids, rings, stores, early, threads] = await Promise.all(
    (['ids', 'ring', 'store', 'early', 'threads'] as const).map(open),
  );
  if (!ids || !rings || !stores || !early || !threads) throw new Error('a server is missing');
  const https = createHttps({ ...common, tickets: 'stateful' }, (request, response) => request.pipe(response));
  https.listen({ port: 0, host: '127.0.0.1' });
  await once(https, 'listening');
  const servers = { ids, ring: rings, store: stores, early, threads };
  const load = (server: Name, tls: Load['tls'], resume: Load['resume']): Load => {
    return { server, port: servers[server][1], tls, resume };
  };
  return {
    all: { ids: ids[0], ring: rings[0], store: stores[0], early: early[0], threads: threads[0] },
    ports: {
      ids: ids[1],
      ring: rings[1],
      store: stores[1],
      early: early[1],
      threads: threads[1],
      https: portOf(https),
    },
    https,
    ring,
    store,
    heard,
    loads: [
      load('ids', '1.2', 'id'),
      load('ids', '1.3', 'rotating'),
      load('ring', '1.3', 'rotating'),
      load('ring', '1.2', 'ticket'),
      load('store', '1.2', 'id'),
      load('store', '1.3', 'rotating'),
      load('early', '1.3', 'rotating'),
      load('ids', '1.2', 'full'),
      load('threads', '1.2', 'id'),
      load('threads', '1.3', 'rotating'),
      load('threads', '1.3', 'full'),
    ],
  };
}

function hear(name: string, server: SslServer, heard: Record<string, number>): void {
  const count = (what: string): void => {
    heard[`${name} ${what}`] = (heard[`${name} ${what}`] ?? 0) + 1;
  };
  server.context.on('newSession', () => count('new'));
  server.context.on('removeSession', (_session, reason) => count(reason));
  if (name === 'ids') server.on('newSession', (_id, _der, callback) => setImmediate(callback));
}

function portOf(server: { address(): unknown }): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null && 'port' in address) return Number(address.port);
  throw new Error('no port');
}

export function contextsOf({ all, https }: Servers): Map<string, SslContext> {
  const own = Object.entries(all).map(([name, { context }]) => [name, context] as const);
  return new Map([...own, ['https', https.context]]);
}

export function cachesOf(servers: Servers): Measured['caches'] {
  const caches = Array.from(contextsOf(servers), ([name, context]) => {
    return { name, entries: context.stats.number, most: SIZE };
  });
  return [
    ...caches,
    { name: 'entries of the store', entries: servers.store.size, most: SIZE },
    { name: 'revocations', entries: servers.ring.revocations.length, most: 100 },
  ];
}

export async function closeServers({ all, https }: Servers): Promise<void> {
  const ended = once(https, 'close');
  https.close();
  https.closeAllConnections();
  await Promise.all([ended, ...Object.values(all).map((server) => server[Symbol.asyncDispose]())]);
  for (const { context } of [...Object.values(all), https]) context.free();
}
