// One TLS connection that native code runs: on a socket of its own, or over a stream.
import { getSystemErrorName } from 'node:util';
import { alpnWire } from './alpn.ts';
import * as engine from './capi/channel.ts';
import * as capi from './capi/index.ts';
import { contextHandle, type SslContext } from './context.ts';
import { mustBeOne, SslctxError, takeOpenSslError } from './errors.ts';
import { type SslSession, sessionHandle, wrapSession } from './session.ts';
import { TlsState } from './tls-state.ts';
import { requireName } from './verification.ts';

export type {
  ChannelOptions,
  ClientHello,
  ConnectAddress,
  ListenAddress,
  ListenerOptions,
  SocketAddress,
} from './capi/channel.ts';

export { Question } from './capi/channel.ts';

/** Who hears of a channel's events. */
export interface ChannelTarget {
  onConnected(): void;
  onSecure(facts: number): void;
  /** Returns whether more is wanted now. */
  onData(plaintext: Buffer): boolean;
  /** As `onData`, of so many bytes in the room that `readInto` gave. */
  onFilled(length: number): boolean;
  onEnd(isTruncated: boolean): void;
  onDrained(): void;
  onFailed(error: Error, facts: number): void;
  onSession(session: SslSession): void;
  onKeylog(line: Buffer): void;
  onOutput(ciphertext: Buffer): void;
  onRenegotiated(): void;
  /** The handshake of a connection that began with early data has ended. */
  onConfirmed(): void;
}

/** Who hears of channels that a listener has accepted, until they have targets of their own. */
export interface ListenerTarget {
  onSecure(channel: SslChannel, facts: number): void;
  onFailed(channel: SslChannel, error: Error, facts: number): void;
  onHello(channel: SslChannel, hello: engine.ClientHello): void;
  /** Of a server's channel whose client hello asked for nothing, and that keeps its sessions in a store. */
  onSession(channel: SslChannel, session: SslSession): void;
  onKeylog(channel: SslChannel, line: Buffer): void;
}

/** On sockets of their own, for which the event loop works: by slot, the lower 20 bits of an ID (native/net/reactor.h). */
const channels: Array<SslChannel | undefined> = [];
const slotMask = 0xfffff;
/** Over streams: when nobody has the stream any more, nothing will ever come. */
const streamed = new Map<number, WeakRef<SslChannel>>();
const collected = new FinalizationRegistry<number>((id) => {
  if (streamed.delete(id)) engine.channelClose(id, false);
});
const listeners = new Map<number, ListenerTarget>();

function find(id: number): SslChannel | undefined {
  const channel = channels[id & slotMask];
  return channel?.id === id ? channel : streamed.get(id)?.deref();
}

/** The channel's own target, or that of its listener for one that nobody has adopted. */
function route(id: number, owner: number): { channel: SslChannel; listener: ListenerTarget | undefined } {
  const known = find(id);
  if (known !== undefined)
    return { channel: known, listener: known.target === undefined ? listeners.get(owner) : undefined };
  const channel = new SslChannel(id);
  if (owner !== 0) channels[id & slotMask] = channel;
  return { channel, listener: listeners.get(owner) };
}

function failed(id: number, owner: number, error: Error, facts: number): void {
  const { channel, listener } = route(id, owner);
  if (channel.target !== undefined) channel.target.onFailed(error, facts);
  else if (listener !== undefined) listener.onFailed(channel, error, facts);
  else channel.close(false);
}

