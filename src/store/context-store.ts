// The sessions of one context, kept in a store: looked up while a handshake waits, written behind its back, revoked.
import { createHash } from 'node:crypto';
import { isOwnSessionId, looksInside, prepareStoreContext, type SslChannel, takesEarlyData } from '../channel.ts';
import type { SslContext } from '../context.ts';
import { invalidType, invalidValue, SslctxError, toError } from '../errors.ts';
import { type Place, Roster } from '../roster.ts';
import type { SslSession } from '../session.ts';
import { Breaker } from './breaker.ts';
import { fingerprintTag, keyOf, labelTag, StoreConnection } from './connection.ts';
import { Lookup } from './lookup.ts';
import { checkOptions, checkStore, type SessionStoreOptions } from './options.ts';
import { packPayload, sessionOf, unpackPayload } from './payload.ts';
import { type Revocable, Revoker } from './revocation.ts';
import type { SessionStore, StoreEntry } from './session-store.ts';
import { type Counters, noCounts, type StoreStatistics } from './statistics.ts';
import { WriteQueue, withDeadline } from './write-queue.ts';

const noKeys: readonly Uint8Array[] = [];
const stores = new WeakMap<SslContext, ContextStore>();
/** What is known of a connection for the sake of its store. */
interface Connected {
  readonly store: ContextStore;
  readonly place: Place<StoreConnection>;
}
const connected = new WeakMap<SslChannel, Connected>();

/**
 * Keeps the sessions of a context in `store` from now on: its tickets are stateful, and its servers ask the store for the
 * sessions that clients offer. A context has one store, once for all.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @throws {RangeError} `ERR_OUT_OF_RANGE`
 * @throws {SslctxError} `ERR_SSLCTX_STATE` for a context that has a store
 */
export function attachSessionStore(
  context: SslContext,
  store: SessionStore,
  options: SessionStoreOptions = {},
): ContextStore {
  if (stores.has(context)) throw new SslctxError('ERR_SSLCTX_STATE', 'the context has a session store already');
  const own = new ContextStore(context, store, options);
  stores.set(context, own);
  return own;
}

/** The store of a context, if it has one. */
export function sessionStoreOf(context: SslContext): ContextStore | undefined {
  return stores.get(context);
}

/** @internal The store that a connection uses. */
export function storeOfChannel(channel: SslChannel): ContextStore | undefined {
  return connected.get(channel)?.store;
}

/** One context and its store: made by {@link attachSessionStore}. */
export class ContextStore {
  readonly #context: SslContext;
  readonly #store: SessionStore;
  readonly #name: string;
  readonly #options: SessionStoreOptions;
  readonly #counters: Counters = noCounts();
  readonly #breaker: Breaker;
  readonly #queue: WriteQueue;
  readonly #lookup: Lookup;
  readonly #revoker: Revoker;
  readonly #connections = new Roster<StoreConnection>();
  readonly #isInside: boolean;
  /** Of the sessions in the internal cache, of which the store is not asked. */
  readonly #labels = new Map<string, string | undefined>();
  #ready: Promise<void>;
  #isClosed = false;
  #idKeys: readonly Uint8Array[] | undefined;

