// node:tls. Where sessions are to be stateful, with the store that its documentation shows, in a Map or in Redis.
import { constants } from 'node:crypto';
import { createServer, type Server } from 'node:tls';
import { Redis } from 'ioredis';
import { ciphers, groups, serverArguments } from './arguments.ts';
import { control } from './control.ts';
import { serveHandshake, serveStream } from './service.ts';

const { cert, key, version, tickets, serve, store, redis } = serverArguments();
const server = createServer(
  {
    cert,
    key,
    ciphers,
    ecdhCurve: groups,
    minVersion: version,
    maxVersion: version,
    noDelay: true,
    secureOptions: tickets === 'stateful' ? constants.SSL_OP_NO_TICKET : 0,
  },
  serve === 'handshakes' ? serveHandshake : serveStream,
);
if (store === 'redis') storeInRedis(new Redis({ path: redis }), server);
else if (tickets === 'stateful') storeIn(new Map(), server);
server.on('tlsClientError', () => {});
server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') control(address.port);
});

function storeIn(sessions: Map<string, Buffer>, to: Server): void {
  to.on('newSession', (id: Buffer, session: Buffer, callback: () => void) => {
    sessions.set(id.toString('latin1'), session);
    callback();
  });
  to.on('resumeSession', (id: Buffer, callback: (error: Error | null, session: Buffer | null) => void) => {
    callback(null, sessions.get(id.toString('latin1')) ?? null);
  });
}

/** As others do it: in the clear, for as long as Node's sessions last. */
function storeInRedis(client: Redis, to: Server): void {
  const keyOf = (id: Buffer): string => `sess:${id.toString('base64url')}`;
  to.on('newSession', (id: Buffer, session: Buffer, callback: () => void) => {
    // Without a session there is a full handshake.
    client.set(keyOf(id), session, 'EX', 300).then(callback, callback);
  });
  to.on('resumeSession', (id: Buffer, callback: (error: Error | null, session: Buffer | null) => void) => {
    client.getBuffer(keyOf(id)).then(
      (session) => callback(null, session),
      () => callback(null, null),
    );
  });
}
