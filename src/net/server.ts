// A TLS server on real sockets.
import { EventEmitter } from 'node:events';
import {
  type AddressInfo,
  createServer as createNetServer,
  type ListenOptions,
  type Server,
  type Socket,
} from 'node:net';
import { SslConnection } from '../connection.ts';
import { SslContext } from '../context.ts';
import { checkOptionNames, contextOptionNames, type SslContextOptions } from '../context-options.ts';
import { invalidType, invalidValue, requireInteger, SslctxError, toError } from '../errors.ts';
import { SslSocket, type SslSocketOptions } from './socket.ts';

/** What {@link createServer} can be told: the options of a context, or a context; those of sockets; and its own. */
export interface SslServerOptions extends SslContextOptions, SslSocketOptions {
  /** Use this one, which others may use too, in place of the options of a context. */
  context?: SslContext | undefined;
  /** Milliseconds for a handshake, 1 to 2147483647. Default 120000, as in Node. */
  handshakeTimeout?: number | undefined;
}

/** The events of a server, with the arguments of their listeners. */
export interface SslServerEvents {
  /** A handshake is done. */
  secureConnection: [socket: SslSocket];
  /** A client was lost before its handshake was done: garbage, no common cipher suite, a time-out, a reset. */
  tlsClientError: [error: Error, socket: SslSocket];
  listening: [];
  /** Stopped, and all connections are closed. */
  close: [];
  error: [error: Error];
}

const ownOptions = ['context', 'handshakeTimeout', 'allowHalfOpen', 'requireCloseNotify'];
const optionNames = [...ownOptions, ...contextOptionNames];

/**
 * A TLS server. Its session cache is that of `server.context`.
 *
 * ```ts
 * const server = createServer({ cert, key, tickets: 'stateful' }, (socket) => socket.pipe(socket));
 * server.listen({ port: 8443 });
 * ```
 *
 * @param listener - for `secureConnection`
 * @throws what the constructor of {@link SslContext} throws
 */
export function createServer(options: SslServerOptions = {}, listener?: (socket: SslSocket) => void): SslServer {
  const server = new SslServer(options);
  if (listener !== undefined) server.on('secureConnection', listener);
  return server;
}

/** See {@link createServer}. */
export class SslServer extends EventEmitter<SslServerEvents> {
  /** The configuration, with the session cache and its events. The server does not free it. */
  readonly context: SslContext;
  readonly #server: Server;
  readonly #sockets = new Set<SslSocket>();
  readonly #handshakeTimeout: number;
  readonly #socketOptions: SslSocketOptions;

  constructor(options: SslServerOptions = {}) {
    super();
    checkOptionNames(options, optionNames);
    const { context, handshakeTimeout = 120_000, allowHalfOpen, requireCloseNotify, ...contextOptions } = options;
    requireInteger('handshakeTimeout', handshakeTimeout, 1, 0x7fffffff);
    this.#handshakeTimeout = handshakeTimeout;
    this.#socketOptions = { allowHalfOpen, requireCloseNotify };
    this.context = context === undefined ? new SslContext(contextOptions) : withoutOptions(context, contextOptions);
    // The end of the stream is not the end of what we have to say.
    this.#server = createNetServer({ allowHalfOpen: true, noDelay: true }, (transport) => this.#accept(transport));
    this.#server.on('listening', () => this.emit('listening'));
    this.#server.on('close', () => this.emit('close'));
    this.#server.on('error', (error) => this.emit('error', error));
  }

  /**
   * Starts to listen; `listening` follows, or `error`.
   *
   * @param where - a port, 0 for any free one; or the options of Node's `server.listen`
   */
  listen(where: number | ListenOptions = 0, listeningListener?: () => void): this {
    if (listeningListener !== undefined) this.once('listening', listeningListener);
    this.#server.listen(typeof where === 'number' ? { port: where } : where);
    return this;
  }

  /** Where the server listens: as Node's `server.address()`. */
  address(): AddressInfo | string | null {
    return this.#server.address();
  }

  get listening(): boolean {
    return this.#server.listening;
  }

  /** How many connections there are, those in a handshake included. */
  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** Accepts no more connections; `close` follows when those that are there have ended. */
  close(closeListener?: () => void): this {
    if (closeListener !== undefined) this.once('close', closeListener);
    this.#server.close();
    return this;
  }

  /** Destroys all connections. Their sessions stay good. */
  closeAllConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Closes the server and all connections, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.listening && this.#sockets.size === 0) return;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.closeAllConnections();
    await closed;
  }

  #accept(transport: Socket): void {
    let connection: SslConnection;
    try {
      connection = new SslConnection(this.context, { isServer: true });
    } catch (error) {
      // The context has been freed.
      transport.destroy();
      this.emit('error', toError(error));
      return;
    }
    const socket = new SslSocket(transport, connection, this.#socketOptions);
    const timer = setTimeout(() => {
      const message = `no handshake within ${this.#handshakeTimeout} ms`;
      socket.destroy(new SslctxError('ERR_SSLCTX_HANDSHAKE_TIMEOUT', message));
    }, this.#handshakeTimeout);
    const onError = (error: Error): void => {
      this.emit('tlsClientError', error, socket);
    };
    this.#sockets.add(socket);
    socket.once('error', onError);
    socket.once('secure', () => {
      clearTimeout(timer);
      // From here on the errors are its user's.
      socket.off('error', onError);
      this.emit('secureConnection', socket);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
  }
}

function withoutOptions(context: SslContext, options: SslContextOptions): SslContext {
  if (!(context instanceof SslContext)) throw invalidType('context', 'an SslContext', context);
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) throw invalidValue(name, `cannot be given together with 'context'`);
  }
  return context;
}
