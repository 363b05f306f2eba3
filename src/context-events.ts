// What libssl's session callbacks tell, as events of a context: after the operation, never inside of libssl.
import { EventEmitter } from 'node:events';
import * as capi from './capi/index.ts';
import { setElsewhere } from './capi/sharing.ts';
import { type SslSession, wrapSession } from './session.ts';

/**
 * Why a session has left the cache, or stopped being resumable:
 * - `removed`: by `removeSession`, or by libssl after a connection that failed or ended without a clean shutdown, or
 *   because a TLS 1.3 client has used it up
 * - `replaced`: by `addSession` of another one with the same ID; libssl itself does not tell of these
 * - `evicted`: the cache was full
 * - `expired`: its time was over when it was flushed, by libssl or by `flushSessions`, or when a TLS 1.2 client offered it
 * - `flushed`: its time was not over when `flushSessions` or `clearSessions` took it
 * - `context-freed`: the cache is gone
 * - `elsewhere`: by another thread that has the context too, for any of these reasons but `replaced`
 */
export type SessionRemovalReason =
  | 'removed'
  | 'replaced'
  | 'evicted'
  | 'expired'
  | 'flushed'
  | 'context-freed'
  | 'elsewhere';

/** The events of a context, with the arguments of their listeners. */
export interface SslContextEvents {
  /**
   * A handshake has made a session that can be resumed; with TLS 1.3, one for each ticket. `isElsewhere`: a handshake of
   * another thread that has the context too.
   */
  newSession: [session: SslSession, isElsewhere: boolean];
  /** A session has left the cache. */
  removeSession: [session: SslSession, reason: SessionRemovalReason];
  /** This many events of other threads came faster than this one could take them: more than 65536 were waiting. */
  eventsLost: [count: number];
}

type Listener<Name extends keyof SslContextEvents> = (...args: SslContextEvents[Name]) => void;

/** What libssl was asked to do when it called back. */
type Operation = 'add' | 'remove' | 'flush' | 'free';

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/**
 * The event side of a context. Its libssl callbacks are there only while somebody listens: a remove callback makes libssl
 * cache the sessions of stateless TLS 1.3 tickets too.
 *
 * What listeners throw becomes an uncaught exception, as with other events of Node, and not the failure of the call that
 * caused the event.
 */
export class SessionEvents extends EventEmitter {
  readonly #context: capi.SSL_CTX;
  readonly #queue: Array<() => void> = [];
  #isDelivering = false;
  #isScheduled = false;
  #operation: Operation | undefined;
  /** How many of libssl's evictions have had their event. */
  #evictions = 0;
  #hasRemoveCallback = false;
  #isOver = false;
  readonly #connections = new WeakMap<capi.SSL, (session: SslSession) => void>();

  constructor(context: capi.SSL_CTX) {
    super();
    this.#context = context;
  }

  /** @internal Whether somebody listens to `removeSession`. */
  protected get isObserved(): boolean {
    return this.#hasRemoveCallback;
  }

  override on<Name extends keyof SslContextEvents>(event: Name, listener: Listener<Name>): this {
    return this.#listening(super.on(event, listener));
  }

  override addListener<Name extends keyof SslContextEvents>(event: Name, listener: Listener<Name>): this {
    return this.#listening(super.addListener(event, listener));
  }

  override prependListener<Name extends keyof SslContextEvents>(event: Name, listener: Listener<Name>): this {
    return this.#listening(super.prependListener(event, listener));
  }

  override once<Name extends keyof SslContextEvents>(event: Name, listener: Listener<Name>): this {
    return this.#listening(super.once(event, listener));
  }

  override prependOnceListener<Name extends keyof SslContextEvents>(event: Name, listener: Listener<Name>): this {
    return this.#listening(super.prependOnceListener(event, listener));
  }

  override off<Name extends keyof SslContextEvents>(event: Name, listener: Listener<Name>): this {
    return this.#listening(super.off(event, listener));
  }

  override removeListener<Name extends keyof SslContextEvents>(event: Name, listener: Listener<Name>): this {
    return this.#listening(super.removeListener(event, listener));
  }

  override removeAllListeners(event?: keyof SslContextEvents): this {
    return this.#listening(event === undefined ? super.removeAllListeners() : super.removeAllListeners(event));
  }