function install(): void {
  engine.install({
    secure(id, owner, facts) {
      const { channel, listener } = route(id, owner);
      channel.secured();
      if (channel.target !== undefined) channel.target.onSecure(facts);
      else if (listener !== undefined) listener.onSecure(channel, facts);
      else channel.close(false);
    },
    data: (id, plaintext) => find(id)?.target?.onData(plaintext) ?? false,
    filled: (id, length) => find(id)?.target?.onFilled(length) ?? false,
    end: (id, isTruncated) => find(id)?.target?.onEnd(isTruncated),
    drained: (id) => find(id)?.target?.onDrained(),
    failed(id, owner, facts) {
      failed(id, owner, takeOpenSslError('SSL_do_handshake'), facts);
    },
    systemError(id, owner, errno, syscall) {
      failed(id, owner, systemError(errno, syscall), 0);
    },
    session(id, owner, session) {
      const { channel, listener } = route(id, owner);
      const made = wrapSession(session);
      if (channel.sessionTaker !== undefined) channel.sessionTaker(made);
      else if (channel.target !== undefined) channel.target.onSession(made);
      else listener?.onSession(channel, made);
    },
    keylog(id, owner, line) {
      const { channel, listener } = route(id, owner);
      if (channel.target !== undefined) channel.target.onKeylog(line);
      else listener?.onKeylog(channel, line);
    },
    hello(id, owner, hello) {
      const { channel, listener } = route(id, owner);
      const chooser = channel.chooser ?? ((one: engine.ClientHello) => listener?.onHello(channel, one));
      channel.isAsking = true;
      chooser(hello);
    },
    output: (id, ciphertext) => find(id)?.target?.onOutput(ciphertext),
    connected: (id) => find(id)?.target?.onConnected(),
    renegotiated: (id) => find(id)?.target?.onRenegotiated(),
    confirmed: (id) => find(id)?.target?.onConfirmed(),
  });
}

/** As those of Node's own sockets. */
export function systemError(errno: number, syscall: string): Error {
  if (syscall === 'handshake') return new SslctxError('ERR_SSLCTX_HANDSHAKE_TIMEOUT', 'the handshake took too long');
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: -errno, syscall });
}

/** What a server chooses when it has seen the client hello. */
export interface HelloAnswer {
  /** Makes the connection with this context, its cache and its ticket keys, in place of the first. */
  context?: SslContext | undefined;
  /** The application protocol; the context's own choice otherwise. */
  alpn?: string | undefined;
  ocsp?: Uint8Array | undefined;
  /** What the IDs of the client hello stand for. */
  sessions?: readonly SslSession[] | undefined;
}

/** A channel of native/net. Closed with its socket: one on a socket of its own is held by the event loop. */
export class SslChannel extends TlsState {
  target: ChannelTarget | undefined;
  /** Answers the client hello of a channel that no listener has accepted. */
  chooser: ((hello: engine.ClientHello) => void) | undefined;
  /** Takes a server's new sessions, once the channel was told to `tell` of them. */
  sessionTaker: ((session: SslSession) => void) | undefined;
  onClosed: (() => void) | undefined;
  /** Its client hello has got its answer. */
  onAnswered: (() => void) | undefined;
  /** Waits for the answer to its client hello: what comes meanwhile is only kept. */
  isAsking = false;
  readonly #id: number;
  #ssl: capi.SSL | undefined;
  #remote: engine.SocketAddress | undefined;
  #local: engine.SocketAddress | undefined;
  #isSecure = false;
  #isClosed = false;

  /** @internal */
  constructor(id: number) {
    super();
    this.#id = id;
  }

  /** A channel that is going to `connect`. */
  static create(context: SslContext, options: engine.ChannelOptions): SslChannel {
    install();
    const id = engine.openChannel(contextHandle(context), options);
    const channel = new SslChannel(id);
    channels[id & slotMask] = channel;
    return channel;
  }

  /** A channel whose ciphertext comes and goes through its target and `input` for good, and which may be garbage. */
  static createStreamed(context: SslContext, options: engine.ChannelOptions): SslChannel {
    const channel = SslChannel.create(context, options);
    channels[channel.id & slotMask] = undefined;
    streamed.set(channel.id, new WeakRef(channel));
    collected.register(channel, channel.id, channel);
    engine.channelSetObject(channel.id, channel);
    return channel;
  }

  get id(): number {
    return this.#id;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  override get isHandshakeDone(): boolean {
    return this.#isSecure;
  }

