// A server class of Node's own with its TLS taken off: an SslServer listens, and does the handshakes, in its place.
import type { Server } from 'node:tls';
import type { SslContext } from '../context.ts';
import { SslServer } from '../net/server.ts';
import type { SslSocket } from '../net/socket.ts';
import type { ListenOptions } from '../net/where.ts';
import { fullTicketKeys, type NodeContextOptions, picked } from './node-options.ts';
import type { NodeServerSettings } from './node-server.ts';

/** Events that cost something for each connection: passed on as long as somebody listens. */
const onDemand = ['keylog', 'newSession', 'resumeSession', 'OCSPRequest'] as const;
const listenOptionNames = ['port', 'host', 'path', 'backlog', 'ipv6Only', 'reusePort', 'signal', 'exclusive'];

type ListenArgument = number | string | ListenOptions | (() => void) | null | undefined;

/**
 * Makes `node`, which never listens itself, the face of a new SslServer: its methods, its events. node:http and node:http2
 * take connections by the event `secureConnection`, from whoever emits it.
 *
 * @param deliver - hands a connection over
 */
export function putBehind(node: Server, settings: NodeServerSettings, deliver: (socket: SslSocket) => void): SslServer {
  const server = new SslServer(settings.sslOptions);
  const closeNode = node.close.bind(node);
  const emit = node.emit.bind(node);
  let isOpen = false;
  let isClosing = false;

  // Node's own handshake; what is injected goes into ours.
  node.removeAllListeners('connection');
  node.on('connection', (stream) => void server.emit('connection', stream));
  forward(node, server);
  server.on('secureConnection', (socket) => {
    socket.server = node;
    deliver(socket);
  });
  server.on('tlsClientError', (error, socket) => {
    socket.server = node;
    emit('tlsClientError', error, socket);
  });
  server.on('listening', () => emit('listening'));
  server.on('error', (error) => {
    isOpen = server.listening;
    emit('error', error);
  });
  server.on('close', () => {
    isOpen = false;
    isClosing = false;
    emit('close');
  });

  const methods = {
    listen(...args: ListenArgument[]) {
      const listener = args.find((each) => typeof each === 'function');
      const [where = 0, ...more] = args.filter((each) => typeof each !== 'function').map((each) => each ?? undefined);
      const rest = more.filter((each) => typeof each === 'string' || typeof each === 'number');
      server.listen(typeof where === 'object' ? picked(where, listenOptionNames) : where, ...rest);
      isOpen = true;
      if (listener !== undefined) node.once('listening', listener);
      return node;
    },
    close(callback?: (error?: Error) => void) {
      // Not running: Node's own answer.
      if (!isOpen || isClosing) return closeNode(callback);
      if (callback !== undefined) node.once('close', () => callback());
      isClosing = true;
      // Idle connections and timers; it finds no connections of its own, and says `close` too early.
      closeNode();
      server.close();
      return node;
    },
    emit: (name: string | symbol, ...args: unknown[]) => (name === 'close' && isOpen ? false : emit(name, ...args)),
    address: () => server.address(),
    getConnections(callback: (error: Error | null, count: number) => void) {
      server.getConnections(callback);
      return node;
    },
    ref() {
      server.ref();
      return node;
    },
    unref() {
      server.unref();
      return node;
    },
    addContext: (name: string, context: SslContext | NodeContextOptions) =>
      server.addContext(name, settings.contextOf(context)),
    setSecureContext: (context: SslContext | NodeContextOptions) =>
      server.setSecureContext(settings.contextOf(context)),
    getTicketKeys: () => server.getTicketKeys(),
    setTicketKeys: (keys: Uint8Array) => server.setTicketKeys(fullTicketKeys(keys)),
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(node, name, { value, configurable: true, writable: true });
  }
  Object.defineProperties(node, {
    context: { get: () => server.context, configurable: true },
    sessionStore: { get: () => server.sessionStore, configurable: true },
    listening: { get: () => server.listening, configurable: true },
    maxConnections: {
      get: () => server.maxConnections,
      set: (count: number) => {
        server.maxConnections = count;
      },
      configurable: true,
    },
  });
  return server;
}

function forward(node: Server, server: SslServer): void {
  for (const name of onDemand) {
    const pass = (...args: unknown[]) => void node.emit(name, ...args);
    node.on('newListener', (event) => {
      if (event === name && node.listenerCount(name) === 0) server.on(name, pass);
    });
    node.on('removeListener', (event) => {
      if (event === name && node.listenerCount(name) === 0) server.removeListener(name, pass);
    });
  }
}
