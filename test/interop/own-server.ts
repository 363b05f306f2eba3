// A server of ours, and what it saw.
import { once } from 'node:events';
import { createServer, type SslServer, type SslServerOptions, type SslSocket } from '../../src/index.ts';
import { inTurn } from './slots.ts';
import { look, type OwnSight } from './socket.ts';

export interface OwnServer {
  readonly server: SslServer;
  readonly port: number;
  /** Of each connection so far. */
  readonly sights: OwnSight[];
}

/** Answers to the first data, and ends. A client that has nothing to ask may end before. */
export function answer(socket: SslSocket): void {
  // gnutls-cli leaves without reading its second ticket: its system then resets the connection.
  socket.on('error', () => {});
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n'));
}

/**
 * Runs `use` with a server on a free port, and closes it. Not within another one's `use`: they wait for each other.
 *
 * @param serve - what to do with each connection. It runs before the client can begin another one
 */
export function withServer<T>(
  options: SslServerOptions,
  serve: (socket: SslSocket, server: SslServer) => void,
  use: (own: OwnServer) => Promise<T>,
): Promise<T> {
  return inTurn(() => serveOn(options, serve, use));
}

async function serveOn<T>(
  options: SslServerOptions,
  serve: (socket: SslSocket, server: SslServer) => void,
  use: (own: OwnServer) => Promise<T>,
): Promise<T> {
  const sights: OwnSight[] = [];
  const server = createServer(options, (socket) => {
    sights.push(look(socket));
    serve(socket, server);
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  try {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return await use({ server, port: address.port, sights });
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