  /** @internal Hands the sessions of one connection to `take`, for as long as the connection lives. */
  watchConnection(ssl: capi.SSL, take: (session: SslSession) => void): void {
    this.#connections.set(ssl, take);
    this.#installNew();
  }

  /**
   * @internal Runs `operation`, in which libssl may call back, then delivers what it told. `kind` says what libssl is
   * asked to do; a connection can do anything.
   */
  perform<T>(operation: () => T, kind?: Operation): T {
    const outer = this.#operation;
    this.#operation = kind;
    if (kind === 'free') this.#isOver = true;
    try {
      return operation();
    } finally {
      this.#operation = outer;
      this.#deliver();
    }
  }

  /** @internal Queues the event that libssl does not tell. */
  protected replaced(session: SslSession): void {
    this.#queue.push(() => this.#emit('removeSession', session, 'replaced'));
  }

  /** @internal Other threads have the context too. */
  protected hearElsewhere(): void {
    setElsewhere(this.#context, {
      new: (session) => this.#onElsewhere('newSession', () => [wrapSession(session), true]),
      removed: (session) => this.#onElsewhere('removeSession', () => [wrapSession(session), 'elsewhere']),
      lost: (count) => this.#onElsewhere('eventsLost', () => [count]),
    });
  }

  #onElsewhere<Name extends keyof SslContextEvents>(event: Name, args: () => SslContextEvents[Name]): void {
    if (this.#isOver || this.listenerCount(event) === 0) return;
    const given = args();
    this.#queue.push(() => this.#emit(event, ...given));
    this.#schedule();
  }

  #listening(self: this): this {
    if (this.#isOver) return self;
    if (this.listenerCount('newSession') > 0) this.#installNew();
    const observed = this.listenerCount('removeSession') > 0;
    if (observed === this.#hasRemoveCallback) return self;
    if (observed) this.#evictions = capi.SSL_CTX_sess_cache_full(this.#context);
    capi.SSL_CTX_sess_set_remove_cb(this.#context, observed ? (_ctx, session) => this.#onRemoved(session) : null);
    this.#hasRemoveCallback = observed;
    return self;
  }

  #installNew(): void {
    if (capi.SSL_CTX_sess_get_new_cb(this.#context) !== null) return;
    capi.SSL_CTX_sess_set_new_cb(this.#context, (ssl, session) => this.#onNew(ssl, session));
  }

  #onNew(ssl: capi.SSL, handle: capi.SSL_SESSION): void {
    this.#connections.get(ssl)?.(wrapSession(handle));
    if (this.listenerCount('newSession') === 0) return;
    const session = wrapSession(handle);
    this.#queue.push(() => this.#emit('newSession', session, false));
    // A socket's handshake is no operation of ours.
    this.#schedule();
  }

  #onRemoved(handle: capi.SSL_SESSION): void {
    const session = wrapSession(handle);
    const reason = this.#reasonFor(session);
    this.#queue.push(() => this.#emit('removeSession', session, reason));
    // A connection that the garbage collector freed ends in no operation of ours.
    if (this.#operation === undefined) this.#schedule();
  }

  #reasonFor(session: SslSession): SessionRemovalReason {
    // Also later on: connections may keep the cache alive for some time.
    if (this.#isOver) return 'context-freed';
    if (this.#operation === 'remove') return 'removed';
    const isExpired = session.expiresAt < now();
    if (this.#operation === 'flush') return isExpired ? 'expired' : 'flushed';
    // Inside of a handshake libssl may evict, expire or remove: its counter tells of the first.
    if (this.#operation === 'add' || this.#evictions < this.#countEvictions()) {
      this.#evictions++;
      return 'evicted';
    }
    return isExpired ? 'expired' : 'removed';
  }

  #countEvictions(): number {
    return capi.SSL_CTX_sess_cache_full(this.#context);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  /** In order, and one at a time: what a listener's own calls cause comes after the event that it is called for. */
  #deliver(): void {
    if (this.#isDelivering || this.#queue.length === 0) return;
    this.#isDelivering = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next();
    this.#isDelivering = false;
  }

  #emit<Name extends keyof SslContextEvents>(event: Name, ...args: SslContextEvents[Name]): void {
    try {
      this.emit(event, ...args);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
