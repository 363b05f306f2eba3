// For undici's option `connect`: connections of this package, with its sessions.
import { connect as connectPlain, type Socket } from 'node:net';
import { invalidValue, requireInteger, SslctxError } from '../errors.ts';
import type { Transport } from '../net/socket.ts';
import type { NodeClientOptions } from './client-options.ts';
import { ClientPool } from './client-pool.ts';

/** The options of undici's `buildConnector`, and this package's. */
export interface ConnectorOptions extends NodeClientOptions {
  /** Whether HTTP/2 is offered, as the option of the same name of undici's clients. Default false. */
  allowH2?: boolean | undefined;
  /** How many sessions are kept for later connections; 0 for none, which is no resumption. Default 1000. */
  maxCachedSessions?: number | undefined;
  /** Of a Unix socket. */
  socketPath?: string | undefined;
  /** Milliseconds for a connection and its handshake; 0 for no limit. Default 10000. */
  timeout?: number | undefined;
  /** Default true. */
  keepAlive?: boolean | undefined;
  /** Milliseconds before the first probe of `keepAlive`. Default 60000. */
  keepAliveInitialDelay?: number | undefined;
}

/** Where undici wants a connection to. */
export interface ConnectorTarget {
  hostname: string;
  protocol: string;
  port?: number | string | undefined;
  servername?: string | null | undefined;
  localAddress?: string | null | undefined;
  /** A tunnel through a proxy. */
  httpSocket?: Transport | undefined;
}

/**
 * As undici calls it: `callback` gets an error, or null and a socket. Its type says less, because undici's says that the
 * socket is a `net.Socket`, of which it uses what an `SslSocket` has too.
 */
export type Connector = (target: ConnectorTarget, callback: (...args: [Error, null] | [null, never]) => void) => void;

/**
 * Makes the connections of an undici `Client`, `Pool` or `Agent`; those to `http:` origins are plain ones.
 *
 * ```ts
 * const dispatcher = new Agent({ connect: connector({ ca }) });
 * ```
 *
 * @throws {RangeError} `ERR_OUT_OF_RANGE`
 */
export function connector(options: ConnectorOptions = {}): Connector {
  const { maxCachedSessions, timeout = 10_000, socketPath, allowH2 = false } = options;
  requireInteger('timeout', timeout, 0, 0x7fffffff);
  const pool = new ClientPool(maxCachedSessions);
  const ALPNProtocols = options.ALPNProtocols ?? (allowH2 ? ['h2', 'http/1.1'] : ['http/1.1']);
  return (target, callback) => {
    const isPlain = target.protocol !== 'https:';
    const where = { ...options, timeout: undefined, path: socketPath, ALPNProtocols, ...placeOf(target) };
    const socket = attempt(() => (isPlain ? plain(where) : pool.connect(where)));
    if (socket instanceof Error) {
      process.nextTick(() => Reflect.apply(callback, undefined, [socket]));
      return;
    }
    if (options.keepAlive ?? true) socket.setKeepAlive(true, options.keepAliveInitialDelay ?? 60_000);
    socket.setNoDelay(true);
    const late = () => socket.destroy(new SslctxError('ERR_SSLCTX_HANDSHAKE_TIMEOUT', 'connecting took too long'));
    const timer = timeout === 0 ? undefined : setTimeout(late, timeout).unref();
    let isAnswered = false;
    const answer = (...args: [Error] | [null, unknown]): void => {
      clearTimeout(timer);
      if (isAnswered) return;
      isAnswered = true;
      Reflect.apply(callback, undefined, args);
    };
    socket.once(isPlain ? 'connect' : 'secureConnect', () => answer(null, socket));
    // Stays: undici listens itself only later.
    socket.on('error', answer);
    socket.once('close', () => answer(new SslctxError('ERR_SSLCTX_STATE', 'the socket was closed')));
  };
}

function placeOf({ hostname, protocol, port, servername, localAddress, httpSocket }: ConnectorTarget) {
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port || (protocol === 'https:' ? 443 : 80),
    ...(servername ? { servername } : {}),
    ...(localAddress ? { localAddress } : {}),
    ...(httpSocket ? { socket: httpSocket } : {}),
  };
}

function plain({ host, port, path, socket, localAddress, lookup }: NodeClientOptions): Socket {
  if (socket) throw invalidValue('httpSocket', 'is for https: only');
  if (path) return connectPlain({ path });
  return connectPlain({ host: host ?? 'localhost', port: Number(port), localAddress, lookup });
}

function attempt<T>(make: () => T): T | Error {
  try {
    return make();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
