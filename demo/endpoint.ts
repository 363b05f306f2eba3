// A server of this package on loopback, and the real s_client that connects to it.
import { once } from 'node:events';
import {
  type ContextStats,
  createServer,
  type SslContext,
  type SslContextOptions,
  type SslServer,
  type SslSocket,
} from '../src/index.ts';
import { makeCertificate, type SClientResult, sClient, serverSessionIds } from '../src/testing/index.ts';

export type Protocol = 'TLSv1.2' | 'TLSv1.3';

/** What one run of s_client came to. */
export interface Outcome {
  /** The first word of s_client's own report: `New` or `Reused`. */
  word: string;
  /** That report. */
  report: string;
  result: SClientResult;
  before: ContextStats;
  after: ContextStats;
}

const certificate = makeCertificate();

export class Endpoint {
  readonly context: SslContext;
  readonly #server: SslServer;
  readonly #protocol: Protocol;
  readonly #port: number;

  private constructor(server: SslServer, protocol: Protocol, port: number) {
    this.context = server.context;
    this.#server = server;
    this.#protocol = protocol;
    this.#port = port;
  }

  static async start(protocol: Protocol, options: SslContextOptions): Promise<Endpoint> {
    const server = createServer({ ...certificate, sessionIdContext: 'demo', ...options });
    server.on('secureConnection', (socket) => {
      // Until s_client ends the connection; the answer to its close_notify goes out by itself.
      socket.resume();
      socket.on('error', (error) => process.stderr.write(`a connection failed: ${error.message}\n`));
    });
    server.on('tlsClientError', (error) => process.stderr.write(`a handshake failed: ${error.message}\n`));
    server.listen({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    return new Endpoint(server, protocol, address.port);
  }

  /** Runs s_client, with a session to resume or without one, to its end. */
  async connect(session?: string): Promise<Outcome> {
    const before = this.context.stats;
    const ended = this.#nextEnd();
    // A full TLS 1.3 handshake gives two tickets, a resumption one; none in TLS 1.2.
    const waitForTickets = this.#protocol === 'TLSv1.2' ? 0 : session === undefined ? 2 : 1;
    const result = await sClient({ port: this.#port, protocol: this.#protocol, sessionIn: session, waitForTickets });
    await ended;
    const report = /^(?:New|Reused), .*$/m.exec(result.output)?.[0] ?? 'no handshake';
    return { word: report.split(',')[0] ?? '', report, result, before, after: this.context.stats };
  }

  /** The IDs of the sessions in the server's cache that a client could offer after these connections. */
  idsOf(...outcomes: readonly Outcome[]): Buffer[] {
    return outcomes.flatMap(({ result }) => serverSessionIds(result));
  }

  async stop(): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  /** Settles when the next connection is over, however it ends. */
  #nextEnd(): Promise<void> {
    const server = this.#server;
    return new Promise((resolve) => {
      const onError = (): void => {
        server.off('secureConnection', onSecure);
        resolve();
      };
      const onSecure = (socket: SslSocket): void => {
        server.off('tlsClientError', onError);
        socket.once('close', () => resolve());
      };
      server.once('tlsClientError', onError);
      server.once('secureConnection', onSecure);
    });
  }
}
