// SSL_CTX: the configuration of TLS endpoints, and their session cache.
import type { X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { prepareContext } from './capi/channel.ts';
import * as capi from './capi/index.ts';
import { addDerSessions, addSessions, findSession, hasSession, planSessions } from './capi/sessions.ts';
import { adoptContext, isSharedContext, shareContext } from './capi/sharing.ts';
import { cacheModeBits, cacheModeNames, type SessionCacheModeName } from './constants.ts';
import { createContext, idContextBytes, idContextOf, trustSystem } from './context-configure.ts';
import { SessionEvents } from './context-events.ts';
import { checkOptionNames, contextOptionNames, ownOptions, type SslContextOptions } from './context-options.ts';
import { type ContextStats, readStats } from './context-stats.ts';
import { invalidType, mustBeOne, notNull, SslctxError, takeOpenSslError } from './errors.ts';
import { logsKeys } from './keylog-file.ts';
import { toX509Certificate } from './memory.ts';
import { SslSession, sessionHandle, wrapSession } from './session.ts';
import { readShared, type SharedContext, writeShared } from './shared-context.ts';
import { ringOf, ringUsesSecret, type TicketKeyRing } from './ticket-key-ring.ts';

interface Taken {
  readonly handle: capi.SSL_CTX;
  readonly idContext: Buffer;
  readonly trusts: boolean;
  readonly ticketKeyRing: TicketKeyRing | undefined;
}

/** For connections: the handle of a context, ready to make one. */
export let contextHandle: (context: SslContext) => capi.SSL_CTX;
/** For clients: makes sure that there is something to verify servers with. */
export let trustForClient: (context: SslContext) => void;

/**
 * One SSL_CTX: what servers and clients have in common, above all their session cache.
 *
 * A `removeSession` listener has a side effect of libssl's own: as long as there is one, the sessions of stateless
 * TLS 1.3 tickets go into the cache as well, two for each full handshake.
 *
 * Every member throws `ERR_SSLCTX_FREED` after `free`.
 *
 * @see SSL_CTX_new(3)
 */
export class SslContext extends SessionEvents {
  readonly #handle: capi.SSL_CTX;
  #idContext: Buffer;
  #trusts: boolean;
  readonly #ticketKeyRing: TicketKeyRing | undefined;
  #isFreed = false;

  /**
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for an option that does not exist or cannot be used,
   *   `ERR_INVALID_ARG_TYPE`
   * @throws {RangeError} `ERR_OUT_OF_RANGE`
   * @throws {OpenSslError} for a certificate, key or list that libssl refuses
   */
  constructor(given: SslContextOptions = {}, taken?: Taken) {
    checkOptionNames(given, contextOptionNames);
    const options = ownOptions(given, contextOptionNames);
    const handle = taken?.handle ?? createContext(options);
    super(handle);
    this.#handle = handle;
    this.#idContext = taken?.idContext ?? idContextOf(options);
    this.#ticketKeyRing = taken?.ticketKeyRing ?? options.ticketKeyRing;
    this.#trusts = taken?.trusts ?? (options.ca !== undefined || options.requestCert === true);
    if (taken !== undefined) this.hearElsewhere();
  }

  /**
   * The context that another thread of this process has shared: the same SSL_CTX, with the same cache, ticket keys and
   * counters. It lives until the last thread has let go of it.
   *
   * @param shared - what `share` has returned there
   * @throws {Error} `ERR_SSLCTX_FREED` when no thread has it any more
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` for one of another process
   */
  static fromShared(shared: SharedContext): SslContext {
    const { id, usesSecret, ...given } = readShared(shared);
    const handle = adoptContext(id);
    return new SslContext({}, { ...given, handle, ticketKeyRing: ringOf(handle, usesSecret) });
  }

  /**
   * From now on other threads of this process may have the context too: post what this returns, and call `fromShared` with
   * it there. All have the same cache; each has its own listeners, which hear of the sessions of all.
   *
   * What connections read without a lock can be set no more, by any thread: options, certificates, cache mode and size,
   * time-outs, ticket keys (but those of a `ticketKeyRing`) throw `ERR_SSLCTX_SHARED`. As with a `removeSession`
   * listener, libssl puts the sessions of stateless TLS 1.3 tickets into the cache as well.
   */
  share(): SharedContext {
    if (!isSharedContext(this.#handle)) {
      prepareContext(this.#handle, true, logsKeys);
      // Without a certificate, it is for clients.
      if (this.certificate === undefined) trustForClient(this);
      this.hearElsewhere();
    }
    return writeShared({
      id: shareContext(this.#handle),
      idContext: this.#idContext,
      trusts: this.#trusts,
      usesSecret: this.#ticketKeyRing !== undefined && ringUsesSecret(this.#ticketKeyRing),
    });
  }

  /** Whether other threads may have it too. */
  get isShared(): boolean {
    return isSharedContext(this.#handle);
  }

  static {
    contextHandle = (context) => {
      if (typeof context !== 'object' || context === null || !(#handle in context)) {
        throw invalidType('context', 'an SslContext', context);
      }
      return context.#handle;
    };
    trustForClient = (context) => {
      if (context.#trusts) return;
      trustSystem(context.#handle);
      context.#trusts = true;
    };
  }

  /**
   * Puts a session into the cache, which takes a reference; one with the same protocol version and ID is replaced. When
   * the cache is full, the sessions that expire first are evicted.
   *
   * From then on the session belongs to this context: another one needs a `clone`.
   *
   * @returns false when this very session was in the cache already
   * @throws {Error} `ERR_SSLCTX_SESSION_FOREIGN` when it belongs to another context; `ERR_SSLCTX_SESSION_INCOMPLETE`
   *   without protocol version, cipher suite, key or ID
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`
   * @see SSL_CTX_add_session(3)
   */
  addSession(session: SslSession): boolean {
    if (this.isObserved) return this.#addObserved(session);
    return capi.SSL_CTX_add_session(this.#handle, sessionHandle(session)) === 1;
  }

  #addObserved(session: SslSession): boolean {
    const handle = sessionHandle(session);
    return this.perform(() => this.#addTelling(handle), 'add');
  }

  /** Queues the event of a session that this one replaces. */
  #addTelling(handle: capi.SSL_SESSION): boolean {
    const before = capi.lh_SSL_SESSION_retrieve(this.#handle, handle);
    const isAdded = capi.SSL_CTX_add_session(this.#handle, handle) === 1;
    if (isAdded && before !== null && before !== handle) this.replaced(wrapSession(before));
    return isAdded;
  }

  /**
   * Puts many sessions into the cache, the one that expires first before all others: libssl keeps a sorted list, in which
   * it searches for the place of each session that comes out of turn. Into an empty cache, or one whose sessions expire
   * earlier, the time grows with the number of sessions, not with its square.
   *
   * All or none: nothing is added when one of them cannot be. Events follow when all are in.
   *
   * @returns how many were not in the cache already
   * @throws {Error} `ERR_SSLCTX_SESSION_FOREIGN`, `ERR_SSLCTX_SESSION_INCOMPLETE`, as `addSession`
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`
   * @see SSL_CTX_add_session(3)
   */
  addSessions(sessions: Iterable<SslSession>): number {
    const handles = Array.from(sessions, sessionHandle);
    if (!this.isObserved) return addSessions(this.#handle, handles);
    return this.perform(() => {
      let added = 0;
      for (const index of planSessions(this.#handle, handles)) {
        const handle = handles[index];
        if (handle !== undefined && this.#addTelling(handle)) added++;
      }
      return added;
    }, 'add');
  }

  /**
   * As `addSessions`, for what `toDER` has made of sessions; no objects are made for them. The bytes decide about keys and
   * identity: authenticate what comes from outside.
   *
   * @returns how many there were
   * @throws {OpenSslError} for bytes that are no session; which ones, the message tells
   * @throws {Error} `ERR_SSLCTX_SESSION_INCOMPLETE` for one without an ID, as clients get them with a ticket
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`
   * @see d2i_SSL_SESSION(3), SSL_CTX_add_session(3)
   */
  importSessions(ders: Iterable<Uint8Array>): number {
    const list = [...ders];
    if (this.isObserved) return this.#importObserved(list);
    capi.ERR_clear_error();
    const added = addDerSessions(this.#handle, list);
    if (added < 0) throw takeOpenSslError(`d2i_SSL_SESSION of element ${-1 - added}`);
    return added;
  }

  #importObserved(ders: readonly Uint8Array[]): number {
    const sessions: SslSession[] = [];
    try {
      for (const der of ders) sessions.push(SslSession.fromDER(der));
      return this.addSessions(sessions);
    } finally {
      for (const session of sessions) session.free();
    }
  }

  /**
   * Takes the session with this protocol version and ID out of the cache, and marks `session` as not resumable. Listeners
   * to `removeSession` hear of it in either case, as libssl has it.
   *
   * A stateless ticket stays good: it is not in the cache. See the option `tickets`.
   *
   * @returns false when there was none in the cache
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`
   * @see SSL_CTX_remove_session(3)
   */
  removeSession(session: SslSession): boolean {
    const handle = sessionHandle(session);
    if (!this.isObserved) return capi.SSL_CTX_remove_session(this.#handle, handle) === 1;
    return this.perform(() => capi.SSL_CTX_remove_session(this.#handle, handle) === 1, 'remove');
  }

  /** Whether the cache has a session with this ID, expired or not, of any protocol version. Makes no use of it. */
  hasSession(id: Uint8Array): boolean {
    return hasSession(this.#handle, id);
  }

  /** The session with this ID, expired or not; of several protocol versions, the latest. */
  getSession(id: Uint8Array): SslSession | undefined {
    const handle = findSession(this.#handle, id);
    return handle === null ? undefined : wrapSession(handle);
  }

  /**
   * The sessions in the cache at the time of the call: those that expire last come first, and among equals the latest
   * added. The cache may change in the meantime.
   *
   * @see SSL_CTX_sessions(3)
   */
  *sessions(): Generator<SslSession, void, undefined> {
    for (const handle of capi.SSL_CTX_sessions(this.#handle)) yield wrapSession(handle);
  }

  /**
   * Removes the sessions that have expired.
   *
   * @param at - at which time, in seconds since the epoch; default now. 0 is libssl's word for "all of them".
   * @returns how many
   * @throws {RangeError} `ERR_OUT_OF_RANGE` for a negative number or a fraction
   * @see SSL_CTX_flush_sessions(3)
   */
  flushSessions(at: number = Math.floor(Date.now() / 1000)): number {
    return this.perform(() => {
      const before = capi.SSL_CTX_sess_number(this.#handle);
      capi.SSL_CTX_flush_sessions(this.#handle, at);
      // Before listeners hear of it, who may add sessions, or free the context.
      return before - capi.SSL_CTX_sess_number(this.#handle);
    }, 'flush');
  }

  /** Removes all sessions; returns how many. SSL_CTX_flush_sessions(3). */
  clearSessions(): number {
    return this.flushSessions(0);
  }

  /**
   * The bits of `SessionCacheMode`; set by number or by names.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` for bits that libssl does not know
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for a name that does not exist
   * @see SSL_CTX_set_session_cache_mode(3)
   */
  get sessionCacheMode(): number {
    return capi.SSL_CTX_get_session_cache_mode(this.#handle);
  }

  set sessionCacheMode(mode: number | readonly SessionCacheModeName[]) {
    capi.SSL_CTX_set_session_cache_mode(this.#handle, cacheModeBits(mode, 'sessionCacheMode'));
  }

  /** The names of the bits of `sessionCacheMode`, as few as possible. */
  get sessionCacheModes(): SessionCacheModeName[] {
    return cacheModeNames(this.sessionCacheMode);
  }

  /**
   * How many sessions the cache holds, 0 for no limit; libssl keeps one less (and at least one). A smaller number takes
   * effect with the next `addSession`.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` unless an integer from 0 to 2147483647
   * @see SSL_CTX_sess_set_cache_size(3)
   */
  get sessionCacheSize(): number {
    return capi.SSL_CTX_sess_get_cache_size(this.#handle);
  }

  set sessionCacheSize(size: number) {
    capi.SSL_CTX_sess_set_cache_size(this.#handle, size);
  }

  /**
   * Lifetime of the sessions of coming handshakes, in seconds; 0 for the default, 7200.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` unless an integer from 0 to 2147483647
   * @see SSL_CTX_set_timeout(3)
   */
  get sessionTimeout(): number {
    return capi.SSL_CTX_get_timeout(this.#handle);
  }

  set sessionTimeout(seconds: number) {
    capi.SSL_CTX_set_timeout(this.#handle, seconds);
  }

  /**
   * What sessions are good for: coming connections resume only sessions of an equal session ID context.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` for more than 32 bytes
   * @see SSL_CTX_set_session_id_context(3)
   */
  get sessionIdContext(): Buffer {
    return Buffer.from(this.#idContext);
  }

  set sessionIdContext(value: string | Uint8Array) {
    const bytes = idContextBytes(value);
    mustBeOne('sessionIdContext', capi.SSL_CTX_set_session_id_context(this.#handle, bytes));
    // libssl cannot be asked for it.
    this.#idContext = bytes;
  }

  /**
   * The 80 bytes of keys of stateless tickets. **Who has them opens all tickets.** After a change, tickets of the previous
   * keys are not accepted.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` for another length
   * @throws {SslctxError} `ERR_SSLCTX_STATE` with a `ticketKeyRing`, which has the keys then
   * @see SSL_CTX_set_tlsext_ticket_keys(3)
   */
  get ticketKeys(): Buffer {
    this.#requireOwnKeys();
    return notNull('SSL_CTX_get_tlsext_ticket_keys', capi.SSL_CTX_get_tlsext_ticket_keys(this.#handle));
  }

  set ticketKeys(keys: Uint8Array) {
    this.#requireOwnKeys();
    mustBeOne('SSL_CTX_set_tlsext_ticket_keys', capi.SSL_CTX_set_tlsext_ticket_keys(this.#handle, keys));
  }

  /** The option of that name. */
  get ticketKeyRing(): TicketKeyRing | undefined {
    return this.#ticketKeyRing;
  }

  #requireOwnKeys(): void {
    if (this.#ticketKeyRing === undefined) return;
    throw new SslctxError('ERR_SSLCTX_STATE', "the keys are those of the context's ticketKeyRing");
  }

  /**
   * How many tickets a TLS 1.3 client gets after a full handshake; one after a resumption, unless this is 0.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` unless an integer from 0 to 32
   * @see SSL_CTX_set_num_tickets(3)
   */
  get numTickets(): number {
    return capi.SSL_CTX_get_num_tickets(this.#handle);
  }

  set numTickets(count: number) {
    capi.SSL_CTX_set_num_tickets(this.#handle, count);
  }

  /** The own certificate; `undefined` without one. SSL_CTX_get0_certificate(3). */
  get certificate(): X509Certificate | undefined {
    const own = capi.SSL_CTX_get0_certificate(this.#handle);
    return own === null ? undefined : toX509Certificate(own);
  }

  /** What is sent behind the own certificate. SSL_CTX_get0_chain_certs(3). */
  get certificateChain(): X509Certificate[] {
    return capi.SSL_CTX_get0_chain_certs(this.#handle).map(toX509Certificate);
  }

  /** Which tickets a server gives, as the option `tickets`. SSL_CTX_get_options(3), SSL_OP_NO_TICKET. */
  get tickets(): 'stateful' | 'stateless' | 'none' {
    if ((capi.SSL_CTX_get_options(this.#handle) & capi.SSL_OP_NO_TICKET) === 0) return 'stateless';
    return this.numTickets === 0 ? 'none' : 'stateful';
  }

  /** libssl's twelve counters. SSL_CTX_sess_number(3). */
  get stats(): ContextStats {
    return readStats(this.#handle);
  }

  /**
   * Gives the context back at once, its cache with it; otherwise the garbage collector does. Connections go on, and then
   * the cache lives as long as the last of them. SSL_CTX_free(3).
   */
  free(): void {
    if (this.#isFreed) return;
    this.#isFreed = true;
    this.perform(() => capi.SSL_CTX_free(this.#handle), 'free');
  }

  /** As `free`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.free();
  }

  /** Its cache in short; no keys. */
  [inspect.custom](_depth: number, options: object): string {
    if (this.#isFreed) return 'SslContext { freed }';
    const { sessionCacheModes, sessionCacheSize, sessionTimeout, stats } = this;
    return `SslContext ${inspect({ sessions: stats.number, sessionCacheModes, sessionCacheSize, sessionTimeout }, options)}`;
  }
}
