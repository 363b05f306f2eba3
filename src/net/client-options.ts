// What clients can be told, and what becomes of it.
import { isIP } from 'node:net';
import { alpnWire } from '../alpn.ts';
import { mayResume, type SslChannel } from '../channel.ts';
import { type SslContext, trustForClient } from '../context.ts';

import { ownOptions, type SessionCacheOptions } from '../context-options.ts';
import { invalidType, invalidValue } from '../errors.ts';
import { offerOf } from '../resumption.ts';
import { SslSession } from '../session.ts';
import type { PeerCertificate } from './socket-info.ts';

/** The options of clients that are about one connection. */
export interface ClientOptions {
  /**
   * The name or IP address of the server. A name is sent to the server; its certificate must be for either. Needed unless
   * `rejectUnauthorized` is false.
   */
  servername?: string | undefined;
  /** A session to resume, or its DER; one that is not resumable is ignored. SSL_set_session(3). */
  session?: SslSession | Uint8Array | undefined;
  /** Whether the server's certificate must be trusted and be for `servername`. Default true. SSL_set_verify(3). */
  rejectUnauthorized?: boolean | undefined;
  /**
   * Says in place of OpenSSL whether a trusted certificate is for `servername`, by returning an error where it is not. Asked
   * for resumed connections too.
   */
  checkServerIdentity?: ((hostname: string, certificate: PeerCertificate) => Error | undefined) | undefined;
  /** Application protocols, best first, in place of those of the context. RFC 7301. */
  ALPNProtocols?: readonly string[] | undefined;
  /** Ask for a stapled OCSP response: `OCSPResponse` follows. Default false. SSL_set_tlsext_status_type(3). */
  requestOCSP?: boolean | undefined;
  /**
   * The first bytes of the stream, at most 65536. They go out with the first flight where `session` allows that many
   * (`maxEarlyData`), and after the handshake otherwise, or when the server has refused them: see `socket.earlyData`.
   * Whoever records early data can send it again to a server that does not look: only what may happen twice belongs here.
   * RFC 8446, section 8.
   */
  earlyData?: Uint8Array | undefined;
}

/** For contexts of clients that keep their sessions themselves: without this mode, libssl tells clients of none. */
export const untouchedCache: SessionCacheOptions = { mode: ['client', 'no-internal'] };

export const clientOptionNames: readonly string[] = [
  'servername',
  'session',
  'rejectUnauthorized',
  'checkServerIdentity',
  'ALPNProtocols',
  'requestOCSP',
  'earlyData',
];

/** What a client's socket has to know of its options when the handshake is done. */
export interface ClientState {
  readonly context: SslContext;
  /** What it offers, as `offerOf`. */
  readonly offer: number;
  readonly name: string | undefined;
  readonly isStrict: boolean;
  readonly checkServerIdentity: ClientOptions['checkServerIdentity'];
  readonly requestsOcsp: boolean;
  readonly hasEarlyData: boolean;
}

const maxEarly = 65_536;

/** Makes a client's channel ready for its handshake. */
export function prepareClient(channel: SslChannel, context: SslContext, given: ClientOptions): ClientState {
  const options = ownOptions(given, clientOptionNames);
  const { servername, session, rejectUnauthorized: isStrict = true, checkServerIdentity, earlyData } = options;
  if (servername !== undefined && typeof servername !== 'string') {
    throw invalidType('servername', 'a string', servername);
  }
  if (checkServerIdentity !== undefined && typeof checkServerIdentity !== 'function') {
    throw invalidType('checkServerIdentity', 'a function', checkServerIdentity);
  }
  requireEarlyData(earlyData);
  const name = servername === undefined || servername === '' ? undefined : servername;
  if (isStrict && name === undefined) {
    throw invalidValue('servername', 'is needed to verify the server: give it, or rejectUnauthorized: false');
  }
  trustForClient(context);
  const nameToCheck = checkServerIdentity === undefined ? name : undefined;
  const own = offered(context, session, nameToCheck, !isStrict);
  // An IP address is verified, but is no server name to send.
  const nameToSend = name !== undefined && isIP(name) === 0 ? name : undefined;
  const requestsOcsp = options.requestOCSP === true;
  const alpn = alpnWire(options.ALPNProtocols);
  channel.prepareClient({
    servername: nameToSend,
    hostname: nameToCheck,
    verify: isStrict ? 'strict' : 'lenient',
    session: own,
    alpn,
    requestsOcsp,
  });
  if (earlyData !== undefined) {
    channel.setEarlyData(earlyData, mayBeEarly(earlyData, own, nameToSend, options.ALPNProtocols));
  }
  return {
    context,
    offer: own?.isResumable === true ? offerOf(own) : 0,
    name,
    isStrict,
    checkServerIdentity,
    requestsOcsp,
    hasEarlyData: earlyData !== undefined,
  };
}

function requireEarlyData(data: unknown): void {
  if (data === undefined) return;
  if (!(data instanceof Uint8Array)) throw invalidType('earlyData', 'a Uint8Array', data);
  if (data.length === 0 || data.length > maxEarly) throw invalidValue('earlyData', `must have 1 to ${maxEarly} bytes`);
}

/** libssl ends the connection where name or protocol are not those of the session. */
function mayBeEarly(
  data: Uint8Array,
  session: SslSession | undefined,
  name: string | undefined,
  protocols: readonly string[] | undefined,
): boolean {
  if (session?.isResumable !== true || session.maxEarlyData < data.length) return false;
  if (session.hostname !== undefined && session.hostname !== name) return false;
  return session.alpn === undefined || protocols?.includes(session.alpn) === true;
}

/** The session, unless it must not be resumed here: libssl takes the outcome of its verification over, and asks no more. */
function offered(
  context: SslContext,
  session: SslSession | Uint8Array | undefined,
  name: string | undefined,
  isLenient: boolean,
): SslSession | undefined {
  if (session === undefined) return undefined;
  const own = session instanceof SslSession ? session : SslSession.fromDER(session);
  return mayResume(context, own, name, isLenient) ? own : undefined;
}
