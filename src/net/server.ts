// A TLS server on real sockets.
import { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { type ListenerTarget, prepareServerContext, type SocketAddress, type SslChannel } from '../channel.ts';
import { SslContext } from '../context.ts';
import { checkOptionNames, ownOptions, type SslContextOptions } from '../context-options.ts';
import { invalidType, invalidValue, requireInteger, SslctxError, toError } from '../errors.ts';
import { logKeys, logsKeys } from '../keylog-file.ts';
import { Roster } from '../roster.ts';
import { attachSessionStore, type ContextStore, sessionStoreOf } from '../store/context-store.ts';
import { checkOnRead } from './onread.ts';
import { type DoorSettings, ServerDoor } from './server-door.ts';
import { ServerHello } from './server-hello.ts';
import { ownOptionNames, type SslServerEvents, type SslServerOptions, serverOptionNames } from './server-options.ts';
import { type Configuration, checkWorkers, ServerWorkers, type ServerWorkersOptions } from './server-workers.ts';
import { isShared } from './shared-listener.ts';
import { type SslSocket, socketOn, socketOver, type Transport } from './socket.ts';
import type { SslSocketOptions } from './socket-options.ts';
import { type ListenOptions, listenOptions } from './where.ts';

type Listener<Name extends keyof SslServerEvents> = (...args: SslServerEvents[Name]) => void;

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
  if (listener !== undefined && options.workers !== undefined) {
    throw invalidValue('listener', `is for 'joinServer' where there are 'workers'`);
  }
  if (listener !== undefined) server.on('secureConnection', listener);
  return server;
}

/** For `joinServer`: accepts on another thread's socket. */
export let listenOnDescriptor: (server: SslServer, fd: number) => void;

const costlyEvents = new Set<string | symbol>(['keylog', 'resumeSession', 'newSession', 'OCSPRequest']);

/** See {@link createServer}. */
export class SslServer extends EventEmitter {
  #context: SslContext;
  readonly #door: ServerDoor;
  #isListening = false;
  #isClosing = false;
  readonly #sockets = new Roster<SslSocket>(() => this.#closeWhenEmpty());
  readonly #options: SslServerOptions;
  readonly #socketOptions: SslSocketOptions;
  readonly #hello: ServerHello;
  readonly #workers: ServerWorkers | undefined;
  /** Those that end with the server. */
  readonly #stores: ContextStore[] = [];
  #maxConnections = 0;