  /** @internal */
  secured(): void {
    this.#isSecure = true;
  }

  /** @internal */
  protected override get ssl(): capi.SSL {
    if (this.#isClosed) throw new SslctxError('ERR_SSLCTX_FREED', 'the socket is closed');
    this.#ssl ??= engine.channelSsl(this.#id);
    return this.#ssl;
  }

  /** Settings of a client, before `start`. */
  prepareClient(options: {
    servername: string | undefined;
    hostname: string | undefined;
    verify: 'strict' | 'lenient';
    session: SslSession | undefined;
    alpn: Uint8Array | undefined;
    requestsOcsp: boolean;
  }): void {
    const { ssl } = this;
    if (options.servername !== undefined) {
      mustBeOne('SSL_set_tlsext_host_name', capi.SSL_set_tlsext_host_name(ssl, options.servername));
    }
    if (options.hostname !== undefined) requireName(ssl, options.hostname);
    if (options.verify === 'strict') capi.SSL_set_verify(ssl, capi.SSL_VERIFY_PEER);
    else engine.setLenientVerifyOnSsl(ssl);
    const { session, alpn } = options;
    if (alpn !== undefined && capi.SSL_set_alpn_protos(ssl, alpn) !== 0) throw takeOpenSslError('SSL_set_alpn_protos');
    if (options.requestsOcsp) capi.SSL_set_tlsext_status_type(ssl, capi.TLSEXT_STATUSTYPE_ocsp);
    if (session !== undefined && capi.SSL_SESSION_is_resumable(sessionHandle(session)) === 1) {
      mustBeOne('SSL_set_session', capi.SSL_set_session(ssl, sessionHandle(session)));
    }
  }

  start(): void {
    engine.channelStart(this.#id);
  }

  /** Gives the channel a socket, which begins to connect. `onConnected` follows, or `onFailed`, and then again. */
  connect(where: engine.ConnectAddress): Error | undefined {
    const error = engine.channelConnect(this.#id, where);
    return error < 0 ? systemError(-error, 'connect') : undefined;
  }

  read(isWanted: boolean): void {
    if (!this.#isClosed) engine.channelRead(this.#id, isWanted);
  }

  /** Where plaintext goes from now on, without a copy. Some may come by `onData` even so. */
  readInto(room: Uint8Array): void {
    if (!this.#isClosed) engine.channelSetRoom(this.#id, room);
  }

  /** True when all is on its way; otherwise `onDrained` follows. */
  write(chunk: Uint8Array): boolean {
    return this.#isClosed || engine.channelWrite(this.#id, chunk);
  }

  shutdown(): boolean {
    return this.#isClosed || engine.channelShutdown(this.#id);
  }

  /** Ciphertext of the peer's; `null` is its end. */
  input(ciphertext: Uint8Array | null): void {
    if (!this.#isClosed) engine.channelInput(this.#id, ciphertext);
  }

  resume({ context, alpn, ocsp, sessions = [] }: HelloAnswer): void {
    if (this.#isClosed) return;
    const wire = alpn === undefined ? undefined : alpnWire([alpn], 'ALPNCallback');
    const ctx = context === undefined ? undefined : contextHandle(context);
    this.#ssl = undefined;
    this.isAsking = false;
    engine.channelResume(this.#id, { context: ctx, alpn: wire, ocsp, sessions: sessions.map(sessionHandle) });
    this.onAnswered?.();
  }

  renegotiate(): void {
    if (!this.#isClosed) engine.channelRenegotiate(this.#id);
  }

  issueTicket(): boolean {
    return !this.#isClosed && engine.channelIssueTicket(this.#id);
  }

  tell(sessions: boolean | undefined, keys: boolean | undefined): void {
    if (!this.#isClosed) engine.channelTell(this.#id, sessions, keys);
  }

  setOption(what: 'noDelay' | 'keepAlive' | 'keepAliveDelay' | 'ref', value: number): void {
    if (!this.#isClosed) engine.channelSetOption(this.#id, what, value);
  }

  /** Asked once: they do not change. `undefined` of Unix sockets, and when the channel is closed. */
  get remote(): engine.SocketAddress | undefined {
    if (!this.#isClosed) this.#remote ??= engine.channelAddress(this.#id, true);
    return this.#isClosed ? undefined : this.#remote;
  }

  get local(): engine.SocketAddress | undefined {
    if (!this.#isClosed) this.#local ??= engine.channelAddress(this.#id, false);
    return this.#isClosed ? undefined : this.#local;
  }

  /** Ciphertext. */
  get bytesRead(): number {
    return this.#isClosed ? 0 : engine.channelBytes(this.#id, false);
  }

  get bytesWritten(): number {
    return this.#isClosed ? 0 : engine.channelBytes(this.#id, true);
  }

  /** Whether it runs on this context, and not on one that the server had before. */
  runsOn(context: SslContext): boolean {
    return capi.SSL_get_SSL_CTX(this.ssl) === contextHandle(context);
  }

  /** SSL_get_finished(3), SSL_get_peer_finished(3). */
  finished(side: 'own' | 'peer'): Buffer {
    return side === 'own' ? capi.SSL_get_finished(this.ssl) : capi.SSL_get_peer_finished(this.ssl);
  }

  /** What a client sends first: with its first flight (`isEarly`), or after the handshake. */
  setEarlyData(bytes: Uint8Array, isEarly: boolean): void {
    engine.channelSetEarlyData(this.#id, bytes, isEarly);
  }

  /** Whether a server's handshake is still to end, and what has been read may be a replay. */
  get isEarly(): boolean {
    return !this.#isClosed && engine.channelIsEarly(this.#id);
  }

  /** Milliseconds since there was a peer to shake hands with; `undefined` before. */
  get age(): number | undefined {
    const age = this.#isClosed ? -1 : engine.channelAge(this.#id);
    return age < 0 ? undefined : age;
  }

  /** One of SSL_EARLY_DATA_*. SSL_get_early_data_status(3). */
  get earlyDataStatus(): number {
    return capi.SSL_get_early_data_status(this.ssl);
  }

  /** What the server stapled; null when that is nothing. SSL_get_tlsext_status_ocsp_resp(3). */
  get ocspResponse(): Buffer | null {
    return capi.SSL_get_tlsext_status_ocsp_resp(this.ssl);
  }

  /** SSL_set_max_send_fragment(3). */
  setMaxSendFragment(bytes: number): boolean {
    return capi.SSL_set_max_send_fragment(this.ssl, bytes) === 1;
  }

  /** SSL_OP_NO_RENEGOTIATION of SSL_set_options(3). */
  disableRenegotiation(): void {
    capi.SSL_set_options(this.ssl, capi.SSL_OP_NO_RENEGOTIATION);
  }

  /** SSL_export_keying_material(3). */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer | null {
    return capi.SSL_export_keying_material(this.ssl, length, label, context ?? null);
  }

  /** `isClean` says close_notify first, so that libssl keeps the session resumable. */
  close(isClean: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // What it still has to say goes to its target.
    engine.channelClose(this.#id, isClean);
    if (channels[this.#id & slotMask] === this) channels[this.#id & slotMask] = undefined;
    if (streamed.delete(this.#id)) collected.unregister(this);
    if (this.#ssl !== undefined) capi.SSL_free(this.#ssl);
    this.#ssl = undefined;
    this.onClosed?.();
  }
}

/** A listening socket of native/net. */
export class SslListener {
  readonly #id: number;
  #options: engine.ListenerOptions;
  #isClosed = false;

  /** @throws the system's error */
  constructor(
    context: SslContext,
    where: engine.ListenAddress,
    options: engine.ListenerOptions,
    target: ListenerTarget,
  ) {
    install();
    const ctx = contextHandle(context);
    this.#id = engine.listen(ctx, where, options);
    if (this.#id < 0) throw systemError(-this.#id, 'listen');
    this.#options = options;
    listeners.set(this.#id, target);
  }

  get address(): engine.SocketAddress | undefined {
    return engine.listenerAddress(this.#id);
  }

  /** For other threads, which take a copy of it. */
  get descriptor(): number {
    return engine.listenerDescriptor(this.#id);
  }

  /** Connections in their handshakes. */
  get pending(): number {
    return engine.listenerPending(this.#id);
  }

  /** From now on for new connections. */
  configure(context: SslContext | undefined, options: Partial<engine.ListenerOptions>): void {
    this.#options = { ...this.#options, ...options };
    engine.listenerConfigure(this.#id, context === undefined ? null : contextHandle(context), this.#options);
  }

  ref(isOn: boolean): void {
    if (!this.#isClosed) engine.listenerRef(this.#id, isOn);
  }

  close(): void {
    this.#isClosed = true;
    engine.listenerClose(this.#id);
  }

  /** Closes the connections in their handshakes. */
  abort(): void {
    for (const id of engine.listenerChannels(this.#id)) (find(id) ?? new SslChannel(id)).close(false);
  }

  /** At the end, when it is closed and no connection is in its handshake any more. */
  free(): void {
    engine.listenerFree(this.#id);
    listeners.delete(this.#id);
  }
}

/** Makes a context ready for the sockets of a server: see src/resumption.ts, and virtual hosts. */
export function prepareServerContext(context: SslContext, tellsKeys: boolean): void {
  engine.prepareContext(contextHandle(context), true, tellsKeys);
}

/**
 * Makes a context ready for a store of sessions outside of libssl. Its tickets are stateful from now on; `idKeys` are those
 * of its session IDs. libssl's own anti-replay knows only the internal cache: where that is not in use (`isInside`), nothing
 * would resume.
 */
export function prepareStoreContext(context: SslContext, idKeys: readonly Uint8Array[], isInside: boolean): void {
  const ctx = contextHandle(context);
  capi.SSL_CTX_set_options(ctx, capi.SSL_OP_NO_TICKET);
  if (!isInside) capi.SSL_CTX_set_options(ctx, capi.SSL_OP_NO_ANTI_REPLAY);
  engine.setSessionStore(ctx, idKeys);
}

/** Whether libssl looks for sessions in the internal cache. */
export function looksInside(context: SslContext): boolean {
  return (context.sessionCacheMode & capi.SSL_SESS_CACHE_NO_INTERNAL_LOOKUP) === 0;
}

/** Whether clients may send data before the handshake is done, so that their sessions must be good for one use only. */
export function takesEarlyData(context: SslContext): boolean {
  return capi.SSL_CTX_get_max_early_data(contextHandle(context)) > 0;
}

/** Whether libssl sees to it that each session is resumed once, so that early data is. */
export function guardsEarlyData(context: SslContext): boolean {
  const isGuarded = (capi.SSL_CTX_get_options(contextHandle(context)) & capi.SSL_OP_NO_ANTI_REPLAY) === 0;
  return isGuarded && takesEarlyData(context);
}

/** Whether a server with the same `idKeys` has made this ID. */
export function isOwnSessionId(context: SslContext, id: Uint8Array): boolean {
  return engine.isOwnSessionId(contextHandle(context), id);
}

export function prepareClientContext(context: SslContext, tellsKeys: boolean): void {
  engine.prepareContext(contextHandle(context), false, tellsKeys);
}

/**
 * Whether a client may resume `session` with a server of this name: libssl verifies neither certificate nor name again, so
 * both must have been right, and right for what `context` trusts. Where bad ones are accepted (`isLenient`), a session that
 * is known to be of a bad one may be resumed too: it stays so.
 */
export function mayResume(
  context: SslContext,
  session: SslSession,
  name: string | undefined,
  isLenient: boolean,
): boolean {
  return engine.mayResumeSession(contextHandle(context), sessionHandle(session), name, isLenient);
}
