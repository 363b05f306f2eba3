// HTTP/2 sessions on sockets that are no net.Socket: node:http2 puts a net.Socket of its own around them, which knows
// nothing of TLS. Here it learns to answer as the socket inside.
import type { ClientHttp2Session, Http2Session } from 'node:http2';
import type { SslSocket } from '../net/socket.ts';

const names = [
  'encrypted',
  'authorized',
  'authorizationError',
  'alpnProtocol',
  'servername',
  'server',
  'resumption',
  'isTruncated',
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'bytesRead',
  'bytesWritten',
  'address',
  'getCipher',
  'getFinished',
  'getPeerCertificate',
  'getPeerFinished',
  'getPeerX509Certificate',
  'getProtocol',
  'getSession',
  'getTLSTicket',
  'isSessionReused',
  'exportKeyingMaterial',
] as const;

/** Makes `session.socket`, `session.encrypted` and `session.alpnProtocol` those of `socket`. */
export function showSocket(session: Http2Session, socket: SslSocket): void {
  // `session.socket` is a proxy that passes methods on, and this one returns its own object.
  const wrapper = session.socket.setMaxListeners(session.socket.getMaxListeners());
  for (const name of names) {
    const get = () => {
      const value: unknown = socket[name];
      return typeof value === 'function' ? value.bind(socket) : value;
    };
    Object.defineProperty(wrapper, name, { get, configurable: true });
  }
  Object.defineProperty(session, 'encrypted', { value: true, configurable: true });
  Object.defineProperty(session, 'alpnProtocol', { get: () => socket.alpnProtocol || undefined, configurable: true });
}

/** The session counts as connected when its socket is secure: node:http2 takes the socket for a connected one. */
export function connectWith(session: ClientHttp2Session, socket: SslSocket): void {
  const emit = session.emit.bind(session);
  let isConnecting = true;
  let held: unknown[] | undefined;
  Object.defineProperty(session, 'connecting', { get: () => isConnecting && !session.destroyed, configurable: true });
  const hold = (name: string | symbol, ...args: unknown[]): boolean => {
    if (name !== 'connect' || !isConnecting) return emit(name, ...args);
    held = args;
    return true;
  };
  Object.defineProperty(session, 'emit', { value: hold, configurable: true, writable: true });
  socket.once('secureConnect', () => {
    isConnecting = false;
    if (held !== undefined) emit('connect', ...held);
  });
}
