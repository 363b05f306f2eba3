// What a server can be told, and what it tells.
import type { Worker } from 'node:worker_threads';
import type { SslContext } from '../context.ts';
import { contextOptionNames, type SslContextOptions } from '../context-options.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { ServerWorkersOptions } from './server-workers.ts';
import type { SslSocket, Transport } from './socket.ts';
import { type SslSocketOptions, socketOptionNames } from './socket-options.ts';

/** What `createServer` can be told: the options of a context, or a context; those of sockets; and its own. */
export interface SslServerOptions extends SslContextOptions, SslSocketOptions {
  /** Use this one, which others may use too, in place of the options of a context. */
  context?: SslContext | undefined;
  /**
   * Connections are accepted by threads of their own, all with the same contexts and the same session cache: this server
   * listens, configures and closes; connections and their events are those of `joinServer` in the threads.
   */
  workers?: ServerWorkersOptions | undefined;
  /** Milliseconds for a handshake, 1 to 2147483647. Default 120000, as in Node. */
  handshakeTimeout?: number | undefined;
  /** Default true: what is written is sent at once. */
  noDelay?: boolean | undefined;
  keepAlive?: boolean | undefined;
  /** Milliseconds before the first probe of `keepAlive`. Default 0: the system's. */
  keepAliveInitialDelay?: number | undefined;
  /** Send TLS 1.3 tickets with the first write instead of with the handshake: to clients that may leave without reading. */
  deferTickets?: boolean | undefined;
  /**
   * The context for a server name, now or later; without one, that of `addContext`, or the server's own.
   *
   * @throws what it throws ends the handshake
   */
  SNICallback?: SniCallback | undefined;
  /**
   * Where the sessions lie: sets `tickets` to `stateful`, and, unless `sessionCache.mode` says otherwise, the mode to
   * `server` and `no-internal`; a `context` loses its mode. For virtual hosts of `addContext` too, which do not share sessions; those that are given as
   * an `SslContext` have a store when `attachSessionStore` has given them one.
   */
  sessionStore?: SessionStore | undefined;
  /** Milliseconds that a handshake waits for `sessionStore`; then it goes on as a full one. Default 500. */
  lookupTimeout?: number | undefined;
  /** The application protocol for a client; `undefined` ends the handshake. In place of `ALPNProtocols`. */
  ALPNCallback?: ((offer: { servername: string; protocols: string[] }) => string | undefined) | undefined;
}

/** As Node's, with a context of this package. */
export type SniCallback = (
  servername: string,
  callback: (error: Error | null, context?: SslContext | null) => void,
) => void;

/** The events of a server, with the arguments of their listeners. */
export interface SslServerEvents {
  /** A handshake is done. */
  secureConnection: [socket: SslSocket];
  /** A client was lost before its handshake was done: garbage, no common cipher suite, a time-out, a reset. */
  tlsClientError: [error: Error, socket: SslSocket];
  /** A session was made: its ID and DER, to store. As long as nobody calls `callback` nothing waits for it. */
  newSession: [id: Buffer, der: Buffer, callback: () => void];
  /** A client asks for a session that is not in the cache: answer with its DER, or nothing. The handshake waits. */
  resumeSession: [id: Buffer, callback: (error: Error | null, der?: Uint8Array | null) => void];
  /**
   * A client asks for the OCSP status of the certificate: its DER and that of its issuer, where that is sent along. Answer
   * with the DER of a response, or nothing; an error ends the handshake. The handshake waits.
   */
  OCSPRequest: [
    certificate: Buffer,
    issuer: Buffer | null,
    callback: (error: Error | null, response?: Uint8Array | null) => void,
  ];
  /** To emit: a stream on which a client speaks TLS, such as a socket of a `net.Server`. */
  connection: [stream: Transport];
  /** A line for a key log file, newline included. */
  keylog: [line: Buffer, socket: SslSocket | undefined];
  /** A thread of `workers` has ended before the server: by itself, or by what it has thrown. See `addWorker`. */
  workerExit: [worker: Worker, code: number, error: Error | undefined];
  listening: [];
  /** Stopped, and all connections are closed. */
  close: [];
  error: [error: Error];
}

/** Those that are no options of a context. */
export const ownOptionNames: readonly string[] = [
  'context',
  'workers',
  'handshakeTimeout',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelay',
  'deferTickets',
  'SNICallback',
  'ALPNCallback',
  'sessionStore',
  'lookupTimeout',
  ...socketOptionNames,
];
export const serverOptionNames = [...ownOptionNames, ...contextOptionNames];
