// Connections joined in memory: what a handshake looks up, stores, counts and tells, and what its end takes away.
import * as capi from '../../../src/capi/index.ts';
import { createSslObjects, type SslPair, wantsMore } from '../../helpers/pair.ts';
import { type Context, Session } from '../model.ts';
import type { Op } from '../program.ts';
import { type Connection, type InnerOperation, LiveContext, OnPurpose, type Operation, type World } from '../world.ts';
import { now, number } from './values.ts';

const MOST_CONNECTIONS = 4;
/** Of a ticket, in seconds: RFC 8446, section 4.6.1. */
const WEEK = 604_800;
const DEFAULT_TIMEOUT = 7200;

function clientContext(world: World, version: number): LiveContext {
  const known = world.clients.get(version);
  if (known !== undefined) return known;
  const handle = capi.SSL_CTX_new(capi.TLS_method());
  capi.SSL_CTX_set_min_proto_version(handle, version);
  capi.SSL_CTX_set_max_proto_version(handle, version);
  const context = new LiveContext(handle, undefined, version, false);
  capi.SSL_CTX_sess_set_new_cb(handle, (_ssl, session) => world.heardNew(context, session));
  world.clients.set(version, context);
  return context;
}

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
function askedFor(offered: Session): string {
  if (offered.version === capi.TLS1_2_VERSION) return offered.cacheKey;
  return offered.origin?.session?.cacheKey ?? '';
}

