// Connections joined in memory: handshakes, their ends, and calls from inside of them.
import * as capi from '../../../src/capi/index.ts';
import { createSslObjects, type SslPair, wantsMore } from '../../helpers/pair.ts';
import { type Context, Session } from '../model.ts';
import type { Op } from '../program.ts';
import { type Connection, type InnerOperation, LiveContext, OnPurpose, type Operation, type World } from '../world.ts';
import { askedFor, Prediction } from './prediction.ts';
import { now, number } from './values.ts';

const MOST_CONNECTIONS = 4;

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

/** The ID of the server's session is what its end looks for in the cache. */
function checkServerSession(world: World, { server, serverSession }: Prediction, ssl: capi.SSL): void {
  const handle = capi.SSL_get1_session(ssl);
  if (handle === null) world.fail('the server has no session');
  const id = capi.SSL_SESSION_get_id(handle).toString('hex');
  const key = `${capi.SSL_SESSION_get_protocol_version(handle)}:${id}`;
  capi.SSL_SESSION_free(handle);
  if (serverSession !== undefined && serverSession.id !== '') {
    world.equal(id, serverSession.id, 'the ID of the session of a server');
    return;
  }
  // One that nobody was told of: it is in no cache.
  world.equal(server.find(key)?.cacheKey, undefined, 'what the cache has of a session that nobody was told of');
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
  checkServerSession(world, prediction, pair.server);
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
