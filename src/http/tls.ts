/**
 * node:tls on the system's libssl: the same names, for a change of one import.
 *
 * @module sslctx/tls
 */
import { checkServerIdentity, rootCertificates } from 'node:tls';
import { cipherNames } from '../ciphers.ts';
import type { SslContext } from '../context.ts';
import { invalidType } from '../errors.ts';
import { connect as connectSocket } from '../net/connect.ts';
import { SslServer } from '../net/server.ts';
import type { SslSocket } from '../net/socket.ts';
import { clientContextOf, connectionOptionsOf, type NodeClientOptions } from './client-options.ts';
import { fullTicketKeys, type NodeContextOptions } from './node-options.ts';
import { type NodeServerOptions, NodeServerSettings } from './node-server.ts';
import { createSecureContext, SecureContext } from './secure-context.ts';
import { TLSSocket } from './tls-socket.ts';

export type {
  NodeClientOptions as ConnectionOptions,
  NodeContextOptions as SecureContextOptions,
  NodeServerOptions as TlsOptions,
};
export { checkServerIdentity, createSecureContext, rootCertificates, SecureContext, TLSSocket };

/** As Node's, of protocols that libssl has. */
export const DEFAULT_MIN_VERSION = 'TLSv1.2';
export const DEFAULT_MAX_VERSION = 'TLSv1.3';
/** The suites of TLS 1.3, and libssl's choice of the others. */
export const DEFAULT_CIPHERS = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:DEFAULT';
export const DEFAULT_ECDH_CURVE = 'auto';
/** libssl refuses each renegotiation that a client begins. */
export const CLIENT_RENEG_LIMIT = 0;
export const CLIENT_RENEG_WINDOW = 600;

/** The cipher suites of this libssl in lower case, as Node's. */
export function getCiphers(): string[] {
  return [...new Set(cipherNames().map((name) => name.toLowerCase()))].sort();
}

type Listener = (socket: SslSocket) => void;

/** An {@link SslServer} with Node's options and methods. */
export class Server extends SslServer {
  readonly #settings: NodeServerSettings;

  constructor(listener?: Listener);
  constructor(options: NodeServerOptions, listener?: Listener);
  constructor(options: NodeServerOptions | Listener = {}, listener?: Listener) {
    const settings = new NodeServerSettings(typeof options === 'function' ? {} : options);
    super(settings.sslOptions);
    this.#settings = settings;
    const onConnection = typeof options === 'function' ? options : listener;
    this.on('secureConnection', (socket) => {
      socket.server = this;
    });
    if (onConnection !== undefined) this.on('secureConnection', onConnection);
  }

  override addContext(hostname: string, context: SslContext | NodeContextOptions): void {
    super.addContext(hostname, this.#settings.contextOf(context));
  }

  /** What the server has been told about certificates of clients stays. */
  override setSecureContext(options: SslContext | NodeContextOptions): void {
    super.setSecureContext(this.#settings.contextOf(options));
  }

  /** @param keys - the 80 bytes of libssl, or 48, of which 80 are made */
  override setTicketKeys(keys: Uint8Array): void {
    super.setTicketKeys(fullTicketKeys(keys));
  }
}

/** As Node's. */
export function createServer(options: NodeServerOptions | Listener = {}, listener?: Listener): Server {
  return typeof options === 'function' ? new Server(options) : new Server(options, listener);
}

type ConnectArgument = NodeClientOptions | string | (() => void) | undefined;

/**
 * As Node's, of a port, a path or options. The session of `session` events and of `getSession` is an `SslSession`, which
 * the option `session` takes too.
 *
 * @throws what `connect` of this package throws
 */
export function connect(options: NodeClientOptions, listener?: () => void): SslSocket;
export function connect(port: number, options?: NodeClientOptions, listener?: () => void): SslSocket;
export function connect(port: number, host?: string, options?: NodeClientOptions, listener?: () => void): SslSocket;
export function connect(path: string, options?: NodeClientOptions, listener?: () => void): SslSocket;
export function connect(where: number | string | NodeClientOptions, ...more: ConnectArgument[]): SslSocket {
  const options = more.find((each) => typeof each === 'object') ?? {};
  const host = more.find((each) => typeof each === 'string');
  const socket = start({ ...(host === undefined ? {} : { host }), ...placeOf(where), ...options });
  const listener = more.find((each) => typeof each === 'function');
  if (listener !== undefined) socket.once('secureConnect', listener);
  return socket;
}

function placeOf(where: number | string | NodeClientOptions): NodeClientOptions {
  if (typeof where === 'object' && where !== null) return where;
  if (typeof where === 'number' || /^\d+$/.test(where)) return { port: where };
  if (typeof where === 'string') return { path: where };
  throw invalidType('options', 'a port, a path or an object', where);
}

function start(options: NodeClientOptions): SslSocket {
  return connectSocket({ ...connectionOptionsOf(options), context: clientContextOf(options) });
}

/** For `import tls from`. */
const tls = {
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE,
  DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION,
  SecureContext,
  Server,
  TLSSocket,
  checkServerIdentity,
  connect,
  createSecureContext,
  createServer,
  getCiphers,
  rootCertificates,
};
export default tls;
