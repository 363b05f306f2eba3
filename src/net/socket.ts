// One TLS connection: a Duplex of plaintext, on a socket of its own or on any other Duplex.
import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ChannelOptions,
  type ChannelTarget,
  prepareClientContext,
  prepareServerContext,
  SslChannel,
} from '../channel.ts';
import type { SslContext } from '../context.ts';
import { checkOptionNames, ownOptions } from '../context-options.ts';
import { isHandshakeErrorObserved, isHandshakeObserved, tellHandshake, tellHandshakeError } from '../diagnostics.ts';
import { invalidValue, SslctxError, toError } from '../errors.ts';
import { logKeys, logsKeys } from '../keylog-file.ts';
import { toLegacyObject } from '../memory.ts';
import { decodeResumption, outcomeOf, type Resumption } from '../resumption.ts';
import type { Place, Roster } from '../roster.ts';
import type { SslSession } from '../session.ts';
import { storeOfChannel } from '../store/context-store.ts';
import { CertificateError, verificationCode } from '../verification.ts';
import { type ClientOptions, type ClientState, clientOptionNames, prepareClient } from './client-options.ts';
import { checkOnRead, type OnReadOptions, Reader } from './onread.ts';
import { SessionQueue } from './session-queue.ts';
import { SocketInfo } from './socket-info.ts';
import { type SslSocketOptions, socketOptionNames } from './socket-options.ts';

/** How long the last bytes may wait for a peer that does not read, in milliseconds. */
const lingerTime = 5000;
/** `kIsEarly` of native/net/channel.cc. */
const earlyFlag = 1 << 16;
/** By the numbers of SSL_EARLY_DATA_*. */
const earlyStatus = ['not-sent', 'rejected', 'accepted'] as const;

type Callback = (error?: Error | null) => void;

/** A stream of ciphertext; a `net.Socket` must have been made with `allowHalfOpen`. */
export interface Transport extends Duplex {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Sockets, ours included, keep the process alive or do not. */
function canRef(transport: object | undefined): transport is { ref(): unknown; unref(): unknown } {
  return transport !== undefined && 'ref' in transport && 'unref' in transport;
}

/** What a socket over a stream of ciphertext can be told. */
export interface SslStreamOptions extends SslSocketOptions, ClientOptions {
  context: SslContext;
  /** Default false: a client. */
  isServer?: boolean | undefined;
}

const streamOptionNames = ['context', 'isServer', ...socketOptionNames, ...clientOptionNames];

/** @internal For servers and `connect`: a socket on a channel of its own. */
export let socketOn: (
  channel: SslChannel,
  options: SslSocketOptions,
  facts?: number,
  sockets?: Roster<SslSocket>,
) => SslSocket;

/** @internal For servers: a socket over a stream; `prepare` gets its channel before the handshake. */
export let socketOver: (
  stream: Transport,
  context: SslContext,
  options: SslSocketOptions,
  settings: ChannelOptions & { prepare: (channel: SslChannel) => void },
) => SslSocket;

class StreamArgument {
  readonly transport: Transport;
  readonly channel: SslChannel;
  constructor(transport: Transport, channel: SslChannel) {
    this.transport = transport;
    this.channel = channel;
  }
}

class ChannelArgument {
  readonly channel: SslChannel;
  readonly facts: number | undefined;
  readonly sockets: Roster<SslSocket> | undefined;
  constructor(channel: SslChannel, facts?: number, sockets?: Roster<SslSocket>) {
    this.channel = channel;
    this.facts = facts;
    this.sockets = sockets;
  }
}

/**
 * A TLS connection.
 *
 * - Emits `secure` when the handshake is done, a client `secureConnect` too; until then, what is written waits.
 * - Emits `session` for each session that a client gets, with TLS 1.3 one for each ticket, while it reads.
 * - `end` sends close_notify. The peer may go on sending.
 * - A peer whose stream ends without close_notify may have been cut off: see `isTruncated`.
 * - `destroy` without an error sends close_notify, so that the session stays good; with an error it does not, and the
 *   session is good only if the peer's close_notify has come.
 */
export class SslSocket extends SocketInfo implements AsyncDisposable {
  readonly isServer: boolean;
  /** The server whose events are about this socket, where there is one; node:http tells it of time-outs and errors. */
  server: EventEmitter | null = null;
  readonly #channel: SslChannel;
  readonly #transport: Transport | undefined;
  #waiting: Callback | undefined;
  #chunks: Buffer[] = [];
  #isSecure = false;
  #isTruncated = false;
  #isConnecting = false;
  #facts = 0;
  #client: ClientState | undefined;
  #announce: (() => void) | undefined;
  #refuse: (() => Error | undefined) | undefined;
  /** The outcome of the handshake has been told. */
  #isTold = false;
  #beganEarly = false;
  #earlyData: (typeof earlyStatus)[number] = 'not-sent';
  #identityError: Error | undefined;
  #sessions: SessionQueue | undefined;
  #renegotiated: Callback | undefined;
  #timeout = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #onread: OnReadOptions | undefined;
  #reader: Reader | undefined;
  #pendingOutput: Callback | undefined;
  /** Among those of its server. */
  #place: Place<SslSocket> | undefined;
  /** Tries the next address; false when there is none. */
  #onUnreachable: ((error: Error) => boolean) | undefined;

