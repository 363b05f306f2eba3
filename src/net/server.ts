// A TLS server on real sockets.
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { SocketAddress } from '../channel.ts';
import {
  type ListenAddress,
  type ListenerTarget,
  prepareServerContext,
  type SslChannel,
  SslListener,
} from '../channel.ts';
import { SslContext } from '../context.ts';
import { checkOptionNames, contextOptionNames, type SslContextOptions } from '../context-options.ts';
import { invalidType, invalidValue, requireInteger, SslctxError, toError } from '../errors.ts';
import { logKeys, logsKeys } from '../keylog-file.ts';
import { attachSessionStore, type ContextStore, sessionStoreOf } from '../store/context-store.ts';
import type { SessionStore } from '../store/session-store.ts';
import { ServerHello } from './server-hello.ts';
import { isShared, SharedListener } from './shared-listener.ts';
import { type SslSocket, type SslSocketOptions, socketOn, socketOver, type Transport } from './socket.ts';
import { addressesFor, type ListenOptions, listenOptions } from './where.ts';

/** What {@link createServer} can be told: the options of a context, or a context; those of sockets; and its own. */
export interface SslServerOptions extends SslContextOptions, SslSocketOptions {
  /** Use this one, which others may use too, in place of the options of a context. */
  context?: SslContext | undefined;
  /** Milliseconds for a handshake, 1 to 2147483647. Default 120000, as in Node. */
  handshakeTimeout?: number | undefined;
  /** Default true: what is written is sent at once. */
  noDelay?: boolean | undefined;
  keepAlive?: boolean | undefined;
  /** Milliseconds before the first probe of `keepAlive`. Default 0: the system's. */
  keepAliveInitialDelay?: number | undefined;
  /** Send TLS 1.3 tickets with the first write instead of with the handshake: to clients that may leave without reading. */
  deferTickets?: boolean | undefined;
  /**
   * The context for a server name, now or later; without one, that of `addContext`, or the server's own.
   *
   * @throws what it throws ends the handshake
   */
  SNICallback?: SniCallback | undefined;
  /**
   * Where the sessions lie: sets `tickets` to `stateful`, and, unless `sessionCache.mode` says otherwise, the mode to
   * `server` and `no-internal`; a `context` loses its mode. For virtual hosts of `addContext` too, which do not share sessions; those that are given as
   * an `SslContext` have a store when `attachSessionStore` has given them one.
   */
  sessionStore?: SessionStore | undefined;
  /** Milliseconds that a handshake waits for `sessionStore`; then it goes on as a full one. Default 500. */
  lookupTimeout?: number | undefined;
  /** The application protocol for a client; `undefined` ends the handshake. In place of `ALPNProtocols`. */
  ALPNCallback?: ((offer: { servername: string; protocols: string[] }) => string | undefined) | undefined;
}

/** As Node's, with a context of this package. */
export type SniCallback = (
  servername: string,
  callback: (error: Error | null, context?: SslContext | null) => void,
) => void;

/** The events of a server, with the arguments of their listeners. */
export interface SslServerEvents {
  /** A handshake is done. */
  secureConnection: [socket: SslSocket];
  /** A client was lost before its handshake was done: garbage, no common cipher suite, a time-out, a reset. */
  tlsClientError: [error: Error, socket: SslSocket];
  /** A session was made: its ID and DER, to store. As long as nobody calls `callback` nothing waits for it. */
  newSession: [id: Buffer, der: Buffer, callback: () => void];
  /** A client asks for a session that is not in the cache: answer with its DER, or nothing. The handshake waits. */
  resumeSession: [id: Buffer, callback: (error: Error | null, der?: Uint8Array | null) => void];
  /**
   * A client asks for the OCSP status of the certificate: its DER and that of its issuer, where that is sent along. Answer
   * with the DER of a response, or nothing; an error ends the handshake. The handshake waits.
   */
  OCSPRequest: [
    certificate: Buffer,
    issuer: Buffer | null,
    callback: (error: Error | null, response?: Uint8Array | null) => void,
  ];
  /** To emit: a stream on which a client speaks TLS, such as a socket of a `net.Server`. */
  connection: [stream: Transport];
  /** A line for a key log file, newline included. */
  keylog: [line: Buffer, socket: SslSocket | undefined];
  listening: [];
  /** Stopped, and all connections are closed. */
  close: [];
  error: [error: Error];
}

