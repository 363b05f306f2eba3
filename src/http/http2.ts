/**
 * The TLS side of node:http2 on the system's libssl: the same names, for a change of one import.
 *
 * @module sslctx/http2
 */

import * as node from 'node:http2';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { SslSocket } from '../net/socket.ts';
import type { NodeClientOptions } from './client-options.ts';
import { ClientPool } from './client-pool.ts';
import { putBehind } from './front.ts';
import { connectWith, showSocket } from './http2-session.ts';
import { tlsOptionNames, without } from './node-options.ts';
import { type NodeServerOptions, NodeServerSettings } from './node-server.ts';

/** The options of Node's `http2.createSecureServer`, and this package's. */
export interface SecureServerOptions
  extends Omit<node.SecureServerOptions, keyof NodeServerOptions>,
    NodeServerOptions {}

/** The options of Node's `http2.connect`, and this package's. */
export interface SecureClientSessionOptions
  extends Omit<node.SecureClientSessionOptions, keyof NodeClientOptions>,
    NodeClientOptions {}

type Listener = (request: node.Http2ServerRequest, response: node.Http2ServerResponse) => void;

/**
 * As node:http2: its own class for HTTP/2, and with `allowHTTP1` for HTTP/1.1, with `SslServer` for TLS.
 *
 * @throws what `createServer` of this package throws
 */
export function createSecureServer(listener?: Listener): node.Http2SecureServer;
export function createSecureServer(options: SecureServerOptions, listener?: Listener): node.Http2SecureServer;
export function createSecureServer(
  options: SecureServerOptions | Listener = {},
  listener?: Listener,
): node.Http2SecureServer {
  const own = typeof options === 'function' ? {} : options;
  const protocols = own.allowHTTP1 === true ? ['h2', 'http/1.1'] : ['h2'];
  const settings = new NodeServerSettings({ noDelay: true, ...own }, own.context ? undefined : protocols);
  // No roots: it never verifies.
  const server = node.createSecureServer(
    { ...without(own, tlsOptionNames), ca: [] },
    typeof options === 'function' ? options : listener,
  );
  let arriving: SslSocket | undefined;
  server.on('session', (session) => {
    if (arriving !== undefined) showSocket(session, arriving);
  });
  putBehind(server, settings, (socket) => {
    arriving = socket;
    server.emit('secureConnection', socket);
    arriving = undefined;
  });
  return server;
}

const pool = new ClientPool();

/**
 * As node:http2; resumes sessions of earlier connections to the same origin. With `createConnection`, or to an `http:`
 * authority, there is nothing of this package's in it.
 *
 * @throws what node:http2 throws, and `connect` of this package
 */
export function connect(
  authority: string | URL,
  options: SecureClientSessionOptions | ((session: node.ClientHttp2Session) => void) = {},
  listener?: (session: node.ClientHttp2Session) => void,
): node.ClientHttp2Session {
  const given = typeof options === 'function' ? {} : options;
  const onConnect = typeof options === 'function' ? options : listener;
  const url = new URL(authority);
  if (url.protocol !== 'https:' || given.createConnection !== undefined) {
    return node.connect(authority, { ...without(given, []) }, (session) => onConnect?.(session));
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = pool.connect({
    ALPNProtocols: ['h2'],
    host,
    port: url.port || 443,
    servername: isIP(host) === 0 ? host : undefined,
    ...given,
  });
  const session = node.connect(authority, { ...without(given, []), createConnection: () => socket });
  showSocket(session, socket);
  connectWith(session, socket);
  if (onConnect !== undefined) session.once('connect', onConnect);
  return session;
}

/** As node:http2, on a socket whose handshake is done. */
export function performServerHandshake(socket: Duplex, options: node.ServerOptions = {}): node.ServerHttp2Session {
  const session = node.performServerHandshake(socket, options);
  if (socket instanceof SslSocket) showSocket(session, socket);
  return session;
}

export {
  constants,
  createServer,
  getDefaultSettings,
  getPackedSettings,
  getUnpackedSettings,
  Http2ServerRequest,
  Http2ServerResponse,
  sensitiveHeaders,
} from 'node:http2';

/** For `import http2 from`. */
const http2 = { ...node, connect, createSecureServer, performServerHandshake };
export default http2;
