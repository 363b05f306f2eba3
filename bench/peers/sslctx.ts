// This package.
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { createServer, MemorySessionStore, RedisSessionStore, type SessionStore } from '../../src/index.ts';
import { ciphers, groups, serverArguments } from './arguments.ts';
import { control } from './control.ts';
import { serveHandshake, serveStream } from './service.ts';
import { fillCache } from './sessions.ts';

const { cert, key, version, tickets, serve, preload, store, redis, threads, onread } = serverArguments();
const server = createServer(
  {
    cert,
    key,
    ciphers,
    ecdhCurve: groups,
    minVersion: version,
    maxVersion: version,
    tickets,
    sessionCache: preload > 0 ? { size: 0 } : {},
    sessionStore: store === undefined ? undefined : makeStore(),
    onread: onread ? { buffer: Buffer.alloc(64 * 1024), callback: () => true } : undefined,
    workers: threads === 0 ? undefined : { file: new URL('thread.js', import.meta.url), count: threads },
  },
  threads > 0 ? undefined : serve === 'handshakes' ? serveHandshake : serveStream,
);
fillCache(server.context, preload);
server.on('tlsClientError', () => {});
server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => {
  void announce();
});

async function announce(): Promise<void> {
  // Nothing is resumed before.
  await server.sessionStore?.ready;
  const address = server.address();
  if (address !== null && typeof address === 'object') control(address.port);
}

function makeStore(): SessionStore {
  if (store === 'memory') return new MemorySessionStore();
  return new RedisSessionStore({ client: new Redis({ path: redis }), keys: randomBytes(32) });
}
