// The sessions of a client, by where they are good for: libssl's own client cache can be asked by session ID only.
import type { SslContext } from '../context.ts';
import type { SslSession } from '../session.ts';

/** How many sessions one origin may have: a server that sends tickets without end must not drive the others' out. */
const maxPerOrigin = 32;

const known = new WeakMap<SslContext, ClientSessions>();

/** The sessions of this context, the same object for all who ask: a context has one cache. */
export function sessionsOf(context: SslContext): ClientSessions {
  const own = known.get(context) ?? new ClientSessions(context);
  known.set(context, own);
  return own;
}

/**
 * An index of the client cache of a context, from origins to sessions. What libssl removes from the cache (evicted, expired,
 * used up, broken connection) leaves the index too; what the cache does not hold, because of its mode, does not enter.
 *
 * A TLS 1.3 session is given out once (RFC 8446, appendix C.4), one of TLS 1.2 until there is a newer one.
 */
export class ClientSessions {
  readonly #context: SslContext;
  /** The newest last. */
  readonly #byOrigin = new Map<string, SslSession[]>();
  readonly #originOf = new Map<string, string>();

  constructor(context: SslContext) {
    this.#context = context;
    context.on('removeSession', (session) => this.#forget(session));
  }

  /** How many sessions can be taken. */
  get size(): number {
    return this.#originOf.size;
  }

  /** A session to offer to this origin, the newest first; `undefined` when there is none. */
  take(origin: string): SslSession | undefined {
    for (let session = this.#newest(origin); session !== undefined; session = this.#newest(origin)) {
      const isGood = session.isResumable && session.expiresAt > Math.floor(Date.now() / 1000);
      if (isGood && isReusable(session)) return session;
      this.#forget(session);
      if (isGood) return session;
      this.#context.removeSession(session);
    }
    return undefined;
  }

  /** Takes a session in that libssl has put into the cache. */
  add(origin: string, session: SslSession): void {
    if (!session.isResumable || !this.#context.hasSession(session.id)) return;
    // A server that has chosen the ID of another's session has driven that one out of the cache.
    this.#forget(session);
    const list = this.#byOrigin.get(origin) ?? [];
    this.#byOrigin.set(origin, list);
    list.push(session);
    this.#originOf.set(nameOf(session), origin);
    const replaced = isReusable(session) ? list.filter((each) => each !== session && isReusable(each)) : [];
    for (const old of [...replaced, ...list.slice(0, Math.max(0, list.length - maxPerOrigin))]) this.drop(old);
  }

  /** The session that a server has given in place of the one that it resumed: libssl does not cache it. */
  renew(origin: string, session: SslSession): void {
    this.#context.addSession(session);
    this.add(origin, session);
  }

  /** Takes back what was taken and not offered. */
  giveBack(origin: string, session: SslSession): void {
    if (!this.#originOf.has(nameOf(session))) this.add(origin, session);
  }

  /** Removes a session, here and from the cache: it is not offered again. */
  drop(session: SslSession): void {
    this.#forget(session);
    this.#context.removeSession(session);
  }

  #newest(origin: string): SslSession | undefined {
    return this.#byOrigin.get(origin)?.at(-1);
  }

  #forget(session: SslSession): void {
    const origin = this.#originOf.get(nameOf(session));
    if (origin === undefined) return;
    this.#originOf.delete(nameOf(session));
    const rest = this.#byOrigin.get(origin)?.filter((each) => !each.equals(session)) ?? [];
    if (rest.length > 0) this.#byOrigin.set(origin, rest);
    else this.#byOrigin.delete(origin);
  }
}

function isReusable(session: SslSession): boolean {
  return session.protocol !== 'TLSv1.3';
}

/** What caches tell sessions apart by. */
function nameOf(session: SslSession): string {
  return `${session.protocol} ${session.id.toString('hex')}`;
}
