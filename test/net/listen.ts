// Servers for tests, on loopback and a free port.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { SslServer } from '../../src/index.ts';

interface AnyServer {
  listen(port: number, host: string): unknown;
  address(): AddressInfo | string | { port: number } | null;
  close(): unknown;
}

/** Starts it, and closes it with the test. Returns the port. */
export async function listenOn(
  t: ExecutionContext,
  server: AnyServer & NodeJS.EventEmitter & Partial<AsyncDisposable>,
): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    if (server[Symbol.asyncDispose] === undefined) server.close();
    else await server[Symbol.asyncDispose]?.();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Its connections come over streams of another server, which have no socket of their own for it. */
export async function overStreams(
  t: ExecutionContext,
  server: SslServer,
): Promise<{ port: number; streams: Socket[] }> {
  const streams: Socket[] = [];
  const plain = createServer((stream) => {
    streams.push(stream);
    server.emit('connection', stream);
  });
  return { port: await listenOn(t, plain), streams };
}
