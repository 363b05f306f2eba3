// Servers for the tests of stores, on loopback, in this process.
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import { createServer, type SslServer, type SslServerOptions, type SslSocket } from '../../src/index.ts';
import { type SClientOptions, type SClientResult, sClient } from '../../src/testing/index.ts';
import { certificate, type Protocol } from '../helpers/classes.ts';
import { SLOWER } from '../helpers/limits.ts';

export interface Listening {
  server: SslServer;
  port: number;
}

/** A server that says hello and ends; or what `listener` does. */
export async function listen(
  t: ExecutionContext,
  options: SslServerOptions,
  listener: (socket: SslSocket) => void = (socket) => socket.end('hello\n'),
): Promise<Listening> {
  const server = createServer({ ...certificate(), sessionIdContext: 'test', ...options }, listener);
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  t.teardown(() => server[Symbol.asyncDispose]());
  await server.sessionStore?.ready;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

/** One connection of the real s_client, to its end. */
export async function visit(
  { server, port }: Listening,
  protocol: Protocol,
  sessionIn?: string,
  more: Partial<SClientOptions> = {},
): Promise<SClientResult> {
  const result = await sClient({ port, protocol, until: 'closed', sessionIn, timeout: 10_000 * SLOWER, ...more });
  // Written behind the handshake's back.
  await server.sessionStore?.flush();
  return result;
}

/** For promises that nobody waits for. */
export function fail(t: ExecutionContext): (error: unknown) => void {
  return (error) => t.fail(String(error));
}
