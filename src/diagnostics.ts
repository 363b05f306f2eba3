// What is told to whoever traces this process: node:diagnostics_channel, and NODE_DEBUG=sslctx.
import { channel } from 'node:diagnostics_channel';
import type { Duplex } from 'node:stream';
import { debuglog } from 'node:util';
import type { SslContext } from './context.ts';
import type { Resumption } from './resumption.ts';

/** The messages of `sslctx:server:handshake` and `sslctx:client:handshake`: a handshake is done, and nobody was told yet. */
export interface HandshakeMessage {
  /** The `SslSocket`. */
  readonly socket: Duplex;
  /** As `TLSv1.3`. */
  readonly protocol: string;
  /** OpenSSL's name of the cipher suite. */
  readonly cipher: string | undefined;
  /** The name that the client asked for: its own words. */
  readonly servername: string | undefined;
  /** As `socket.resumption`. */
  readonly resumption: Resumption;
  /** Milliseconds since the connection was there. */
  readonly duration: number;
}

/** The messages of `sslctx:server:error` and `sslctx:client:error`: a connection was lost before its handshake was done. */
export interface HandshakeErrorMessage {
  /** The `SslSocket`, closed. */
  readonly socket: Duplex;
  readonly error: Error;
  /** As `socket.resumption`: what was offered, as far as it had been seen. */
  readonly resumption: Resumption;
  /** Milliseconds since the connection was there; `undefined` for a client that had none. */
  readonly duration: number | undefined;
}

/** The messages of `sslctx:store:lookup`: a session store was asked for a session, and has answered or not. */
export interface StoreLookupMessage {
  readonly context: SslContext;
  /** Which method of the store. */
  readonly operation: 'get' | 'take';
  readonly outcome: 'hit' | 'miss' | 'timeout' | 'failure';
  /** What the store rejected with, or a `ERR_SSLCTX_STORE_TIMEOUT`. */
  readonly error?: Error;
  /** Milliseconds, as long as the handshake has waited. */
  readonly duration: number;
}

/** The messages of `sslctx:store:write`: a session store was told of a session. No handshake waits for that. */
export interface StoreWriteMessage {
  readonly context: SslContext;
  /** Which method of the store. */
  readonly operation: 'set' | 'delete';
  readonly outcome: 'success' | 'timeout' | 'failure';
  readonly error?: Error;
  /** Milliseconds. */
  readonly duration: number;
}

export const serverHandshake = channel('sslctx:server:handshake');
export const serverError = channel('sslctx:server:error');
export const clientHandshake = channel('sslctx:client:handshake');
export const clientError = channel('sslctx:client:error');
export const storeLookup = channel('sslctx:store:lookup');
export const storeWrite = channel('sslctx:store:write');

const debug = debuglog('sslctx');
/** Of the whole process: NODE_DEBUG is read once. */
const isDebugging = debug.enabled;

/** Whether anybody wants to hear how handshakes end. */
export function isHandshakeObserved(isServer: boolean): boolean {
  return isDebugging || (isServer ? serverHandshake : clientHandshake).hasSubscribers;
}

/** Whether anybody wants to hear how handshakes fail. */
export function isHandshakeErrorObserved(isServer: boolean): boolean {
  return isDebugging || (isServer ? serverError : clientError).hasSubscribers;
}

export function tellHandshake(isServer: boolean, message: HandshakeMessage): void {
  (isServer ? serverHandshake : clientHandshake).publish(message);
  if (!isDebugging) return;
  const { protocol, cipher = '-', servername, resumption, duration } = message;
  const name = servername === undefined ? '' : ` servername=${quoted(servername)}`;
  const side = isServer ? 'server' : 'client';
  debug('%s handshake %s %s %s%s %sms', side, protocol, cipher, inWords(resumption), name, duration.toFixed(1));
}

export function tellHandshakeError(isServer: boolean, message: HandshakeErrorMessage): void {
  (isServer ? serverError : clientError).publish(message);
  if (!isDebugging) return;
  const { error, resumption, duration } = message;
  const time = duration === undefined ? '' : ` ${duration.toFixed(1)}ms`;
  const offer = resumption.kind === undefined ? '' : ` offered ${resumption.kind}`;
  debug('%s error %s%s%s', isServer ? 'server' : 'client', codeOf(error), offer, time);
}

/** The code of an error; its name where it has none. */
export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function inWords({ kind, accepted, reason }: Resumption): string {
  if (kind === undefined) return 'full';
  return accepted ? `resumed ${kind}` : `full ${kind} ${reason ?? 'undecided'}`;
}

/** A peer chooses it: it must not make lines of its own. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
