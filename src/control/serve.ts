// The side of a control socket that has the caches.
import { createServer, type Server, type Socket } from 'node:net';
import { SslContext } from '../context.ts';
import type { SessionRemovalReason } from '../context-events.ts';
import { invalidType, toError } from '../errors.ts';
import type { SslSession } from '../session.ts';
import {
  type ControlContext,
  ControlError,
  type ControlEvent,
  type ControlMethods,
  controlVersion,
  describeSession,
  Lines,
  maxRequest,
} from './protocol.ts';
import { type Request, readRequest } from './request.ts';
import { listenPrivately } from './socket-file.ts';

/** Bytes that may wait for a client that does not read; then it is cut off. */
const maxBacklog = 4 * 1024 * 1024;
const maxConnections = 32;

/** Contexts by name. Each is looked up when a client asks: a getter may give another one later. */
export type ControlledContexts = Readonly<Record<string, SslContext>>;

/** A running control socket. */
export interface ControlServer extends AsyncDisposable {
  readonly path: string;
  /** Ends all its connections and removes the socket. The contexts stay. */
  close(): Promise<void>;
}

/**
 * Lets the programs of this user look into session caches and remove sessions, as `sslctx cache` does: through a Unix
 * socket of mode 0600, never through a network. What it tells has no keys in it. Does not keep the process alive.
 *
 * @param contexts - one context, or several by name; a client that names none gets the first
 * @param path - where the socket is to be, at most some 100 bytes; in place of one that nobody listens on
 * @throws {ControlError} `ERR_SSLCTX_CONTROL_IN_USE` when there is something else already
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`
 * @throws {Error} the system's, such as `ENOENT` without the folder
 */
export async function serveControl(contexts: SslContext | ControlledContexts, path: string): Promise<ControlServer> {
  if (typeof path !== 'string') throw invalidType('path', 'a string', path);
  if (typeof contexts !== 'object' || contexts === null) throw invalidType('contexts', 'an SslContext', contexts);
  const named: ControlledContexts = contexts instanceof SslContext ? { default: contexts } : contexts;
  for (const [name, context] of Object.entries(named)) {
    if (!(context instanceof SslContext)) throw invalidType(`contexts.${name}`, 'an SslContext', context);
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    new Conversation(socket, named).start();
    socket.once('close', () => sockets.delete(socket));
  });
  server.maxConnections = maxConnections;
  server.unref();
  const remove = await listenPrivately(server, path);
  const close = (): Promise<void> => end(server, sockets, remove);
  return { path, close, [Symbol.asyncDispose]: close };
}

async function end(server: Server, sockets: ReadonlySet<Socket>, remove: () => void): Promise<void> {
  if (!server.listening) return;
  remove();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of sockets) socket.destroy();
  await closed;
}

class Conversation {
  readonly #socket: Socket;
  readonly #contexts: ControlledContexts;
  readonly #lines = new Lines(maxRequest);
  /** Who asks twice is told once, as asked last. */
  readonly #watched = new Map<SslContext, () => void>();

  constructor(socket: Socket, contexts: ControlledContexts) {
    this.#socket = socket;
    this.#contexts = contexts;
  }

