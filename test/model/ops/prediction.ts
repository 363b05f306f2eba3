// What one handshake looks up, stores, counts and tells.
import * as capi from '../../../src/capi/index.ts';
import { type Context, Session } from '../model.ts';
import type { LiveContext, World } from '../world.ts';
import { now } from './values.ts';

/** Of a ticket, in seconds: RFC 8446, section 4.6.1. */
const WEEK = 604_800;
const DEFAULT_TIMEOUT = 7200;

/** One that libssl is going to make. */
function coming(home: Context, timeout: number): Session {
  const session = new Session();
  session.isUnknown = true;
  session.home = home;
  session.time = now();
  session.timeout = timeout;
  return session;
}

/** What a server looks for: in TLS 1.3 the ticket is the ID of the server's session. */
export function askedFor(offered: Session): string {
  if (offered.version === capi.TLS1_2_VERSION) return offered.cacheKey;
  return offered.origin?.session?.cacheKey ?? '';
}

/** One handshake, as the model sees it. */
export class Prediction {
  readonly world: World;
  readonly server: LiveContext;
  readonly client: LiveContext;
  readonly isTls13: boolean;
  /** What the client sends, if it sends anything. */
  readonly offered: Session | undefined;
  /** The lifetime of what the server makes. */
  timeout: number;
  #isHit = false;
  #tickets = 0;
  serverSession: Session | undefined;
  /** What the server tells of. */
  readonly made: Session[] = [];

  constructor(world: World, server: LiveContext, client: LiveContext, session: Session | undefined) {
    this.world = world;
    this.server = server;
    this.client = client;
    this.isTls13 = server.version === capi.TLS1_3_VERSION;
    this.offered = session?.isResumable ? session : undefined;
    this.timeout = server.timeout === 0 ? DEFAULT_TIMEOUT : server.timeout;
  }

  get isHit(): boolean {
    return this.#isHit;
  }

  /** What happens before anybody is told of a new session. */
  begin(): void {
    const { server, client, offered } = this;
    server.counters.accept++;
    client.counters.connect++;
    // RFC 8446, section 4.6.1: not after its lifetime. In TLS 1.2 libssl does not look.
    const isSent = offered !== undefined && (!this.isTls13 || Math.abs(now() - offered.time) < WEEK);
    const found = isSent ? this.#lookUp(offered) : undefined;
    this.#isHit = found !== undefined;
    if (this.#isHit) {
      server.counters.hits++;
      client.counters.hits++;
      this.serverSession = found;
      this.world.count(
        `resumed ${this.isTls13 ? 'TLS 1.3' : 'TLS 1.2'} ${offered?.origin?.isStateless ? 'ticket' : 'cache'}`,
      );
    } else if (offered !== undefined) {
      client.counters.misses++;
    }
    if (this.isTls13) {
      this.#tickets = this.#isHit ? Math.min(1, server.numTickets) : server.numTickets;
      server.counters.accept_good++;
      this.#clientEnd();
      this.#nextTicket(0);
    } else {
      this.#finishTls12();
    }
  }

