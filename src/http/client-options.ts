// Node's options of a TLS client as those of `connect`.
import type { LookupFunction } from 'node:net';
import { SslContext } from '../context.ts';
import { invalidValue } from '../errors.ts';
import { untouchedCache } from '../net/client-options.ts';
import type { ConnectOptions } from '../net/connect.ts';
import type { Transport } from '../net/socket.ts';
import { socketOptionNames } from '../net/socket-options.ts';
import type { SslSession } from '../session.ts';
import {
  contextOptionsOf,
  givenContext,
  type NodeContextOptions,
  picked,
  protocolNames,
  without,
} from './node-options.ts';

/** The options of Node's `tls.connect` and of its agents, and this package's. */
export interface NodeClientOptions extends NodeContextOptions {
  /** Default `localhost`. */
  host?: string | null | undefined;
  port?: number | string | null | undefined;
  /** Of a Unix socket, in place of `host` and `port`. */
  path?: string | null | undefined;
  /** Any stream to the server, in place of all that. */
  socket?: Transport | undefined;
  /** Default: the host. An empty one stands for the host too. */
  servername?: string | undefined;
  session?: SslSession | Uint8Array | undefined;
  localAddress?: string | undefined;
  localPort?: number | undefined;
  family?: number | string | undefined;
  lookup?: LookupFunction | undefined;
  /** See {@link ConnectOptions}. */
  checkServerIdentity?: ConnectOptions['checkServerIdentity'];
  requestOCSP?: boolean | undefined;
  timeout?: number | undefined;
  allowHalfOpen?: boolean | undefined;
  /** See {@link ConnectOptions}. */
  onread?: ConnectOptions['onread'];
  /** Not supported above 1024: libssl has security levels, as `@SECLEVEL=2` in `ciphers`. */
  minDHSize?: number | undefined;
}

const sameNames = [
  'session',
  'rejectUnauthorized',
  'checkServerIdentity',
  'requestOCSP',
  'earlyData',
  'localAddress',
  'localPort',
  'lookup',
  'timeout',
  ...socketOptionNames,
];

/** Where to and how; the context is another matter. */
export function connectionOptionsOf(options: NodeClientOptions): ConnectOptions {
  const { port, path, socket, family, minDHSize = 0 } = options;
  if (minDHSize > 1024) throw invalidValue('minDHSize', "is not supported: use '@SECLEVEL=2' or more in 'ciphers'");
  const host = options.host || 'localhost';
  const common = {
    ...picked(options, sameNames),
    servername: options.servername || host,
    ALPNProtocols: options.ALPNProtocols ? protocolNames(options.ALPNProtocols) : undefined,
  };
  if (socket) return { ...common, socket };
  if (path) return { ...common, path };
  return { ...common, host, port: Number(port ?? 0), family: familyOf(family) };
}

function familyOf(family: number | string | undefined): 0 | 4 | 6 {
  if (family === 4 || family === 'IPv4') return 4;
  return family === 6 || family === 'IPv6' ? 6 : 0;
}

/** The options of a client's context: those that are a server's, or a connection's, are none of them. */
export function clientContextOptionsOf(options: NodeContextOptions) {
  return contextOptionsOf(without(options, ['requestCert', 'rejectUnauthorized', 'ALPNProtocols']));
}

/** The context for one connection: the given one, or one of its own. */
export function clientContextOf(options: NodeContextOptions): SslContext {
  return givenContext(options) ?? new SslContext({ sessionCache: untouchedCache, ...clientContextOptionsOf(options) });
}