/** One handshake, as the model sees it. */
class Prediction {
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
    // In TLS 1.2 it has the ID that the client sends along.
    if (!this.isTls13) Object.assign(session, { id: offered.id, version: offered.version });
    return session;
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

/** Calls again after what a callback has thrown: libssl knows nothing of that. */
function step(world: World, ssl: capi.SSL, operation: (ssl: capi.SSL) => number): boolean {
  for (;;) {
    world.busy = ssl;
    try {
      const result = operation(ssl);
      if (result === 1) return true;
      if (!wantsMore(ssl, result)) world.fail(`the handshake failed: ${capi.ERR_error_string(capi.ERR_get_error())}`);
      return false;
    } catch (error) {
      if (!(error instanceof OnPurpose) || !world.takeThrown()) throw error;
    } finally {
      world.busy = undefined;
    }
  }
}

function shakeHands(world: World, { server, client }: SslPair): void {
  let [clientDone, serverDone] = [false, false];
  for (let turn = 0; turn < 20 && !(clientDone && serverDone); turn++) {
    clientDone ||= step(world, client, capi.SSL_connect);
    serverDone ||= step(world, server, capi.SSL_accept);
  }
  if (!(clientDone && serverDone)) world.fail('the handshake does not end');
}

/** What the client has at the end, and may offer again. */
function clientSession(world: World, prediction: Prediction, ssl: capi.SSL, place: number): Session | undefined {
  const { server, client, isTls13, isHit, offered, serverSession } = prediction;
  const handle = capi.SSL_get1_session(ssl);
  if (handle === null) return world.fail('the client has no session');
  if (isHit && offered !== undefined && (!isTls13 || prediction.tickets === 0)) {
    // It is the one that was offered: one reference more.
    world.equal(handle === offered.handle, true, 'the session of a client that has resumed');
    capi.SSL_SESSION_free(handle);
    offered.home ??= client;
    return offered;
  }
  const session = new Session();
  session.isUnknown = true;
  session.home = client;
  world.observe(session, handle, 'the session of a client');
  session.references = 1;
  const isStateless = !server.isStateful;
  const { time } = session;
  const { timeout } = prediction;
  session.origin = { server, isStateless, session: serverSession, idContext: server.idContext, time, timeout };
  world.hold(session, handle, place);
  return session;
}

function connect(world: World, op: Op): void {
  const server = world.pick(world.contexts, number(op, 1));
  if (server === undefined || server.object !== undefined || world.connections.length >= MOST_CONNECTIONS) return;
  const client = clientContext(world, server.version);
  // Mostly one of this server's.
  const offers = world.sessions.filter(({ origin, version, isAltered }) => {
    return origin !== undefined && version === server.version && !isAltered;
  });
  const own = offers.filter(({ origin }) => origin?.server === server);
  const session =
    number(op, 2) % 8 === 0
      ? undefined
      : world.pick(own.length > 0 && number(op, 2) % 4 !== 1 ? own : offers, number(op, 0));
  const copy = session === undefined ? undefined : server.find(askedFor(session));
  // With another key the handshake would fail.
  if (copy?.isAltered) return;
  const pair = createSslObjects(server.handle, client.handle);
  server.pins++;
  client.pins++;
  if (session !== undefined) {
    capi.SSL_set_session(pair.client, world.handleOf(session));
    session.isShared = true;
  }
  const prediction = new Prediction(world, server, client, session);
  world.call(op, `handshake ${prediction.isTls13 ? 'TLS 1.3' : 'TLS 1.2'}`, {}, () => {
    prediction.begin();
    shakeHands(world, pair);
    capi.SSL_read(pair.client, Buffer.alloc(1));
    const what = prediction.describe();
    world.equal(
      capi.SSL_session_reused(pair.server),
      prediction.isHit ? 1 : 0,
      `whether the server has resumed, ${what}`,
    );
    world.equal(capi.SSL_session_reused(pair.client), prediction.isHit ? 1 : 0, 'whether the client has resumed');
  });
  const connection: Connection = {
    ...pair,
    serverContext: server,
    clientContext: client,
    serverSession: prediction.serverSession,
    clientSession: clientSession(world, prediction, pair.client, number(op, 3)),
  };
  world.connections.push(connection);
  settle(world, prediction.made);
  if (number(op, 0) % 3 !== 0) end(world, { ...op, numbers: [world.connections.length - 1, number(op, 0) % 5] });
}

/** Times that do not depend on the clock: the same program does the same again. */
function settle(world: World, made: readonly Session[]): void {
  for (const session of made) {
    const handle = session.known;
    if (handle === undefined || session.references === 0) continue;
    session.time = world.tick();
    capi.SSL_SESSION_set_time(handle, session.time);
    if (session.cache instanceof LiveContext) session.cache.moved(session);
  }
}

/** Gives the context up with its last connection; then the cache is told of. */
function unpin(context: LiveContext): ReturnType<Context['flush']> {
  context.pins--;
  return context.pins === 0 && context.references === 0 ? context.flush(0, now(), 'context-freed') : [];
}

/** A clean end keeps the sessions; any other takes the last one of each side along. */
function end(world: World, op: Op): void {
  const connection = world.pick(world.connections, number(op, 0));
  if (connection === undefined) return;
  const { server, client, serverContext, clientContext, serverSession, clientSession: own } = connection;
  world.connections.splice(world.connections.indexOf(connection), 1);
  const isClean = number(op, 1) % 5 !== 0;
  if (isClean) {
    for (let turn = 0; turn < 2; turn++) for (const ssl of [client, server]) capi.SSL_shutdown(ssl);
  }
  const removals = !isClean && serverSession !== undefined ? serverContext.remove(serverSession).removals : [];
  world.call(op, 'SSL_free', { removals: [...removals, ...unpin(serverContext)] }, () => capi.SSL_free(server));
  const clients = !isClean && own !== undefined ? clientContext.remove(own).removals : [];
  world.call(op, 'SSL_free', { removals: [...clients, ...unpin(clientContext)] }, () => capi.SSL_free(client));
}

const REENTRANT: ReadonlyArray<(ssl: capi.SSL) => unknown> = [
  (ssl) => capi.SSL_do_handshake(ssl),
  (ssl) => capi.SSL_read(ssl, Buffer.alloc(1)),
  (ssl) => capi.SSL_write(ssl, Buffer.from('x')),
  (ssl) => capi.SSL_shutdown(ssl),
  (ssl) => capi.SSL_clear(ssl),
  (ssl) => capi.SSL_set_session(ssl, null),
  (ssl) => capi.SSL_set_accept_state(ssl),
];

/** Calls the connection whose callback this is. */
function reenter(world: World, op: Op): void {
  const { busy } = world;
  const use = world.pick(REENTRANT, number(op, 0));
  if (busy === undefined || use === undefined) return;
  world.call(op, 're-entry', { code: 'ERR_SSLCTX_BUSY' }, () => use(busy));
}

export const handshakeOperations: Readonly<Record<string, InnerOperation>> = { reenter };
export const outerHandshakeOperations: Readonly<Record<string, Operation>> = { connect, end };