  /** The server's session for what the client offers. */
  #lookUp(offered: Session): Session | undefined {
    const { server, isTls13 } = this;
    const { origin } = offered;
    if (origin === undefined) return undefined;
    if (origin.isStateless && !server.isStateful) return this.#fromTicket(offered);
    // Not 32 bytes, not asked for.
    if (isTls13 && (origin.isStateless || !server.isStateful)) return undefined;
    if ((server.mode & capi.SSL_SESS_CACHE_NO_INTERNAL_LOOKUP) !== 0) return undefined;
    // It may be a copy by now, even one of the client's.
    const session = server.find(askedFor(offered));
    if (session === undefined) {
      server.counters.misses++;
      return undefined;
    }
    if (session.idContext !== server.idContext) return undefined;
    if (session.expiry >= now()) {
      if (isTls13) this.timeout = session.timeout;
      return session;
    }
    server.counters.timeouts++;
    if (!isTls13) this.world.expectMore(server.remove(session).removals.map((one) => ({ ...one, reason: 'expired' })));
    return undefined;
  }

  #fromTicket(offered: Session): Session | undefined {
    const { origin } = offered;
    if (origin === undefined || origin.server !== this.server || origin.idContext !== this.server.idContext)
      return undefined;
    if (origin.time + origin.timeout < now()) {
      this.server.counters.timeouts++;
      return undefined;
    }
    this.timeout = origin.timeout;
    const session = coming(this.server, origin.timeout);
    // In TLS 1.2 it has the ID that the client sends along; in TLS 1.3 the one in the ticket, under which the server may have
    // cached what it issued: an unclean end takes that away, unless a new ticket has brought a new ID.
    const id = this.isTls13 ? (origin.session?.id ?? '') : offered.id;
    return Object.assign(session, { id, version: offered.version });
  }

  #finishTls12(): void {
    const { server } = this;
    const caches = (server.mode & capi.SSL_SESS_CACHE_SERVER) !== 0;
    if (!this.#isHit && server.isStateful && caches) this.#store(coming(server, this.timeout), () => this.#endTls12());
    else {
      if (this.#isHit) this.#autoFlush(server.mode);
      this.#endTls12();
    }
  }

  #endTls12(): void {
    this.server.counters.accept_good++;
    this.#clientEnd();
  }

  /** Told of, and put into the cache where the mode says so. */
  #store(session: Session, then: () => void): void {
    const { server, world } = this;
    const { mode } = server;
    this.serverSession = session;
    this.made.push(session);
    const isCached = !this.isTls13 || server.isStateful || server.isObserved;
    if (isCached && (mode & capi.SSL_SESS_CACHE_NO_INTERNAL_STORE) === 0) {
      world.expectMore(server.add(session, now(), world.reAddingMoves).removals);
    }
    world.expectNew(server, session, () => {
      this.#autoFlush(mode);
      then();
    });
  }

  #nextTicket(index: number): void {
    if (index >= this.#tickets) return;
    const { server } = this;
    const session = coming(server, this.timeout);
    if ((server.mode & capi.SSL_SESS_CACHE_SERVER) !== 0) {
      this.#store(session, () => this.#nextTicket(index + 1));
      return;
    }
    this.serverSession = session;
    this.#nextTicket(index + 1);
  }

  #autoFlush(mode: number): void {
    const { server } = this;
    if ((mode & capi.SSL_SESS_CACHE_SERVER) === 0 || (mode & capi.SSL_SESS_CACHE_NO_AUTO_CLEAR) !== 0) return;
    if ((server.counters.accept_good & 0xff) !== 0xff) return;
    this.world.count('automatic flushes');
    this.world.expectMore(server.flush(now(), now(), 'expired'));
  }

  #clientEnd(): void {
    const { client, offered, world } = this;
    const caches = (client.mode & capi.SSL_SESS_CACHE_CLIENT) !== 0;
    client.counters.connect_good++;
    if (!caches) return;
    if (this.isTls13 && this.#isHit && offered !== undefined) world.expectMore(client.remove(offered).removals);
  }

  /** For the message of a failure. */
  describe(): string {
    const { server, offered, isTls13 } = this;
    const origin = offered?.origin;
    const own = origin?.server === server ? 'own' : 'other';
    const ticket = origin?.isStateless ? 'a ticket' : 'an ID';
    const cached = offered !== undefined && server.find(askedFor(offered)) !== undefined;
    return `${isTls13 ? 'TLS 1.3' : 'TLS 1.2'}, ${server.isStateful ? 'stateful' : 'stateless'}, mode ${server.mode}, ${ticket} of ${own}${
      cached ? ', cached' : ''
    }, of ${origin?.time} for ${origin?.timeout}`;
  }

  /** How many sessions the client is told of when it reads. */
  get tickets(): number {
    return this.isTls13 ? this.#tickets : 0;
  }
}