  /** @internal */
  constructor(context: SslContext, store: SessionStore, options: SessionStoreOptions) {
    checkStore(store);
    checkOptions(options, store);
    const { lookupTimeout = 500, writeTimeout = 5000, maxQueue = 10_000 } = options;
    const { breakerThreshold = 5, retryAfter = 1000, revokeTimeout = 60_000 } = options;
    this.#context = context;
    this.#store = store;
    this.#options = options;
    // Entries are bound to it: what is good for one context must not be taken for a session of another.
    this.#name = createHash('sha256').update(context.sessionIdContext).digest('base64url').slice(0, 22);
    if (options.internalCache !== true) context.sessionCacheMode = ['server', 'no-internal'];
    this.#isInside = looksInside(context);
    this.#refreshKeys();
    const counters = this.#counters;
    const breaker = new Breaker(breakerThreshold, retryAfter, () => this.#queue.pump());
    this.#breaker = breaker;
    const queue = new WriteQueue(store, breaker, counters, { context, limit: maxQueue, timeout: writeTimeout });
    this.#queue = queue;
    this.#lookup = new Lookup({ store, context, name: this.#name, breaker, queue, counters, timeout: lookupTimeout });
    const timeout = revokeTimeout;
    const inside = { labels: this.#labels, forget: () => this.#lookup.forget() };
    const connections = this.#connections;
    this.#revoker = new Revoker({ context, store, queue, counters, connections, retryAfter, timeout, ...inside });
    this.#ready = this.#revoker.listen();
    context.on('removeSession', (session, reason) => {
      this.#labels.delete(keyOf(session.id));
      // The internal cache's own ways to make room say nothing about the session. What is being revoked is deleted by that.
      if (reason === 'removed' && session.id.length > 0 && !this.#revoker.isRevoking(session.id))
        queue.delete(session.id);
    });
  }

  /**
   * Resolves when this server hears the revocations of others. Until then, and while it has lost the store for longer than
   * its lease, it resumes nothing.
   */
  get ready(): Promise<void> {
    return this.#ready;
  }

  get statistics(): StoreStatistics {
    return { ...this.#counters, pending: this.#queue.size, breaker: this.#breaker.state };
  }

  /** Resolves when all sessions are written; while the store is down, at once. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /**
   * Makes sessions unusable: one by ID; those of a client certificate by its SHA-256; those with a label; or those that a
   * function selects, for which all sessions of the store are read.
   *
   * When the promise resolves, no server that listens to this store resumes any of them, and none that was cut off does
   * before it has come back and heard of it. See docs/stores.md.
   *
   * @returns how many sessions the store had. Those that were only in the internal cache of a server, or on their way to the
   *   store, are revoked as well, and not counted.
   * @throws {SslctxError} `ERR_SSLCTX_STORE`: the store has failed, or a server did not confirm in time. This server does
   *   not resume them any more; others may.
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for what this store cannot find
   */
  revoke(what: Revocable): Promise<number> {
    return this.#revoker.revoke(what);
  }

  /** @internal Listens to other servers again. */
  open(): void {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    this.#ready = this.#revoker.listen();
  }

  /** Stops to listen to other servers: sessions are still written, but none is looked up. A server does it in its end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#breaker.close();
    await this.#revoker.close();
  }

  /** @internal From now on the connection's sessions are kept here. */
  connect(channel: SslChannel): void {
    connected.get(channel)?.place.leave();
    const place = this.#connections.add(new StoreConnection());
    connected.set(channel, { store: this, place });
    channel.sessionTaker = (session) => this.add(channel, session);
    channel.onClosed = () => place.leave();
    this.#refreshKeys();
  }

  /**
   * @internal The sessions for the IDs that the client of a connection offers. Never rejects, never takes longer than
   * `lookupTimeout`.
   */
  async lookUp(channel: SslChannel, ids: readonly Buffer[]): Promise<SslSession[]> {
    const connection = this.#connectionOf(channel);
    if (ids.length === 0 || connection === undefined) return [];
    const own = ids.filter((id) => isOwnSessionId(this.#context, id));
    this.#counters.foreign += ids.length - own.length;
    if (!this.#revoker.isHearing) {
      this.#counters.skipped += own.length;
      return [];
    }
    const known = own.filter((id) => this.#labels.has(keyOf(id)) && this.#context.hasSession(id));
    for (const id of known) connection.found(id, this.#labels.get(keyOf(id)));
    const wanted = own.filter((id) => !known.includes(id) && !this.#revoker.isRevoking(id));
    connection.offers(own);
    const sessions = await this.#find(connection, wanted);
    return connection.isRefused ? [] : sessions;
  }

  async #find(connection: StoreConnection, ids: readonly Buffer[]): Promise<SslSession[]> {
    const takesEarly = takesEarlyData(this.#context);
    if (this.#options.singleUse !== true && !takesEarly) {
      const answers = await Promise.all(ids.map((id) => this.#lookup.get(id)));
      return ids.flatMap((id, at) => this.#accept(connection, id, answers[at]) ?? []);
    }
    // libssl guards single use of its internal cache, but cannot for both together.
    if (this.#store.take === undefined || (takesEarly && this.#isInside)) return [];
    for (const id of ids) {
      const session = this.#accept(connection, id, await this.#lookup.take(id));
      if (session !== undefined) return [session];
    }
    return [];
  }

  #accept(connection: StoreConnection, id: Buffer, data: Uint8Array | undefined): SslSession | undefined {
    if (data === undefined) {
      this.#counters.misses++;
      return undefined;
    }
    const payload = unpackPayload(data);
    const session = payload && sessionOf(payload.der, id, this.#context.sessionIdContext);
    if (session === undefined) {
      this.#counters.invalid++;
      return undefined;
    }
    this.#counters.hits++;
    connection.found(id, payload?.label);
    this.#note(id, payload?.label);
    return session;
  }

  /** Until the channel is closed. */
  #connectionOf(channel: SslChannel): StoreConnection | undefined {
    const known = connected.get(channel);
    return known?.store === this && known.place.isTaken ? known.place.member : undefined;
  }

  /** @internal A handshake is done; false when what it has resumed was revoked on the way. */
  secured(channel: SslChannel): boolean {
    const connection = this.#connectionOf(channel);
    if (connection === undefined) return true;
    const isReused = channel.isSessionReused;
    connection.secured(isReused);
    // libssl has copied what came from the store.
    const copied = connection.ids.filter((id) => isReused && !this.#labels.has(keyOf(id)));
    for (const id of copied) this.#note(id, connection.label);
    return !(connection.isRefused && isReused);
  }

  /** @internal libssl has made a session. */
  add(channel: SslChannel, session: SslSession): void {
    const connection = this.#connectionOf(channel);
    if (connection === undefined || connection.isBarred || session.id.length === 0) return;
    // Nobody knows before the end of a handshake that the client proves to be the one of the session it offered.
    if (!connection.isSecure && connection.label !== undefined && !channel.isSessionReused)
      connection.label = undefined;
    const entry = this.#entryFor(connection, session);
    if (entry === undefined) return;
    connection.made(entry.id);
    this.#queue.set(entry);
  }

  #entryFor(connection: StoreConnection, session: SslSession): StoreEntry | undefined {
    const certificate = session.peerCertificate;
    if (certificate !== undefined) connection.fingerprint = fingerprintTag(certificate.fingerprint256);
    return this.#entry(connection, session.id, session.toDER(), session.expiresAt * 1000);
  }

  #entry(connection: StoreConnection, id: Buffer, der: Buffer, expiresAt: number): StoreEntry {
    const { label, fingerprint } = connection;
    this.#note(id, label);
    const tags = [label === undefined ? [] : labelTag(label), fingerprint ?? []].flat();
    return { id, data: packPayload({ label, der }), context: this.#name, expiresAt, tags };
  }

  #note(id: Buffer, label: string | undefined): void {
    if (this.#isInside && this.#context.hasSession(id)) this.#labels.set(keyOf(id), label);
  }

  /** @internal See `labelSession` of a socket. */
  async label(channel: SslChannel, label: string): Promise<void> {
    if (typeof label !== 'string') throw invalidType('label', 'a string', label);
    const size = Buffer.byteLength(label);
    if (size < 1 || size > 1024) throw invalidValue('label', 'must have 1 to 1024 bytes');
    const connection = this.#connectionOf(channel);
    if (connection === undefined) throw new SslctxError('ERR_SSLCTX_STATE', 'the connection has no session store');
    connection.relabel(label);
    // Also where the store has lost it, or never had it.
    for (const id of connection.ids) this.#note(id, label);
    const { writeTimeout = 5000 } = this.#options;
    try {
      for (const id of connection.ids) await withDeadline(this.#relabel(connection, id), writeTimeout);
    } catch (error) {
      const cause = toError(error);
      throw new SslctxError('ERR_SSLCTX_STORE', `the label could not be stored: ${cause.message}`, { cause });
    }
  }

  async #relabel(connection: StoreConnection, id: Buffer): Promise<void> {
    const waiting = this.#queue.takeBack(id);
    await this.#queue.settled(id);
    const data = waiting?.data ?? (await this.#store.get(id, this.#name));
    const payload = data === undefined || data === null ? undefined : unpackPayload(data);
    const session = payload && sessionOf(payload.der, id, this.#context.sessionIdContext);
    if (payload === undefined || session === undefined || connection.isBarred) return;
    const expiresAt = session.expiresAt * 1000;
    const certificate = session.peerCertificate;
    if (certificate !== undefined) connection.fingerprint = fingerprintTag(certificate.fingerprint256);
    session.free();
    await this.#queue.put(this.#entry(connection, id, payload.der, expiresAt));
  }

  #refreshKeys(): void {
    const keys = this.#options.idKeys ?? this.#store.idKeys ?? noKeys;
    if (keys === this.#idKeys) return;
    this.#idKeys = keys;
    prepareStoreContext(this.#context, keys, this.#isInside);
  }
}
