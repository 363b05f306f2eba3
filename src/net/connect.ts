// A client on a TCP or Unix socket.
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type ConnectAddress, SslChannel } from '../channel.ts';
import { SslContext } from '../context.ts';
import { checkOptionNames, contextOptionNames, ownOptions, type SslContextOptions } from '../context-options.ts';
import { invalidValue, requireInteger } from '../errors.ts';
import {
  type ClientOptions,
  type ClientState,
  clientOptionNames,
  prepareClient,
  untouchedCache,
} from './client-options.ts';
import { checkOnRead } from './onread.ts';
import { SslSocket, socketOn, type Transport } from './socket.ts';
import { type SslSocketOptions, socketOptionNames } from './socket-options.ts';

/** What {@link connect} can be told: where to; the options of a context, or a context; those of clients and sockets. */
export interface ConnectOptions extends SslContextOptions, ClientOptions, SslSocketOptions {
  /** A name or an IP address. Default `localhost`. */
  host?: string | undefined;
  /** 1 to 65535. */
  port?: number | undefined;
  /** Of a Unix socket, in place of `host` and `port`. */
  path?: string | undefined;
  /** Any stream to the server, such as a tunnel, in place of all that. */
  socket?: Transport | undefined;
  /** Use this one, which others may use too, in place of the options of a context. */
  context?: SslContext | undefined;
  /** Resumes the session of this socket, under its name: for protocols that demand it, such as FTPS. */
  resumeFrom?: SslSocket | undefined;
  /** The own IP address. */
  localAddress?: string | undefined;
  /** The own port, with `localAddress`. Default 0: any. */
  localPort?: number | undefined;
  /** 4 or 6; 0, the default, for either. */
  family?: 0 | 4 | 6 | undefined;
  /** Finds the addresses of `host` in place of dns.lookup: as the option of Node's `net.connect`. */
  lookup?: LookupFunction | undefined;
  /** Milliseconds without traffic until the event `timeout`. */
  timeout?: number | undefined;
}

const connectNames: readonly string[] = [
  'host',
  'port',
  'path',
  'socket',
  'context',
  'resumeFrom',
  'localAddress',
  'localPort',
  'family',
  'lookup',
  'timeout',
  ...socketOptionNames,
  ...clientOptionNames,
];

// `requestCert` is for servers; the others are a client's own.
const contextNames = contextOptionNames.filter((name) => name !== 'requestCert' && !clientOptionNames.includes(name));
const optionNames = [...connectNames, ...contextNames];

/**
 * Connects to a TLS server, as Node's `tls.connect`.
 *
 * ```ts
 * const socket = connect({ host: 'example.org', port: 443 });
 * socket.once('secureConnect', () => socket.end('hello'));
 * ```
 *
 * The server's certificate must be trusted and for `servername`, which is `host` unless given. A session is offered only
 * where it was verified for this name under what the context trusts: otherwise the handshake is a full one.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @throws {RangeError} `ERR_OUT_OF_RANGE`
 */
export function connect(options: ConnectOptions, listener?: () => void): SslSocket;
export function connect(port: number, host?: string, options?: ConnectOptions, listener?: () => void): SslSocket;
export function connect(
  where: number | ConnectOptions,
  second?: string | (() => void),
  more: ConnectOptions = {},
  last?: () => void,
): SslSocket {
  const listener = typeof second === 'function' ? second : last;
  const host = typeof second === 'string' ? { host: second } : {};
  const socket = start(typeof where === 'number' ? { ...more, port: where, ...host } : where);
  if (listener !== undefined) socket.once('secureConnect', listener);
  return socket;
}

function start(given: ConnectOptions): SslSocket {
  checkOptionNames(given, optionNames);
  const options = ownOptions(given, optionNames);
  const { path, port = 0, socket: stream, timeout, allowHalfOpen, requireCloseNotify, onread } = options;
  checkOnRead(onread);
  if (path === undefined && stream === undefined) requireInteger('port', port, 1, 65_535);
  const context = contextOf(options);
  const client = clientOf(options);
  if (stream !== undefined)
    return new SslSocket(stream, { context, allowHalfOpen, requireCloseNotify, onread, ...client });
  const channel = SslChannel.create(context, { requireCloseNotify, tellsSessions: true });
  let state: ClientState;
  try {
    state = prepareClient(channel, context, client);
  } catch (error) {
    channel.close(false);
    throw error;
  }
  const socket = socketOn(channel, { allowHalfOpen, onread });
  socket.setClient(state);
  if (timeout !== undefined) socket.setTimeout(timeout);
  reach(socket, channel, options);
  return socket;
}

function clientOf(options: ConnectOptions): ClientOptions {
  const { resumeFrom, path, socket, host = 'localhost' } = options;
  const hostname = path === undefined && socket === undefined ? host : undefined;
  return {
    ...Object.fromEntries(Object.entries(options).filter(([option]) => clientOptionNames.includes(option))),
    servername: options.servername ?? resumeFrom?.requestedName ?? hostname,
    session: options.session ?? resumeFrom?.getSession(),
  };
}

/** For all who want nothing special: to read what the system trusts takes longer than a handshake. */
let plainContext: SslContext | undefined;

function contextOf(options: ConnectOptions): SslContext {
  const given = Object.entries(options).filter(([name, value]) => contextNames.includes(name) && value !== undefined);
  if (options.context === undefined) {
    if (given.length === 0) {
      plainContext ??= new SslContext({ sessionCache: untouchedCache });
      return plainContext;
    }
    return new SslContext({ sessionCache: untouchedCache, ...Object.fromEntries(given) });
  }
  const names = given.map(([name]) => name).join(', ');
  if (names !== '') throw invalidValue(names, `cannot be given together with 'context'`);
  return options.context;
}

/** One address after the other, until one can be reached. */
function reach(socket: SslSocket, channel: SslChannel, options: ConnectOptions): void {
  const { path, host = 'localhost', port, family = 0, lookup = systemLookup, localAddress, localPort = 0 } = options;
  const local = localAddress === undefined ? undefined : { address: localAddress, port: localPort };
  // Later: nobody listens yet, and node:http will only in the next tick.
  const fail = (error: Error): void => process.nextTick(() => socket.destroy(error));
  const attempt = (addresses: ConnectAddress[]): void => {
    const next = (reason: Error): boolean => {
      let error = reason;
      for (let where = addresses.shift(); where !== undefined; where = addresses.shift()) {
        const failure = channel.connect(where);
        if (failure === undefined) return true;
        error = failure;
      }
      fail(error);
      return true;
    };
    socket.beginConnecting(next);
    next(invalidValue('host', 'has no address'));
  };
  if (path !== undefined) attempt([{ path }]);
  else if (isIP(host) !== 0) attempt([{ address: host, port, local }]);
  else {
    lookup(host, { all: true, family }, (error, found: string | LookupAddress[] = []) => {
      if (socket.destroyed) return;
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      if (error === null) attempt(addresses.map((address) => ({ address, port, local })));
      else fail(error);
    });
  }
}
