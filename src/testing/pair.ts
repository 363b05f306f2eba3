// A client and a server that are joined in memory: whole connections without sockets, in one turn of the event loop.
import { SslConnection } from '../connection.ts';
import type { SslContext } from '../context.ts';
import type { SslSession } from '../session.ts';
import { checkOptionNames, TestingError } from './errors.ts';

/** What {@link ConnectionPair} can be told. */
export interface PairOptions {
  /** The server's context; it needs a certificate. */
  server: SslContext;
  /** The client's context. */
  client: SslContext;
  /** The session that the client offers. */
  session?: SslSession | undefined;
  /** The name of the server. Needed with `rejectUnauthorized`. */
  servername?: string | undefined;
  /** Whether the client verifies the server's certificate. Default false. */
  rejectUnauthorized?: boolean | undefined;
}

const optionNames: Readonly<Record<keyof PairOptions, true>> = {
  server: true,
  client: true,
  session: true,
  servername: true,
  rejectUnauthorized: true,
};

/**
 * A client and a server joined in memory. The constructor has not begun the handshake, so that a test can look at its
 * steps; {@link connectPair} has completed it.
 */
export class ConnectionPair implements Disposable {
  readonly server: SslConnection;
  readonly client: SslConnection;
  #session: SslSession | undefined;
  #firstFailure: Error | undefined;
  #isClosed = false;

  /**
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   * @see SSL_new(3)
   */
  constructor(options: PairOptions) {
    checkOptionNames(options, optionNames);
    const { session, servername, rejectUnauthorized = false } = options;
    this.server = new SslConnection(options.server, { isServer: true });
    try {
      this.client = new SslConnection(options.client, { session, servername, rejectUnauthorized });
    } catch (error) {
      this.server.free();
      throw error;
    }
  }

  /** The session that the client can resume; also after `close`. In TLS 1.3 that of the latest ticket. */
  get session(): SslSession | undefined {
    return this.#isClosed ? this.#session : this.client.session;
  }

  /**
   * Carries what each side has to send to the other, back and forth until both are silent. A side that fails does not make
   * this throw: its alert is carried over, and its `failure` says what it was.
   *
   * @returns how many bytes it has carried
   */
  transfer(): number {
    let total = 0;
    for (;;) {
      const carried = this.#carry(this.client, this.server) + this.#carry(this.server, this.client);
      if (carried === 0) return total;
      total += carried;
    }
  }

  /**
   * Runs the handshake to its end. In TLS 1.3 the client has then taken in the tickets, too.
   *
   * @throws {TestingError} `ERR_SSLCTX_HANDSHAKE` when it fails on either side: `cause` is the error of the side that
   *   failed first. The pair can still be looked at, and has to be closed.
   */
  handshake(): void {
    const { client, server } = this;
    this.#attempt(client, () => client.handshake());
    this.transfer();
    // Where tickets, and alerts about the client's certificate, come after the handshake, reading takes them in.
    this.#attempt(client, () => client.read());
    this.transfer();
    if (client.isHandshakeDone && server.isHandshakeDone && client.failure === undefined) return;
    const describe = ({ failure, state }: SslConnection): string => failure?.message ?? `in the state '${state}'`;
    throw new TestingError(
      'ERR_SSLCTX_HANDSHAKE',
      `The handshake failed. The client: ${describe(client)}. The server: ${describe(server)}.`,
      { cause: this.#firstFailure },
    );
  }

  /**
   * Writes on one side, carries it over, and reads on the other.
   *
   * @returns all that the other side has read
   * @throws {TestingError} `ERR_SSLCTX_HANDSHAKE` before the end of the handshake
   * @throws {OpenSslError} as `SslConnection.write` and `SslConnection.read`
   */
  send(from: 'client' | 'server', plaintext: Uint8Array): Buffer {
    const [writer, reader] = from === 'client' ? [this.client, this.server] : [this.server, this.client];
    if (!writer.write(plaintext)) {
      throw new TestingError('ERR_SSLCTX_HANDSHAKE', 'Nothing was written, because the handshake is not done.');
    }
    this.transfer();
    const parts: Buffer[] = [];
    for (let part = reader.read(); part !== undefined; part = reader.read()) parts.push(part);
    return Buffer.concat(parts);
  }

  /**
   * Ends the connection cleanly, with a close_notify in both directions, so that libssl keeps the sessions resumable; then
   * frees both sides. After a failure it only frees. May be called more than once.
   */
  close(): void {
    if (this.#isClosed) return;
    for (const side of [this.client, this.server]) this.#attempt(side, () => side.shutdown());
    this.transfer();
    for (const side of [this.client, this.server]) this.#attempt(side, () => side.read());
    this.abort();
  }

  /**
   * Frees both sides without a word, as when a cable is cut: libssl takes the session of such a connection out of its
   * cache.
   */
  abort(): void {
    if (this.#isClosed) return;
    this.#session = this.client.session;
    this.#isClosed = true;
    this.client.free();
    this.server.free();
  }

  /** As `close`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  #carry(from: SslConnection, to: SslConnection): number {
    const ciphertext = from.takeOutput();
    if (ciphertext === undefined) return 0;
    this.#attempt(to, () => to.receive(ciphertext));
    return ciphertext.length;
  }

  /** Lets a failure of the connection be: the connection remembers it. Anything else is the caller's to know. */
  #attempt(connection: SslConnection, step: () => unknown): void {
    if (connection.failure !== undefined) return;
    try {
      step();
    } catch (error) {
      if (error !== connection.failure) throw error;
      this.#firstFailure ??= connection.failure;
    }
  }
}

/**
 * Connects a client and a server in memory: no sockets, no waiting.
 *
 * ```ts
 * using first = connectPair({ server, client });
 * first.close();
 * using second = connectPair({ server, client, session: first.session });
 * assertResumed(second.server);
 * ```
 *
 * @returns the pair, with its handshake completed
 * @throws {TestingError} `ERR_SSLCTX_HANDSHAKE`, its `cause` the error of the side that failed first
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function connectPair(options: PairOptions): ConnectionPair {
  const pair = new ConnectionPair(options);
  try {
    pair.handshake();
    return pair;
  } catch (error) {
    pair.abort();
    throw error;
  }
}