  constructor(given: SslServerOptions = {}) {
    super();
    checkOptionNames(given, serverOptionNames);
    const options = ownOptions(given, serverOptionNames);
    const own = ownOptions(given, ownOptionNames);
    const contextOptions = Object.fromEntries(
      Object.entries(options).filter(([name]) => !ownOptionNames.includes(name)),
    );
    const { handshakeTimeout = 120_000, keepAliveInitialDelay = 0, context, workers } = options;
    if (workers !== undefined) checkWorkers(workers, options);
    requireInteger('handshakeTimeout', handshakeTimeout, 1, 0x7fffffff);
    requireInteger('keepAliveInitialDelay', keepAliveInitialDelay, 0, 0x7fffffff);
    this.#options = own;
    checkOnRead(options.onread);
    this.#socketOptions = { allowHalfOpen: options.allowHalfOpen, onread: options.onread };
    this.#context = context === undefined ? this.#create(contextOptions) : withoutOptions(context, contextOptions);
    if (context !== undefined) this.#attach(context, false);
    this.#hello = new ServerHello(this, options);
    this.#workers = options.workers === undefined ? undefined : this.#threads(options.workers);
    this.#door = new ServerDoor(() => this.#settings(), this.#target());
    this.#prepare(this.#context);
    this.on('connection', (stream) => this.#accept(stream));
  }

  static {
    listenOnDescriptor = (server, fd) => {
      server.#door.openAt({ fd, backlog: 0 });
      server.#announce();
    };
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
    if (this.#isListening || this.#door.isUsed) {
      throw new SslctxError('ERR_SSLCTX_STATE', 'the server listens already');
    }
    if (callback !== undefined) this.once('listening', callback);
    for (const store of this.#stores) store.open();
    this.#listen(options).catch((error: unknown) => process.nextTick(() => this.emit('error', toError(error))));
    return this;
  }

  async #listen(options: ListenOptions): Promise<void> {
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
    if (isShared(options)) {
      if (this.#workers !== undefined)
        throw new SslctxError('ERR_SSLCTX_STATE', "'workers' need a socket of their own");
      await this.#door.share(options, (stream) => {
        if (this.#maxConnections > 0 && this.connectionCount >= this.#maxConnections) stream.destroy();
        else this.emit('connection', stream);
      });
    } else {
      await this.#door.open(options, () => this.#isClosing);
      await this.#startWorkers();
    }
    this.#announce();
  }

  async #startWorkers(): Promise<void> {
    if (this.#workers === undefined) return;
    try {
      await this.#workers.start();
    } catch (error) {
      await this.#workers.terminate();
      this.#door.close();
      this.#door.free();
      throw error;
    }
    this.#closeWithWorkers();
  }

  #threads(workers: ServerWorkersOptions): ServerWorkers {
    const configuration = (): Configuration => ({
      context: this.#context,
      hosts: this.#hello.hosts,
      options: this.#options,
      maxConnections: this.#maxConnections,
      fd: this.#door.descriptor,
    });
    const onExit = (worker: Worker, code: number, error: Error | undefined): void => {
      this.emit('workerExit', worker, code, error);
    };
    return new ServerWorkers(workers, configuration, onExit, () => this.#closeWhenEmpty());
  }

  /** The threads of the option `workers`: to post messages to. */
  get workers(): Worker[] {
    return this.#workers?.workers ?? [];
  }

  /**
   * One more thread, besides those of `workers.count`, or in place of one that has ended. Resolves when it accepts
   * connections.
   *
   * @throws {SslctxError} `ERR_SSLCTX_STATE` without `workers`, and for a server that does not listen
   * @throws what the thread throws before it has called `joinServer`
   */
  async addWorker(): Promise<Worker> {
    if (this.#workers === undefined || !this.#isListening) {
      throw new SslctxError('ERR_SSLCTX_STATE', "the server does not listen, or has no 'workers'");
    }
    try {
      return await this.#workers.add();
    } finally {
      this.#closeWithWorkers();
    }
  }

  /** At the server's end; the socket, when no thread is about to take a copy of its descriptor. */
  #closeWithWorkers(): void {
    if (!this.#isClosing) return;
    if (this.#workers?.isIdle !== false) this.#door.close();
    this.#workers?.close();
  }

  #announce(): void {
    if (this.#isClosing) return;
    this.#isListening = true;
    process.nextTick(() => this.emit('listening'));
  }

  #settings(): DoorSettings {
    return {
      context: this.#context,
      options: this.#options,
      channel: this.#channelOptions(),
      maxConnections: this.#maxConnections,
      isIdle: this.#workers !== undefined,
    };
  }

  #channelOptions(): DoorSettings['channel'] {
    return {
      questions: this.#hello.listQuestions(),
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
    return this.#isListening ? this.#door.address : null;
  }

  get listening(): boolean {
    return this.#isListening;
  }

  /** How many connections there are, those in a handshake included. */
  get connectionCount(): number {
    return this.#sockets.size + this.#door.pending;
  }

  /** More than this many connections are closed at once; 0 for no limit. */
  get maxConnections(): number {
    return this.#maxConnections;
  }

  set maxConnections(count: number) {
    requireInteger('maxConnections', count, 0, 0x7fffffff);
    this.#maxConnections = count;
    this.#configure();
    this.#workers?.tell({ what: 'limit', maxConnections: count });
  }

  /** As Node's. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    const counting = this.#workers?.count() ?? Promise.resolve(0);
    void counting.then((others) => process.nextTick(() => callback(null, this.connectionCount + others)));
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
    if (this.#isServedElsewhere) this.#workers?.tell({ what: 'host', hostname, context: own.share() });
  }

  /** New connections have these settings, and a new cache; those that are there keep theirs. */
  setSecureContext(options: SslContext | SslContextOptions): void {
    this.#context = options instanceof SslContext ? options : this.#create(options);
    this.#prepare(this.#context);
    this.#configure();
    if (this.#isServedElsewhere) this.#workers?.tell({ what: 'context', context: this.#context.share() });
  }

  get #isServedElsewhere(): boolean {
    return this.#workers?.isEmpty === false;
  }

  /** The 80 bytes of keys of stateless tickets. */
  getTicketKeys(): Buffer {
    return this.#context.ticketKeys;
  }

  setTicketKeys(keys: Uint8Array): void {
    this.#context.ticketKeys = keys;
  }

  ref(): this {
    this.#door.ref(true);
    return this;
  }

  unref(): this {
    this.#door.ref(false);
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
    this.#closeWithWorkers();
    this.#closeWhenEmpty();
    return this;
  }

  /** Destroys all connections. Their sessions stay good. */
  closeAllConnections(): void {
    this.#hello.abort();
    this.#door.abort();
    for (const socket of this.#sockets) socket.destroy();
    this.#workers?.tell({ what: 'abort' });
    this.#closeWhenEmpty();
  }

  /** Closes the server and all connections, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isListening && !this.#isClosing) {
      await this.#workers?.terminate();
      return;
    }
    const closed = new Promise<void>((resolve) => this.once('close', () => resolve()));
    if (this.#isListening) this.close();
    this.closeAllConnections();
    await closed;
    await this.#workers?.terminate();
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
    this.#door.configure();
  }

  #closeWhenEmpty(): void {
    if (!this.#isClosing || this.connectionCount > 0 || this.#isServedElsewhere) return;
    this.#isClosing = false;
    this.#door.free();
    const closed = Promise.allSettled(this.#stores.map((store) => store.close()));
    void closed.then(() => process.nextTick(() => this.emit('close')));
  }

  #adopt(channel: SslChannel, facts: number): SslSocket {
    return socketOn(channel, this.#socketOptions, facts, this.#sockets);
  }

  #accept(stream: Transport): void {
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
    const place = this.#sockets.add(socket);
    socket.once('close', () => place.leave());
    this.#limitHandshake(socket);
    const fail = (error?: Error): void => {
      forget();
      const reason = error ?? new SslctxError('ERR_SSLCTX_STATE', 'the client left in its handshake');
      this.emit('tlsClientError', reason, socket);
    };
    const leave = (): void => fail();
    const forget = (): void => {
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

  /** Of what native code does not watch: streams, and connections that were announced with early data. */
  #limitHandshake(socket: SslSocket): void {
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
          onFailed(channel, error, facts);
          return;
        }
        const socket = this.#adopt(channel, facts);
        socket.secured(facts);
        if (socket.beganEarly) this.#limitHandshake(socket);
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
