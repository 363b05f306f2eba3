// A server and the real s_client: what the server says of a connection.
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import {
  createServer,
  type Resumption,
  type SslServer,
  type SslServerOptions,
  type SslSocket,
} from '../../src/index.ts';
import { type SClientOptions, type SClientResult, sClient } from '../../src/testing/index.ts';
import { certificate, type Protocol } from '../helpers/classes.ts';

export class Explained {
  readonly server: SslServer;
  readonly port: number;
  #last: Promise<Resumption>;

  constructor(server: SslServer, port: number) {
    this.server = server;
    this.port = port;
    this.#last = this.#next();
  }

  async #next(): Promise<Resumption> {
    return await new Promise((resolve) => {
      this.server.once('secureConnection', (socket: SslSocket) => resolve(socket.resumption));
      this.server.once('tlsClientError', (_error: Error, socket: SslSocket) => resolve(socket.resumption));
    });
  }

  /** One connection, and what the server says of it. */
  async connect(
    protocol: Protocol | undefined,
    options: Partial<SClientOptions> = {},
  ): Promise<[SClientResult, Resumption]> {
    this.#last = this.#next();
    const result = await sClient({ port: this.port, protocol, until: 'closed', ...options });
    return [result, await this.#last];
  }
}

export async function listenAndExplain(t: ExecutionContext, options: SslServerOptions): Promise<Explained> {
  const credentials = options.context === undefined ? { ...certificate(), sessionIdContext: 'test' } : {};
  const server = createServer({ ...credentials, ...options }, (socket) => socket.end('hello\n'));
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  t.teardown(() => server[Symbol.asyncDispose]());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return new Explained(server, address.port);
}

export function kindOf(protocol: Protocol, tickets: 'stateful' | 'stateless'): NonNullable<Resumption['kind']> {
  if (tickets === 'stateless') return 'stateless-ticket';
  return protocol === 'TLSv1.2' ? 'session-id' : 'stateful-ticket';
}