type Listener<Name extends keyof SslServerEvents> = (...args: SslServerEvents[Name]) => void;

const ownOptions: readonly string[] = [
  'context',
  'handshakeTimeout',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelay',
  'deferTickets',
  'SNICallback',
  'ALPNCallback',
  'sessionStore',
  'lookupTimeout',
  'allowHalfOpen',
  'requireCloseNotify',
];
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

const costlyEvents = new Set<string | symbol>(['keylog', 'resumeSession', 'newSession', 'OCSPRequest']);

/** See {@link createServer}. */
export class SslServer extends EventEmitter {
  #context: SslContext;
  #listener: SslListener | undefined;
  #shared: SharedListener | undefined;
  #isListening = false;
  #isClosing = false;
  #path: string | undefined;
  readonly #sockets = new Set<SslSocket>();
  readonly #options: SslServerOptions;
  readonly #socketOptions: SslSocketOptions;
  readonly #hello: ServerHello;
  /** Those that end with the server. */
  readonly #stores: ContextStore[] = [];
  #maxConnections = 0;
  readonly #onDestroyed = (socket: SslSocket): void => {
    this.#sockets.delete(socket);
    this.#closeWhenEmpty();
  };
  #isRef = true;

  constructor(options: SslServerOptions = {}) {
    super();
    checkOptionNames(options, optionNames);
    const own = Object.fromEntries(Object.entries(options).filter(([name]) => ownOptions.includes(name)));
    const contextOptions = Object.fromEntries(Object.entries(options).filter(([name]) => !ownOptions.includes(name)));
    const { handshakeTimeout = 120_000, keepAliveInitialDelay = 0, context } = options;
    requireInteger('handshakeTimeout', handshakeTimeout, 1, 0x7fffffff);
    requireInteger('keepAliveInitialDelay', keepAliveInitialDelay, 0, 0x7fffffff);
    this.#options = own;
    this.#socketOptions = { allowHalfOpen: options.allowHalfOpen, requireCloseNotify: options.requireCloseNotify };
    this.#context = context === undefined ? this.#create(contextOptions) : withoutOptions(context, contextOptions);
    if (context !== undefined) this.#attach(context, false);
    this.#hello = new ServerHello(this, options);
    this.#prepare(this.#context);
    this.on('connection', (stream) => this.#accept(stream));
  }

  override on<Name extends keyof SslServerEvents>(event: Name, listener: Listener<Name>): this {
    super.on(event, listener);
    this.#heard(event);
    return this;
  }

  override once<Name extends keyof SslServerEvents>(event: Name, listener: Listener<Name>): this {
    super.once(event, listener);
    this.#heard(event);
    return this;
  }

  override addListener<Name extends keyof SslServerEvents>(event: Name, listener: Listener<Name>): this {
    return this.on(event, listener);
  }

  /** The configuration, with the session cache and its events. The server does not free it. */
  get context(): SslContext {
    return this.#context;
  }

  /**
   * Starts to listen; `listening` follows, or `error`.
   *
   * @param where - a port, 0 for any free one; a path of a Unix socket; or options as of Node's `server.listen`
   * @param more - the host, the backlog, and a listener for `listening`, each if wanted
   */
  listen(where: number | string | ListenOptions = 0, ...more: Array<string | number | (() => void)>): this {
    const { options, callback } = listenOptions(where, more);
    if (this.#isListening || this.#listener !== undefined || this.#shared !== undefined) {
      throw new SslctxError('ERR_SSLCTX_STATE', 'the server listens already');
    }
    if (callback !== undefined) this.once('listening', callback);
    for (const store of this.#stores) store.open();
    this.#listen(options).catch((error: unknown) => this.emit('error', toError(error)));
    return this;
  }

  async #listen(options: ListenOptions): Promise<void> {
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
    let failure: unknown;
    if (isShared(options)) {
      await this.#share(options);
      this.#announce();
      return;
    }
    // The first address that works: without a host, that is both families, or IPv4 alone.
    for (const where of await addressesFor(options)) {
      if (this.#isClosing) return;
      try {
        this.#open(where);
        failure = undefined;
        break;
      } catch (error) {
        failure = error;
      }
    }
    if (failure !== undefined) {
      process.nextTick(() => this.emit('error', toError(failure)));
      return;
    }
    this.#path = options.path;
    this.#announce();
  }

  #announce(): void {
    if (this.#isClosing) return;
    this.#isListening = true;
    process.nextTick(() => this.emit('listening'));
  }

  async #share(options: ListenOptions): Promise<void> {
    const { noDelay = true, keepAlive = false, keepAliveInitialDelay = 0 } = this.#options;
    const settings = { noDelay, keepAlive, keepAliveInitialDelay };
    const shared = new SharedListener(settings, (stream) => {
      if (this.#maxConnections > 0 && this.connectionCount >= this.#maxConnections) stream.destroy();
      else this.emit('connection', stream);
    });
    if (!this.#isRef) shared.ref(false);
    this.#shared = shared;
    try {
      await shared.listen(options);
    } catch (error) {
      this.#shared = undefined;
      throw error;
    }
  }

  #open(where: ListenAddress): void {
    const { handshakeTimeout = 120_000, noDelay = true, keepAlive = false, keepAliveInitialDelay = 0 } = this.#options;
    const settings = { handshakeTimeout, noDelay, keepAlive, maxConnections: this.#maxConnections };
    const delay = Math.ceil(keepAliveInitialDelay / 1000);
    const options = { ...settings, keepAliveInitialDelay: delay, ...this.#channelOptions() };
    this.#listener = new SslListener(this.#context, where, options, this.#target());
    if (!this.#isRef) this.#listener.ref(false);
  }

  #channelOptions(): {
    questions: number;
    tellsKeys: boolean;
    requireCloseNotify: boolean;
    defersTickets: boolean;
  } {
    return {
      questions: this.#hello.questions,
      tellsKeys: this.#tellsKeys,
      requireCloseNotify: this.#options.requireCloseNotify ?? false,
      defersTickets: this.#options.deferTickets ?? false,
    };
  }

  get #tellsKeys(): boolean {
    return logsKeys || this.listenerCount('keylog') > 0;
  }

  /** Where the server listens: as Node's `server.address()`. */
  address(): SocketAddress | AddressInfo | string | null {
    if (!this.#isListening) return null;
    if (this.#shared !== undefined) return this.#shared.address;
    return this.#path ?? this.#listener?.address ?? null;
  }

  get listening(): boolean {
    return this.#isListening;
  }

  /** How many connections there are, those in a handshake included. */
  get connectionCount(): number {
    return this.#sockets.size + (this.#listener?.pending ?? 0);
  }

  /** More than this many connections are closed at once; 0 for no limit. */
  get maxConnections(): number {
    return this.#maxConnections;
  }

  set maxConnections(count: number) {
    requireInteger('maxConnections', count, 0, 0x7fffffff);
    this.#maxConnections = count;
    this.#configure();
  }

  /** As Node's. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(() => callback(null, this.connectionCount));
    return this;
  }

  /**
   * Clients that ask for this name get this context, with its own cache, ticket keys and session ID context.
   *
   * @param hostname - a name, or `*.` and a domain
   */
  addContext(hostname: string, context: SslContext | SslContextOptions): void {
    const own =
      context instanceof SslContext ? context : this.#create({ sessionIdContext: hostname.slice(0, 32), ...context });
    this.#prepare(own);
    this.#hello.add(hostname, own);
    this.#configure();
  }

  /** New connections have these settings, and a new cache; those that are there keep theirs. */
  setSecureContext(options: SslContext | SslContextOptions): void {
    this.#context = options instanceof SslContext ? options : this.#create(options);
    this.#prepare(this.#context);
    this.#configure();
  }

  /** The 80 bytes of keys of stateless tickets. */
  getTicketKeys(): Buffer {
    return this.#context.ticketKeys;
  }

  setTicketKeys(keys: Uint8Array): void {
    this.#context.ticketKeys = keys;
  }

  ref(): this {
    this.#isRef = true;
    this.#listener?.ref(true);
    this.#shared?.ref(true);
    return this;
  }

  unref(): this {
    this.#isRef = false;
    this.#listener?.ref(false);
    this.#shared?.ref(false);
    return this;
  }

  /** Accepts no more connections; `close` follows when those that are there have ended. */
  close(closeListener?: (error?: Error) => void): this {
    if (!this.#isListening) {
      const error = new SslctxError('ERR_SSLCTX_STATE', 'the server is not running');
      if (closeListener !== undefined) process.nextTick(closeListener, error);
      return this;
    }
    if (closeListener !== undefined) this.once('close', () => closeListener());
    this.#isListening = false;
    this.#isClosing = true;
    this.#listener?.close();
    this.#shared?.close();
    if (this.#listener !== undefined && this.#path !== undefined) rmSync(this.#path, { force: true });
    this.#closeWhenEmpty();
    return this;
  }

  /** Destroys all connections. Their sessions stay good. */
  closeAllConnections(): void {
    this.#hello.abort();
    this.#listener?.abort();
    for (const socket of this.#sockets) socket.destroy();
    this.#closeWhenEmpty();
  }

  /** Closes the server and all connections, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isListening && !this.#isClosing) return;
    const closed = new Promise<void>((resolve) => this.once('close', () => resolve()));
    if (this.#isListening) this.close();
    this.closeAllConnections();
    await closed;
  }

  /** The session store of `context`: its statistics, and `revoke`. */
  get sessionStore(): ContextStore | undefined {
    return sessionStoreOf(this.#context);
  }

  #create(options: SslContextOptions): SslContext {
    if (this.#options.sessionStore === undefined) return new SslContext(options);
    const { tickets = 'stateful', sessionCache } = options;
    if (tickets === 'stateless') throw invalidValue('tickets', `must not be 'stateless' with 'sessionStore'`);
    const context = new SslContext({ ...options, tickets });
    this.#attach(context, sessionCache?.mode !== undefined);
    return context;
  }

  #attach(context: SslContext, internalCache: boolean): void {
    const { sessionStore, lookupTimeout } = this.#options;
    if (sessionStore === undefined) return;
    this.#stores.push(attachSessionStore(context, sessionStore, { lookupTimeout, internalCache }));
  }

  #prepare(context: SslContext): void {
    this.#hello.prepare(context);
    prepareServerContext(context, this.#tellsKeys);
    if (this.listenerCount('newSession') > 0) this.#hello.observe(context);
  }

  /** Some events cost something for each connection, and are paid for only when somebody listens. */
  #heard(event: string | symbol): void {
    if (!costlyEvents.has(event)) return;
    for (const context of [this.#context, ...this.#hello.contexts]) this.#prepare(context);
    this.#configure();
  }

  #configure(): void {
    if (!this.#isListening && this.#listener === undefined) return;
    const { maxConnections } = this;
    this.#listener?.configure(this.#context, { ...this.#channelOptions(), maxConnections });
  }

  #closeWhenEmpty(): void {
    if (!this.#isClosing || this.connectionCount > 0) return;
    this.#isClosing = false;
    this.#listener?.free();
    this.#listener = undefined;
    this.#shared = undefined;
    const closed = Promise.allSettled(this.#stores.map((store) => store.close()));
    void closed.then(() => process.nextTick(() => this.emit('close')));
  }

  #adopt(channel: SslChannel, facts: number): SslSocket {
    const socket = socketOn(channel, this.#socketOptions, facts, this.#onDestroyed);
    this.#sockets.add(socket);
    return socket;
  }

  #accept(stream: Transport): void {
    const { handshakeTimeout = 120_000 } = this.#options;
    let own: SslChannel | undefined;
    const context = this.#context;
    const socket = socketOver(stream, context, this.#socketOptions, {
      ...this.#channelOptions(),
      prepare: (channel) => {
        own = channel;
        channel.chooser = (hello) => {
          this.#hello.answer(channel, hello, context, (error) => channel.target?.onFailed(error, 0));
        };
        channel.sessionTaker = (session) => this.#hello.storeFor(channel, context)?.add(channel, session);
      },
    });
    this.#sockets.add(socket);
    socket.once('close', () => this.#onDestroyed(socket));
    const expire = (): void => {
      socket.destroy(new SslctxError('ERR_SSLCTX_HANDSHAKE_TIMEOUT', 'the handshake took too long'));
    };
    const timer = setTimeout(expire, handshakeTimeout);
    const fail = (error?: Error): void => {
      forget();
      const reason = error ?? new SslctxError('ERR_SSLCTX_STATE', 'the client left in its handshake');
      this.emit('tlsClientError', reason, socket);
    };
    const leave = (): void => fail();
    const forget = (): void => {
      clearTimeout(timer);
      socket.off('error', fail).off('close', leave);
    };
    socket.once('error', fail).once('close', leave);
    socket.on('keylog', (line: Buffer) => this.emit('keylog', line, socket));
    const announce = (): void => {
      forget();
      this.emit('secureConnection', socket);
    };
    socket.onceSecure(announce, () => own && this.#revocationOf(own, context));
  }

  /** Early data that nobody reads must not hold an unfinished handshake for ever. */
  #limitEarly(socket: SslSocket): void {
    const { handshakeTimeout = 120_000 } = this.#options;
    const expire = (): void => {
      socket.destroy(new SslctxError('ERR_SSLCTX_HANDSHAKE_TIMEOUT', 'the handshake took too long'));
    };
    const timer = setTimeout(expire, handshakeTimeout).unref();
    const stop = (): void => clearTimeout(timer);
    socket.once('secure', stop).once('close', stop);
  }

  /** What a handshake that is done has to be refused for after all. */
  #revocationOf(channel: SslChannel, context: SslContext): Error | undefined {
    if (this.#hello.storeFor(channel, context)?.secured(channel) !== false) return undefined;
    return new SslctxError('ERR_SSLCTX_REVOKED', 'the session was revoked during the handshake');
  }

  #target(): ListenerTarget {
    const onFailed: ListenerTarget['onFailed'] = (channel, error, facts) => {
      const socket = this.#adopt(channel, facts);
      socket.once('error', (failure: Error) => this.emit('tlsClientError', failure, socket));
      socket.destroy(error);
    };
    return {
      onSecure: (channel, facts) => {
        const error = this.#revocationOf(channel, this.#context);
        if (error !== undefined) {
          this.#target().onFailed(channel, error, facts);
          return;
        }
        const socket = this.#adopt(channel, facts);
        socket.secured(facts);
        if (socket.beganEarly) this.#limitEarly(socket);
        this.emit('secureConnection', socket);
      },
      onFailed,
      onHello: (channel, hello) => {
        this.#hello.answer(channel, hello, this.#context, (error) => onFailed(channel, error, 0));
      },
      onSession: (channel, session) => this.#hello.storeFor(channel, this.#context)?.add(channel, session),
      onKeylog: (_channel, line) => {
        logKeys(line);
        this.emit('keylog', line, undefined);
      },
    };
  }
}

function withoutOptions(context: SslContext, options: SslContextOptions): SslContext {
  if (!(context instanceof SslContext)) throw invalidType('context', 'an SslContext', context);
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) throw invalidValue(name, `cannot be given together with 'context'`);
  }
  return context;
}
