// What the man pages, docs/man-pages.md and docs/hazards.md say that a session cache is: a list of sessions, sorted by
// expiry, among equals the latest insertion first. No line here asks libssl for an answer that it is to be held to.
import type * as capi from '../../src/capi/index.ts';
import { SSL_SESS_CACHE_UPDATE_TIME } from '../../src/capi/index.ts';
import { asRemoved } from '../helpers/removal-order.ts';

/** Where a client's session comes from. */
export interface Origin {
  server: Context;
  /** The cache of the server has nothing to do with it. */
  isStateless: boolean;
  /** What the server has of it. */
  session: Session | undefined;
  /** As the ticket has it, whatever has become of the session since. */
  time: number;
  timeout: number;
  idContext: string;
}

/** One SSL_SESSION. */
export class Session {
  version = 0;
  id = '';
  hasCipher = false;
  key = '';
  idContext = '';
  hostname: string | null = null;
  alpn: string | null = null;
  appData: string | null = null;
  maxEarlyData = 0;
  time = 0;
  timeout = 304;
  /** Set by removal, for good. */
  isSpent = false;
  hasTicket = false;
  /** The context that it belongs to, for good. */
  home: Context | undefined;
  /** The cache that it is in. */
  cache: Context | undefined;
  /** Set on a connection: shared, but nobody's. */
  isShared = false;
  /** What a client may offer it for. */
  origin: Origin | undefined;
  /** Not what libssl has made any more. */
  isAltered = false;
  /** libssl is about to make it, or has: who it is shows when its handle is seen. */
  isUnknown = false;
  /** The handle, as long as somebody holds it; and how many references it owns. */
  handle: capi.SSL_SESSION | undefined;
  weak: WeakRef<capi.SSL_SESSION> | undefined;
  references = 0;

  get expiry(): number {
    return this.time + this.timeout;
  }

  get isFrozen(): boolean {
    return this.home !== undefined || this.isShared;
  }

  get isComplete(): boolean {
    return this.version !== 0 && this.hasCipher && this.key !== '' && this.id !== '';
  }

  get isResumable(): boolean {
    return !this.isSpent && (this.id !== '' || this.hasTicket);
  }

  get cacheKey(): string {
    return `${this.version}:${this.id}`;
  }

  /** The handle that JavaScript may still have. */
  get known(): capi.SSL_SESSION | undefined {
    return this.handle ?? this.weak?.deref();
  }

  /** SSL_SESSION_dup: all but the cache, whose it is, and the handle. */
  copy(): Session {
    const {
      home: _home,
      cache: _cache,
      isShared: _shared,
      handle: _handle,
      weak: _weak,
      references: _refs,
      ...rest
    } = this;
    return Object.assign(new Session(), rest);
  }
}

export type Reason = 'removed' | 'replaced' | 'evicted' | 'expired' | 'flushed' | 'elsewhere' | 'context-freed';

/** What a listener has to hear. */
export interface Removal {
  context: Context;
  session: Session;
  reason: Reason;
}

export const COUNTERS = [
  'connect',
  'connect_good',
  'connect_renegotiate',
  'accept',
  'accept_good',
  'accept_renegotiate',
  'hits',
  'cb_hits',
  'misses',
  'timeouts',
  'cache_full',
] as const;
export type Counter = (typeof COUNTERS)[number];

const DEFAULT_SIZE = 20 * 1024;

/** One SSL_CTX. */
export class Context {
  /** Latest expiry first. */
  list: Session[] = [];
  size = DEFAULT_SIZE;
  timeout = 7200;
  mode = 2;
  numTickets = 2;
  idContext = '';
  isObserved = false;
  readonly counters: Record<Counter, number> = {
    connect: 0,
    connect_good: 0,
    connect_renegotiate: 0,
    accept: 0,
    accept_good: 0,
    accept_renegotiate: 0,
    hits: 0,
    cb_hits: 0,
    misses: 0,
    timeouts: 0,
    cache_full: 0,
  };

  find(cacheKey: string): Session | undefined {
    return this.list.find((session) => !session.isUnknown && session.cacheKey === cacheKey);
  }

  /** SSL_CTX_add_session. `now` is for SSL_SESS_CACHE_UPDATE_TIME. `reAddingMoves`: see docs/differences.md. */
  add(session: Session, now: number, reAddingMoves: boolean): { added: 0 | 1; removals: Removal[] } {
    const before = session.isUnknown ? undefined : this.find(session.cacheKey);
    const evicted: Removal[] = [];
    if ((this.mode & SSL_SESS_CACHE_UPDATE_TIME) !== 0) session.time = now;
    if (before === session) {
      if (reAddingMoves) this.#insert(session);
      return { added: 0, removals: [] };
    }
    if (before !== undefined) {
      this.#unlink(before);
      // Only the classes tell of it, after all that libssl tells.
    }
    // The new one counts already, but is never the one to go.
    while (this.size > 0 && this.list.length + 1 >= this.size) {
      const last = this.list.at(-1);
      if (last === undefined) break;
      this.#drop(last);
      this.counters.cache_full++;
      evicted.push({ context: this, session: last, reason: 'evicted' });
    }
    this.#insert(session);
    const removals = asRemoved(evicted);
    if (before !== undefined) removals.push({ context: this, session: before, reason: 'replaced' });
    return { added: 1, removals };
  }

  /** SSL_CTX_remove_session: looks for the ID, marks and tells of the argument. */
  remove(session: Session): { removed: 0 | 1; removals: Removal[] } {
    if (session.id === '' && !session.isUnknown) return { removed: 0, removals: [] };
    const found = session.id === '' ? undefined : this.find(session.cacheKey);
    if (found !== undefined) this.#unlink(found);
    session.isSpent = true;
    return {
      removed: found === undefined ? 0 : 1,
      removals: [{ context: this, session, reason: 'removed' }],
    };
  }

  /** SSL_CTX_flush_sessions; 0 is all. The earliest expiry goes first; `asRemoved` is the order in which it is told. */
  flush(time: number, now: number, reason?: Reason): Removal[] {
    const removals: Removal[] = [];
    for (let last = this.list.at(-1); last !== undefined; last = this.list.at(-1)) {
      if (time !== 0 && time <= last.expiry) break;
      this.#drop(last);
      removals.push({ context: this, session: last, reason: reason ?? (last.expiry < now ? 'expired' : 'flushed') });
    }
    return asRemoved(removals);
  }

  /** SSL_SESSION_set_time and SSL_SESSION_set_timeout put the session in front of its equals. */
  moved(session: Session): void {
    if (session.cache === this) this.#insert(session);
  }

  /** Takes the order of sessions of one expiry from outside, where nothing says what it should be. */
  reorder(order: readonly Session[]): void {
    this.list = [...order];
  }

  #drop(session: Session): void {
    this.#unlink(session);
    session.isSpent = true;
  }

  #unlink(session: Session): void {
    this.list.splice(this.list.indexOf(session), 1);
    session.cache = undefined;
  }

  #insert(session: Session): void {
    if (session.cache === this) this.#unlink(session);
    const place = this.list.findIndex((other) => other.expiry <= session.expiry);
    this.list.splice(place === -1 ? this.list.length : place, 0, session);
    session.cache = this;
  }
}
