// Node's TLSSocket: TLS on a stream that is there already, as for STARTTLS.
import type { EventEmitter } from 'node:events';
import { SslSocket, type Transport } from '../net/socket.ts';
import { clientContextOf, connectionOptionsOf, type NodeClientOptions } from './client-options.ts';
import { givenContext } from './node-options.ts';
import { NodeServerSettings } from './node-server.ts';

/** The options of Node's `new tls.TLSSocket`, and this package's. */
export interface TLSSocketOptions extends NodeClientOptions {
  /** Default false: a client, which needs a `servername` unless `rejectUnauthorized` is false. */
  isServer?: boolean | undefined;
  server?: EventEmitter | undefined;
}

/** All sockets of this package are instances of this class too. */
export class TLSSocket extends SslSocket {
  constructor(transport: Transport, options: TLSSocketOptions = {}) {
    super(transport, options.isServer === true ? serverSide(options) : clientSide(options));
    this.server = options.server ?? null;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof SslSocket;
  }
}

function serverSide(options: TLSSocketOptions) {
  const settings = new NodeServerSettings({ ...options, context: undefined, secureContext: undefined });
  const given = givenContext(options);
  const { allowHalfOpen, onread } = options;
  return { context: settings.contextOf(given ?? options), isServer: true, allowHalfOpen, onread };
}

function clientSide(options: TLSSocketOptions) {
  const { host, port, path, timeout, family, lookup, localAddress, localPort, ...how } = connectionOptionsOf(options);
  // Node takes no name for `localhost` here.
  return { ...how, servername: options.servername || options.host || undefined, context: clientContextOf(options) };
}