  /** A socket over any Duplex, which it owns from now on. */
  constructor(transport: Transport, options: SslStreamOptions);
  /** @internal */
  constructor(channel: ChannelArgument | StreamArgument, options: SslSocketOptions);
  constructor(from: Transport | ChannelArgument | StreamArgument, options: SslStreamOptions | SslSocketOptions) {
    super({ allowHalfOpen: options.allowHalfOpen ?? false });
    if (from instanceof ChannelArgument) {
      this.#onread = options.onread;
      this.#channel = from.channel;
      this.#facts = from.facts ?? 0;
      this.isServer = from.facts !== undefined;
      this.#place = from.sockets?.add(this);
      this.#channel.target = new SslSocket.#Target(this);
      return;
    }
    if (from instanceof StreamArgument) {
      this.#onread = options.onread;
      this.isServer = true;
      this.#channel = from.channel;
      this.#transport = from.transport;
      this.#carry(from.transport);
      return;
    }
    if (!('context' in options)) throw invalidValue('options.context', 'is needed: an SslContext');
    checkOptionNames(options, streamOptionNames);
    const { context, isServer = false, requireCloseNotify, onread } = ownOptions(options, streamOptionNames);
    checkOnRead(onread);
    this.#onread = onread;
    this.isServer = isServer;
    this.#transport = from;
    if (isServer) prepareServerContext(context, logsKeys);
    const settings = { isServer, requireCloseNotify, tellsSessions: !isServer, tellsKeys: logsKeys };
    this.#channel = SslChannel.createStreamed(context, settings);
    try {
      if (!isServer) this.setClient(prepareClient(this.#channel, context, options));
    } catch (error) {
      this.#channel.close(false);
      throw error;
    }
    this.#carry(from);
  }

  #carry(transport: Transport): void {
    this.#channel.target = new SslSocket.#Target(this);
    transport.on('data', (ciphertext: Buffer) => {
      this.#channel.input(ciphertext);
      this.#holdTransport();
    });
    this.#channel.onAnswered = () => transport.resume();
    transport.on('end', () => this.#channel.input(null));
    transport.on('error', (error: Error) => this.destroy(error));
    transport.on('close', () => this.destroy());
    this.#channel.start();
  }

  static {
    socketOn = (channel, options, facts, sockets) =>
      new SslSocket(new ChannelArgument(channel, facts, sockets), options);
    socketOver = (stream, context, options, { prepare, ...settings }) => {
      const channel = SslChannel.create(context, { ...settings, isServer: true });
      prepare(channel);
      return new SslSocket(new StreamArgument(stream, channel), options);
    };
  }

  /** @internal */
  protected override get channel(): SslChannel {
    return this.#channel;
  }

  /** @internal */
  protected override get transport(): Transport | undefined {
    return this.#transport;
  }

  /** A TCP connection is being made, or the handshake is not done. */
  get connecting(): boolean {
    return this.#isConnecting;
  }

  /** @internal `next` tries another address when one cannot be reached. */
  beginConnecting(next: (error: Error) => boolean): void {
    this.#isConnecting = true;
    this.#onUnreachable = next;
  }

  /** The peer's stream has ended without close_notify: by RFC 8446, data may be missing. */
  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  /** Whether a session was offered, and why it was not accepted; a client is not told the reason. */
  get resumption(): Resumption {
    return decodeResumption(this.#facts);
  }

  /** @internal */
  setClient(state: ClientState): void {
    this.#client = state;
    this.#facts = state.offer;
    const tellKeys = (): void => {
      prepareClientContext(state.context, true);
      this.#channel.tell(undefined, true);
    };
    if (logsKeys) tellKeys();
    this.on('newListener', (event) => {
      if (event === 'keylog' && !this.#channel.isClosed) tellKeys();
    });
  }

  /** @internal Under which name a client has connected. */
  get requestedName(): string | undefined {
    return this.#client?.name;
  }

  /** @internal */
  protected override get identityError(): Error | undefined {
    return this.#identityError;
  }

  /**
   * Of a server: true as long as the handshake has not ended. What has been read until then is early data, which an attacker
   * may have recorded and sent again; `secure` follows, or an error. RFC 8446, section 8.
   */
  get isEarly(): boolean {
    return this.#channel.isEarly;
  }

  /** @internal Whether the handshake had not ended when the connection was announced. */
  get beganEarly(): boolean {
    return this.#beganEarly;
  }

  /** What became of a client's `earlyData`. SSL_get_early_data_status(3). */
  get earlyData(): 'accepted' | 'rejected' | 'not-sent' {
    return this.#earlyData;
  }

  /** Refuses to renegotiate from now on. SSL_OP_NO_RENEGOTIATION of SSL_set_options(3). */
  disableRenegotiation(): void {
    if (!this.#channel.isClosed) this.#channel.disableRenegotiation();
  }

  /** The sessions that this client gets, from now on; ends with the socket. */
  sessions(): AsyncGenerator<SslSession, void, undefined> {
    const queue = this.#queue;
    if (this.destroyed) queue.end();
    return queue.take();
  }

  get #queue(): SessionQueue {
    this.#sessions ??= new SessionQueue();
    return this.#sessions;
  }

  /**
   * Sends one more TLS 1.3 ticket, with the next write. SSL_new_session_ticket(3).
   *
   * @returns false where that is not possible: on a client, in TLS 1.2, before the end of the handshake
   */
  issueTicket(): boolean {
    return this.#channel.issueTicket();
  }

  /**
   * The label of the stateless tickets of a server's connection, where the context has a `ticketKeyRing`: its own, or that
   * of the session it resumed, or a random one since the first ticket. `revoke` of the ring takes it.
   */
  get ticketLabel(): string | undefined {
    return this.#channel.isClosed ? undefined : this.#channel.ticketLabel;
  }

  /**
   * Labels the tickets of this connection, and those that its client gets when it resumes. In TLS 1.3 with `deferTickets`:
   * before the first write. A ticket of TLS 1.2 is part of the handshake: note its `ticketLabel`. Of sessions in a store,
   * `labelSession`.
   *
   * @param label - 1 to 255 bytes of UTF-8
   * @throws {SslctxError} `ERR_SSLCTX_STATE` without a `ticketKeyRing`; when a ticket has gone out under another label,
   *   or, in TLS 1.2, when the handshake is done; `ERR_SSLCTX_FREED` when the socket is closed
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  setTicketLabel(label: string): void {
    this.#channel.setTicketLabel(label);
  }

  /**
   * Puts a label, such as the user who has just logged in, on the sessions of this connection, and on those that come of
   * them: `revoke({ label })` finds them. Resolves when the store has it; only then does `revoke` find all. Server side.
   *
   * A session that the client has resumed elsewhere before is another connection's: label it there.
   *
   * @param label - 1 to 1024 bytes in UTF-8
   * @throws {SslctxError} `ERR_SSLCTX_STATE` without a session store; `ERR_SSLCTX_STORE` when the store fails
   */
  async labelSession(label: string): Promise<void> {
    const store = storeOfChannel(this.#channel);
    if (store === undefined) throw new SslctxError('ERR_SSLCTX_STATE', 'the connection has no session store');
    await store.label(this.#channel, label);
  }

  /** A new handshake on a TLS 1.2 connection. `callback` hears when it is done. SSL_renegotiate(3). */
  renegotiate(_options: object = {}, callback?: Callback): boolean {
    if (this.destroyed || this.getProtocol() === 'TLSv1.3') {
      const error = new SslctxError('ERR_SSLCTX_STATE', 'TLS 1.3 has no renegotiation');
      if (callback !== undefined) process.nextTick(callback, error);
      return false;
    }
    this.#renegotiated = callback;
    this.#channel.renegotiate();
    return true;
  }

  /** Emits `timeout` when nothing has been sent or received for this long, in milliseconds; 0 for never. */
  setTimeout(milliseconds: number, callback?: () => void): this {
    this.#timeout = milliseconds;
    if (callback !== undefined) {
      if (milliseconds === 0) this.off('timeout', callback);
      else this.once('timeout', callback);
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#active();
    return this;
  }

  /** In milliseconds; 0 without one. */
  get timeout(): number {
    return this.#timeout;
  }

  setNoDelay(isOn = true): this {
    if (this.#transport instanceof Socket) this.#transport.setNoDelay(isOn);
    else this.#channel.setOption('noDelay', isOn ? 1 : 0);
    return this;
  }

  setKeepAlive(isOn = false, initialDelay = 0): this {
    if (this.#transport instanceof Socket) this.#transport.setKeepAlive(isOn, initialDelay);
    else {
      this.#channel.setOption('keepAlive', isOn ? 1 : 0);
      this.#channel.setOption('keepAliveDelay', Math.floor(initialDelay / 1000));
    }
    return this;
  }

  ref(): this {
    if (canRef(this.#transport)) this.#transport.ref();
    else this.#channel.setOption('ref', 1);
    return this;
  }

  unref(): this {
    if (canRef(this.#transport)) this.#transport.unref();
    else this.#channel.setOption('ref', 0);
    return this;
  }

  /** Ends the writing side, and destroys the socket when all has been sent. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    if (this.#onread === undefined || !this.isPaused()) this.#readMore();
  }

  #readMore(): void {
    this.#channel.read(true);
    if (this.#transport?.isPaused() === true) this.#transport.resume();
  }

  override pause(): this {
    if (this.#onread !== undefined) this.#channel.read(false);
    return super.pause();
  }

  override resume(): this {
    if (this.#reader !== undefined) this.#readMore();
    return super.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#send([chunk], callback);
  }

  override _writev(chunks: Array<{ chunk: Buffer }>, callback: Callback): void {
    const buffers = chunks.map(({ chunk }) => chunk);
    const size = buffers.reduce((sum, { length }) => sum + length, 0);
    // Small ones in one record: each costs 22 bytes and a cipher operation.
    this.#send(size <= 16_384 ? [Buffer.concat(buffers)] : buffers, callback);
  }

  override _final(callback: Callback): void {
    const finish: Callback = (error) => {
      if (this.#transport !== undefined && !this.#transport.destroyed) this.#transport.end();
      callback(error);
    };
    if (this.#channel.shutdown()) finish();
    else this.#waiting = finish;
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#timer);
    this.#tellFailure(error);
    this.#channel.close(error === null);
    this.#closeTransport();
    const waiting = this.#waiting ?? this.#pendingOutput;
    this.#waiting = undefined;
    this.#pendingOutput = undefined;
    waiting?.(error ?? new SslctxError('ERR_SSLCTX_STATE', 'the socket was destroyed'));
    this.#sessions?.end();
    callback(error);
    this.#place?.leave();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.closed) return;
    const closed = new Promise<void>((resolve) => this.once('close', () => resolve()));
    this.destroy();
    await closed;
  }

  #closeTransport(): void {
    const transport = this.#transport;
    if (transport === undefined || transport.destroyed) return;
    const timer = setTimeout(() => transport.destroy(), lingerTime).unref();
    transport.once('close', () => clearTimeout(timer));
    if (!transport.writableEnded) transport.end();
    if (transport.writableFinished) transport.destroy();
    else transport.once('finish', () => transport.destroy());
  }

  #send(chunks: Buffer[], callback: Callback): void {
    this.#active();
    this.#chunks = chunks;
    this.#waiting = callback;
    this.#continue();
  }

  #continue(): void {
    for (let next = this.#chunks.shift(); next !== undefined; next = this.#chunks.shift()) {
      if (next.length > 0 && !this.#channel.write(next)) return;
      if (this.destroyed) return;
    }
    const callback = this.#waiting;
    this.#waiting = undefined;
    // A stream underneath decides when there is room for more.
    if (this.#transport?.writableNeedDrain === true) {
      this.#pendingOutput = callback;
      this.#transport.once('drain', () => {
        const pending = this.#pendingOutput;
        this.#pendingOutput = undefined;
        pending?.();
      });
      return;
    }
    callback?.();
  }

  #active(): void {
    if (this.#timeout === 0) return;
    if (this.#timer !== undefined) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.emit('timeout'), this.#timeout).unref();
  }

  /** Stops the stream underneath while nobody reads here, in the handshake only while its client hello has no answer. */
  #holdTransport(): void {
    const isFull = this.#reader ? this.isPaused() : this.readableLength >= this.readableHighWaterMark;
    if (((isFull && this.#isSecure) || this.#channel.isAsking) && !this.destroyed) this.#transport?.pause();
  }

  // One class for all sockets: a connection then costs one small object, and no functions of its own.
  static readonly #Target = class implements ChannelTarget {
    readonly #socket: SslSocket;

    constructor(socket: SslSocket) {
      this.#socket = socket;
    }

    onConnected(): void {
      const socket = this.#socket;
      socket.#onUnreachable = undefined;
      socket.#active();
      socket.emit('connect');
    }

    onSecure(facts: number): void {
      this.#socket.secured(facts);
    }

    onData(plaintext: Buffer): boolean {
      const socket = this.#socket;
      socket.#active();
      return socket.#reader === undefined ? socket.push(plaintext) : socket.#goesOn(socket.#reader.copy(plaintext));
    }

    onFilled(length: number): boolean {
      const socket = this.#socket;
      socket.#active();
      return socket.#goesOn(socket.#reader?.tell(length) === true);
    }

    onEnd(isTruncated: boolean): void {
      const socket = this.#socket;
      socket.#isTruncated = isTruncated;
      socket.push(null);
      // Otherwise nobody who does not read would see the end.
      if (socket.readableLength === 0 && socket.readableFlowing === null) socket.read(0);
    }

    onDrained(): void {
      this.#socket.#active();
      this.#socket.#continue();
    }

    onFailed(error: Error, facts: number): void {
      const socket = this.#socket;
      // Another address may do.
      if (socket.#isConnecting && socket.#onUnreachable?.(error) === true) return;
      socket.#facts = facts;
      socket.destroy(socket.#explain(error));
    }

    onSession(session: SslSession): void {
      const socket = this.#socket;
      socket.#queue.push(session);
      socket.emit('session', session);
    }

    onKeylog(line: Buffer): void {
      logKeys(line);
      this.#socket.emit('keylog', line);
    }

    onOutput(ciphertext: Buffer): void {
      const transport = this.#socket.#transport;
      if (transport?.writable === true) transport.write(ciphertext);
    }

    onConfirmed(): void {
      this.#socket.#tellOutcome();
      this.#socket.emit('secure');
    }

    onRenegotiated(): void {
      const callback = this.#socket.#renegotiated;
      this.#socket.#renegotiated = undefined;
      callback?.(null);
    }
  };

  /** Pauses unless the user of `onread` wants more. */
  #goesOn(wantsMore: boolean): boolean {
    if (!wantsMore && !this.destroyed) this.pause();
    return wantsMore && !this.isPaused();
  }

  /** @internal The handshake is done. */
  secured(facts: number): void {
    this.#isSecure = true;
    this.#isConnecting = false;
    if (this.isServer) this.#facts = facts & ~earlyFlag;
    else this.#facts = outcomeOf(this.#facts, this.isSessionReused());
    this.#active();
    if (this.#client !== undefined && !this.#checkServer(this.#client)) return;
    const refusal = this.#refuse?.();
    if (refusal !== undefined) {
      this.destroy(refusal);
      return;
    }
    if (this.#onread !== undefined) {
      this.#reader = new Reader(this.#channel, this.#onread, (error) => this.destroy(error));
      if (this.destroyed) return;
    }
    this.#beganEarly = (facts & earlyFlag) !== 0;
    if (!this.#beganEarly) {
      this.#tellOutcome();
      this.emit('secure');
    }
    this.#announce?.();
    if (!this.isServer && !this.destroyed) this.emit('secureConnect');
    // As net.Socket: the peer's end is noticed although nobody reads yet.
    if (!this.destroyed) this.read(0);
  }

  /** False when the connection is not to be used. */
  #checkServer({ name = '', isStrict, checkServerIdentity, requestsOcsp, hasEarlyData }: ClientState): boolean {
    if (hasEarlyData) this.#earlyData = earlyStatus[this.#channel.earlyDataStatus] ?? 'not-sent';
    if (requestsOcsp) this.emit('OCSPResponse', this.#channel.ocspResponse);
    if (checkServerIdentity === undefined || this.destroyed) return !this.destroyed;
    if (!this.#channel.hasPeerCertificate) return true;
    const certificate = this.getPeerX509Certificate();
    const legacy = certificate && toLegacyObject(certificate);
    try {
      this.#identityError = legacy === undefined ? unreadable() : checkServerIdentity(name, legacy);
    } catch (error) {
      this.#identityError = toError(error);
    }
    if (this.#identityError === undefined || !isStrict) return true;
    this.destroy(this.#identityError);
    return false;
  }

  /** An error of a client's verification in the words of Node. */
  #explain(error: Error): Error {
    const isVerification = 'code' in error && error.code === 'ERR_SSL_CERTIFICATE_VERIFY_FAILED';
    if (this.#client === undefined || !isVerification) return error;
    const result = this.#channel.verifyResult;
    return verificationCode(result) === undefined ? error : new CertificateError(result, this.#client.name, error);
  }

  /**
   * @internal The server's own listener: `secure` of a connection with early data comes later. `refuse` is asked before
   * anybody hears of the connection.
   */
  onceSecure(announce: () => void, refuse: () => Error | undefined): void {
    this.#announce = announce;
    this.#refuse = refuse;
  }

  #tellOutcome(): void {
    this.#isTold = true;
    if (!isHandshakeObserved(this.isServer)) return;
    tellHandshake(this.isServer, {
      socket: this,
      protocol: this.getProtocol() ?? 'unknown',
      cipher: this.getCipher()?.name,
      servername: this.servername || undefined,
      resumption: this.resumption,
      duration: this.#channel.age ?? 0,
    });
  }

  /** Before the channel is closed. A client that gives up is no error; a server's client that leaves is. */
  #tellFailure(cause: Error | null): void {
    if (this.#isTold) return;
    this.#isTold = true;
    if ((cause === null && !this.isServer) || !isHandshakeErrorObserved(this.isServer)) return;
    const error = cause ?? new SslctxError('ERR_SSLCTX_STATE', 'the client left in its handshake');
    const { resumption } = this;
    tellHandshakeError(this.isServer, { socket: this, error, resumption, duration: this.#channel.age });
  }
}

/** Whose name is not known is not the one that was wanted. */
function unreadable(): Error {
  const message = "Node's own OpenSSL cannot read the server's certificate, which libssl has taken";
  return Object.assign(new Error(message), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
}
