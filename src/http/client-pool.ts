// Connections of agents: contexts by their options, and in each the sessions by origin.
import { createHash } from 'node:crypto';
import type { SessionCacheModeName } from '../constants.ts';
import { SslContext } from '../context.ts';
import type { SslContextOptions } from '../context-options.ts';
import { requireInteger } from '../errors.ts';
import { connect } from '../net/connect.ts';
import type { SslSocket } from '../net/socket.ts';
import type { SslSession } from '../session.ts';
import { clientContextOptionsOf, connectionOptionsOf, type NodeClientOptions } from './client-options.ts';
import { type ClientSessions, sessionsOf } from './client-sessions.ts';
import { givenContext, protocolNames } from './node-options.ts';
import { expanded } from './secure-context.ts';

/** How many contexts wait for the next connection with the same options; more are rare, and made anew. */
const maxContexts = 64;

/** Connects as Node's agents do, and resumes sessions where that is safe. */
export class ClientPool {
  readonly #maxSessions: number;
  /** The one used last is the last. */
  readonly #contexts = new Map<string, SslContext>();

  /** @param maxSessions - in the cache of each context; 0 for no resumption */
  constructor(maxSessions = 1000) {
    requireInteger('maxCachedSessions', maxSessions, 0, 0x7ffffffe);
    this.#maxSessions = maxSessions;
  }

  /**
   * A connection that resumes a session of its origin, unless `options.session` is given. All that makes one connection
   * trust, or be, somebody else than another is in its context or in its origin: no session goes from one to the other.
   *
   * @throws what `connect` throws
   */
  connect(given: NodeClientOptions): SslSocket {
    const options = expanded(given);
    const context = this.#contextFor(options);
    const sessions = sessionsOf(context);
    const origin = originOf(options);
    const offered = options.session === undefined ? sessions.take(origin) : undefined;
    const how = connectionOptionsOf(options);
    const socket = connect({ ...how, context, session: offered ?? how.session });
    keepSessions(socket, { sessions, origin, offered, isTunnel: how.socket !== undefined });
    return socket;
  }

  #contextFor(options: NodeClientOptions): SslContext {
    const given = givenContext(options);
    if (given !== undefined) return given;
    const contextOptions = clientContextOptionsOf(options);
    const key = digestOf(contextOptions);
    const context = this.#contexts.get(key) ?? this.#newContext(contextOptions);
    this.#contexts.delete(key);
    this.#contexts.set(key, context);
    const [oldest] = this.#contexts.keys();
    if (this.#contexts.size > maxContexts && oldest !== undefined) this.#contexts.delete(oldest);
    return context;
  }

  #newContext(options: SslContextOptions): SslContext {
    const mode: SessionCacheModeName = this.#maxSessions === 0 ? 'off' : 'client';
    // libssl keeps one less than the size.
    return new SslContext({ sessionCache: { mode: [mode], size: this.#maxSessions + 1 }, ...options });
  }
}

interface Kept {
  sessions: ClientSessions;
  origin: string;
  offered: SslSession | undefined;
  isTunnel: boolean;
}

function keepSessions(socket: SslSocket, { sessions, origin, offered, isTunnel }: Kept): void {
  let wasOffered = isTunnel;
  let isSecure = false;
  const early: SslSession[] = [];
  // What comes before the server is verified is of no use until it is: TLS 1.2 has its session by then.
  socket.on('session', (session) => {
    if (isSecure) sessions.add(origin, session);
    else early.push(session);
  });
  socket.once('connect', () => {
    wasOffered = true;
  });
  socket.once('secureConnect', () => {
    isSecure = true;
    if (offered !== undefined) settle(socket, sessions, origin, offered);
    for (const session of early) sessions.add(origin, session);
  });
  socket.once('close', () => {
    if (isSecure || offered === undefined) return;
    if (wasOffered) sessions.drop(offered);
    else sessions.giveBack(origin, offered);
  });
}

/** A session that was not accepted is not offered again. */
function settle(socket: SslSocket, sessions: ClientSessions, origin: string, offered: SslSession): void {
  if (!socket.isSessionReused()) {
    sessions.drop(offered);
    return;
  }
  const current = socket.getProtocol() === 'TLSv1.3' ? undefined : socket.getSession();
  if (current !== undefined && !current.equals(offered)) sessions.renew(origin, current);
}

/** Different for connections that must not stand in for each other. */
export function nameOf(given: NodeClientOptions): string {
  const options = expanded(given);
  const context = givenContext(options);
  const how = context === undefined ? digestOf(clientContextOptionsOf(options)) : identityOf(context);
  return `${how}:${originOf(options)}`;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** Tells objects apart that are the same only when they are one. */
export function identityOf(value: object | undefined): number {
  if (value === undefined) return 0;
  const identity = identities.get(value) ?? ++lastIdentity;
  identities.set(value, identity);
  return identity;
}

/** What a session is good for, as far as the context does not say it: trust, certificates and protocols are the context's. */
export function originOf(options: NodeClientOptions): string {
  const { host, port, path, servername, rejectUnauthorized, checkServerIdentity, requestOCSP, ALPNProtocols } = options;
  return JSON.stringify([
    [host, Number(port ?? 0), path, servername],
    [rejectUnauthorized ?? true, requestOCSP ?? false, identityOf(checkServerIdentity)],
    ALPNProtocols ? protocolNames(ALPNProtocols) : [],
  ]);
}

/** The same for equal options only. A digest, because there are private keys among them. */
export function digestOf(options: object): string {
  const hash = createHash('sha256');
  const add = (value: unknown): void => {
    if (typeof value === 'string' || value instanceof Uint8Array) {
      hash.update(`${typeof value} ${Buffer.byteLength(value)} `).update(value);
    } else if (Array.isArray(value)) {
      hash.update(`array ${value.length} `);
      for (const each of value) add(each);
    } else if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value).filter(([, member]) => member !== undefined);
      hash.update(`object ${members.length} `);
      for (const [name, member] of members.sort(([one], [other]) => (one < other ? -1 : 1))) {
        add(name);
        add(member);
      }
    } else hash.update(`${typeof value} ${value} `);
  };
  add(options);
  return hash.digest('base64');
}