  start(): void {
    this.#socket.setEncoding('utf8').unref();
    // A client that is gone is gone.
    this.#socket.on('error', () => {});
    this.#socket.once('close', () => {
      for (const stop of this.#watched.values()) stop();
    });
    this.#send({ sslctx: 'control', version: controlVersion, pid: process.pid });
    this.#socket.on('data', (text: string) => {
      const lines = this.#lines.take(text);
      if (lines === undefined) {
        this.#fail(null, new ControlError('ERR_SSLCTX_CONTROL_REQUEST', `a request has more than ${maxRequest} bytes`));
        this.#socket.destroySoon();
        return;
      }
      for (const line of lines) this.#answer(line);
    });
  }

  #answer(line: string): void {
    let id: number | null = null;
    try {
      const request = readRequest(line, (known) => {
        id = known;
      });
      this.#send({ id, result: this.#perform(request) });
    } catch (error) {
      this.#fail(id, toError(error));
    }
  }

  #fail(id: number | null, error: Error): void {
    const code = error instanceof ControlError ? error.code : 'ERR_SSLCTX_CONTROL_FAILED';
    this.#send({ id, error: { code, message: error.message } });
  }

  #send(message: object): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(`${JSON.stringify(message)}\n`);
    if (this.#socket.writableLength > maxBacklog) this.#socket.destroy();
  }

  #perform(request: Request): ControlMethods[keyof ControlMethods]['result'] {
    if (request.method === 'info') return { contexts: Object.entries(this.#contexts).map(describeContext) };
    const context = this.#contextFor(request.context);
    switch (request.method) {
      case 'list':
        return list(context, request.limit);
      case 'show':
        return using(find(context, request.id), describeWithPeer);
      case 'remove':
        return using(find(context, request.id), (session) => {
          const removed = describeSession(session);
          if (!context.removeSession(session)) throw notFound();
          return { removed };
        });
      case 'flush':
        return { count: request.all ? context.clearSessions() : context.flushSessions(request.at) };
      case 'watch':
        return this.#watch(context, request.removals);
    }
  }

  #contextFor(name: string | undefined): SslContext {
    const known = name === undefined ? Object.keys(this.#contexts)[0] : name;
    if (known !== undefined && Object.hasOwn(this.#contexts, known)) {
      const context = this.#contexts[known];
      if (context !== undefined) return context;
    }
    throw new ControlError('ERR_SSLCTX_CONTROL_NOT_FOUND', `there is no context '${name ?? ''}'`);
  }

  #watch(context: SslContext, wanted: boolean): ControlMethods['watch']['result'] {
    const tell = (event: ControlEvent): void => this.#send(event);
    const onNew = (session: SslSession): void => tell({ event: 'newSession', session: describeSession(session) });
    const onRemove = (session: SslSession, reason: SessionRemovalReason): void =>
      tell({ event: 'removeSession', session: describeSession(session), reason });
    this.#watched.get(context)?.();
    // Looking on must change nothing.
    const removals = wanted || context.tickets !== 'stateless' || context.listenerCount('removeSession') > 0;
    context.on('newSession', onNew);
    if (removals) context.on('removeSession', onRemove);
    this.#watched.set(context, () => {
      context.off('newSession', onNew);
      context.off('removeSession', onRemove);
    });
    return { removals };
  }
}

function describeContext([name, context]: [string, SslContext]): ControlContext {
  const { sessionCacheModes, sessionCacheSize, sessionTimeout, sessionIdContext, tickets, numTickets, stats } = context;
  return {
    name,
    mode: sessionCacheModes,
    size: sessionCacheSize,
    timeout: sessionTimeout,
    sessionIdContext: sessionIdContext.toString('hex'),
    tickets,
    numTickets,
    stats,
  };
}

function describeWithPeer(session: SslSession): ControlMethods['show']['result'] {
  return { ...describeSession(session), peer: session.peerCertificate?.subject };
}

function list(context: SslContext, limit: number): ControlMethods['list']['result'] {
  const sessions = [];
  if (limit > 0) {
    for (const session of context.sessions()) {
      sessions.push(using(session, describeSession));
      if (sessions.length >= limit) break;
    }
  }
  return { sessions, total: context.stats.number };
}

/** The session whose ID begins so; an ID that is whole needs no search. */
function find(context: SslContext, id: string): SslSession {
  const exact = id.length % 2 === 0 ? context.getSession(Buffer.from(id, 'hex')) : undefined;
  if (exact !== undefined) return exact;
  let found: SslSession | undefined;
  for (const session of context.sessions()) {
    if (!session.id.toString('hex').startsWith(id)) session.free();
    else if (found === undefined) found = session;
    else throw new ControlError('ERR_SSLCTX_CONTROL_AMBIGUOUS', `several sessions have an ID that begins with ${id}`);
  }
  if (found === undefined) throw notFound();
  return found;
}

function notFound(): ControlError {
  return new ControlError('ERR_SSLCTX_CONTROL_NOT_FOUND', 'there is no such session in the cache');
}

function using<T>(session: SslSession, use: (session: SslSession) => T): T {
  try {
    return use(session);
  } finally {
    session.free();
  }
}
