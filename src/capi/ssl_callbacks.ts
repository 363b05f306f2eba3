// The callbacks of libssl. They run on the thread of the call that makes libssl call them; remove callbacks right after
// libssl has released the context's lock, before that call returns. What a callback throws comes out of that call; libssl
// gets the answer that each function names. `null` takes a callback back. A context that several threads have takes, in
// each of them, callbacks of the kinds that it had when it was shared; all others throw ERR_SSLCTX_SHARED.
import { type Callbacks, getCallback, Kind, setCallback } from './callbacks.ts';
import {
  contextCallbacks,
  contextId,
  type SSL,
  type SSL_CTX,
  type SSL_SESSION,
  sessionId,
  sslCallbacks,
  sslId,
} from './handles.ts';
import { native } from './loader.ts';
import { SSL_CTX_get_session_cache_mode } from './ssl_cache.ts';

type Toggle = (handle: number, on: boolean) => void;

/** Throws ERR_SSLCTX_FREED, as every function that is given a freed handle. */
function liveCallbacks(ctx: SSL_CTX): Callbacks {
  SSL_CTX_get_session_cache_mode(ctx);
  return contextCallbacks(ctx);
}

function set<F extends (...args: never[]) => unknown>(
  callbacks: Callbacks,
  id: number,
  kind: Kind,
  name: string,
  toggle: Toggle,
  callback: F | null,
  adapt?: (callback: F) => (...args: never[]) => unknown,
): void {
  const previous = getCallback<F>(callbacks, kind);
  const on = setCallback(callbacks, kind, name, callback, adapt);
  try {
    toggle(id, on);
  } catch (error) {
    setCallback(callbacks, kind, name, previous, adapt);
    throw error;
  }
}

function onContext<F extends (...args: never[]) => unknown>(
  ctx: SSL_CTX,
  kind: Kind,
  name: string,
  toggle: Toggle,
  callback: F | null,
  adapt?: (callback: F) => (...args: never[]) => unknown,
): void {
  set(contextCallbacks(ctx), contextId(ctx), kind, name, toggle, callback, adapt);
}

function onConnection<F extends (...args: never[]) => unknown>(
  ssl: SSL,
  kind: Kind,
  name: string,
  toggle: Toggle,
  callback: F | null,
  adapt?: (callback: F) => (...args: never[]) => unknown,
): void {
  set(sslCallbacks(ssl), sslId(ssl), kind, name, toggle, callback, adapt);
}

/** 1, 0 or nothing: accepted as in C, and without effect, because the handle has a reference of its own. */
export type NewSessionCallback = (ssl: SSL, session: SSL_SESSION) => number | void;
export type RemoveSessionCallback = (ctx: SSL_CTX, session: SSL_SESSION) => void;
export type GetSessionCallback = (ssl: SSL, id: Buffer) => SSL_SESSION | null;

/** A session has been made and is resumable. SSL_CTX_sess_set_new_cb(3). */
export function SSL_CTX_sess_set_new_cb(ctx: SSL_CTX, callback: NewSessionCallback | null): void {
  onContext(ctx, Kind.newSession, 'SSL_CTX_sess_set_new_cb', native.SSL_CTX_sess_set_new_cb, callback);
}

/** SSL_CTX_sess_get_new_cb(3). */
export function SSL_CTX_sess_get_new_cb(ctx: SSL_CTX): NewSessionCallback | null {
  return getCallback(liveCallbacks(ctx), Kind.newSession);
}

/**
 * A session has left the cache, or SSL_CTX_remove_session was called for it. While such a callback is there, libssl also
 * caches the sessions of stateless TLS 1.3 tickets. What a garbage-collected connection removes is told with the next
 * call into libssl. SSL_CTX_sess_set_remove_cb(3).
 */
export function SSL_CTX_sess_set_remove_cb(ctx: SSL_CTX, callback: RemoveSessionCallback | null): void {
  onContext(ctx, Kind.removeSession, 'SSL_CTX_sess_set_remove_cb', native.SSL_CTX_sess_set_remove_cb, callback);
}

/** SSL_CTX_sess_get_remove_cb(3). */
export function SSL_CTX_sess_get_remove_cb(ctx: SSL_CTX): RemoveSessionCallback | null {
  return getCallback(liveCallbacks(ctx), Kind.removeSession);
}

/**
 * A client asks for a session that the internal cache does not have. The answer must be complete, have that very ID and
 * not belong to another context, or the call throws and libssl finds nothing. SSL_CTX_sess_set_get_cb(3).
 */
export function SSL_CTX_sess_set_get_cb(ctx: SSL_CTX, callback: GetSessionCallback | null): void {
  const adapt = (ask: GetSessionCallback) => (ssl: SSL, id: Buffer) => {
    const session = ask(ssl, id);
    return session === null || session === undefined ? null : sessionId(session);
  };
  onContext(ctx, Kind.getSession, 'SSL_CTX_sess_set_get_cb', native.SSL_CTX_sess_set_get_cb, callback, adapt);
}

/** SSL_CTX_sess_get_get_cb(3). */
export function SSL_CTX_sess_get_get_cb(ctx: SSL_CTX): GetSessionCallback | null {
  return getCallback(liveCallbacks(ctx), Kind.getSession);
}

/** An SSL_CLIENT_HELLO_*, with the alert to send in case of SSL_CLIENT_HELLO_ERROR. */
export type ClientHelloCallback = (ssl: SSL) => number | { ret: number; alert?: number };

/**
 * Before anything is decided. SSL_CLIENT_HELLO_RETRY pauses the handshake: the operation returns -1 with
 * SSL_ERROR_WANT_CLIENT_HELLO_CB, and calls back again when it is repeated. After an exception the handshake fails.
 * SSL_CTX_set_client_hello_cb(3).
 */
export function SSL_CTX_set_client_hello_cb(ctx: SSL_CTX, callback: ClientHelloCallback | null): void {
  onContext(ctx, Kind.clientHello, 'SSL_CTX_set_client_hello_cb', native.SSL_CTX_set_client_hello_cb, callback);
}

/** 1 to `maxLength` bytes, or null to fail. */
export type GenerateSessionIdCallback = (ssl: SSL, maxLength: number) => Uint8Array | null;

/**
 * Session IDs of the application's own; they must be unique, and random in their first four bytes, which are all that
 * libssl hashes. After an exception the handshake fails. SSL_CTX_set_generate_session_id(3).
 */
export function SSL_CTX_set_generate_session_id(ctx: SSL_CTX, callback: GenerateSessionIdCallback | null): number {
  const name = 'SSL_CTX_set_generate_session_id';
  onContext(ctx, Kind.generateSessionId, name, native.SSL_CTX_set_generate_session_id, callback);
  return 1;
}

/** As SSL_CTX_set_generate_session_id, for one connection. SSL_CTX_set_generate_session_id(3). */
export function SSL_set_generate_session_id(ssl: SSL, callback: GenerateSessionIdCallback | null): number {
  const name = 'SSL_set_generate_session_id';
  onConnection(ssl, Kind.generateSessionId, name, native.SSL_set_generate_session_id, callback);
  return 1;
}

/** 1 when the session must not be resumable. */
export type NotResumableCallback = (ssl: SSL, isForwardSecure: number) => number;

/** After an exception the session is not resumable. SSL_CTX_set_not_resumable_session_callback(3). */
export function SSL_CTX_set_not_resumable_session_callback(ctx: SSL_CTX, callback: NotResumableCallback | null): void {
  const name = 'SSL_CTX_set_not_resumable_session_callback';
  onContext(ctx, Kind.notResumable, name, native.SSL_CTX_set_not_resumable_session_callback, callback);
}

/** As SSL_CTX_set_not_resumable_session_callback, for one connection. */
export function SSL_set_not_resumable_session_callback(ssl: SSL, callback: NotResumableCallback | null): void {
  const name = 'SSL_set_not_resumable_session_callback';
  onConnection(ssl, Kind.notResumable, name, native.SSL_set_not_resumable_session_callback, callback);
}

/** The session of a pre-shared key, null when the identity is not known. */
export type PskFindSessionCallback = (ssl: SSL, identity: Buffer) => SSL_SESSION | null;

const adaptPskFind = (find: PskFindSessionCallback) => (ssl: SSL, identity: Buffer) => {
  const session = find(ssl, identity);
  return session === null || session === undefined ? null : sessionId(session);
};

/** Pre-shared keys of TLS 1.3, server side. SSL_CTX_set_psk_find_session_callback(3). */
export function SSL_CTX_set_psk_find_session_callback(ctx: SSL_CTX, callback: PskFindSessionCallback | null): void {
  const name = 'SSL_CTX_set_psk_find_session_callback';
  onContext(ctx, Kind.pskFindSession, name, native.SSL_CTX_set_psk_find_session_callback, callback, adaptPskFind);
}

/** As SSL_CTX_set_psk_find_session_callback, for one connection. */
export function SSL_set_psk_find_session_callback(ssl: SSL, callback: PskFindSessionCallback | null): void {
  const name = 'SSL_set_psk_find_session_callback';
  onConnection(ssl, Kind.pskFindSession, name, native.SSL_set_psk_find_session_callback, callback, adaptPskFind);
}

/** What to offer; `digest` names the hash that is needed, null as long as none is. The identity has 1 to 256 bytes. */
export type PskUseSessionCallback = (
  ssl: SSL,
  digest: string | null,
) => { session: SSL_SESSION; identity: Uint8Array } | null;

const adaptPskUse = (use: PskUseSessionCallback) => (ssl: SSL, digest: string | null) => {
  const offer = use(ssl, digest);
  if (offer === null || offer === undefined) return null;
  return { session: sessionId(offer.session), identity: offer.identity };
};

/** Pre-shared keys of TLS 1.3, client side. After an exception the handshake fails. SSL_CTX_set_psk_use_session_callback(3). */
export function SSL_CTX_set_psk_use_session_callback(ctx: SSL_CTX, callback: PskUseSessionCallback | null): void {
  const name = 'SSL_CTX_set_psk_use_session_callback';
  onContext(ctx, Kind.pskUseSession, name, native.SSL_CTX_set_psk_use_session_callback, callback, adaptPskUse);
}

/** As SSL_CTX_set_psk_use_session_callback, for one connection. */
export function SSL_set_psk_use_session_callback(ssl: SSL, callback: PskUseSessionCallback | null): void {
  const name = 'SSL_set_psk_use_session_callback';
  onConnection(ssl, Kind.pskUseSession, name, native.SSL_set_psk_use_session_callback, callback, adaptPskUse);
}

/** Before a ticket is made: 1, or 0 to fail the handshake. SSL_SESSION_set1_ticket_appdata is allowed here. */
export type TicketGenerateCallback = (ssl: SSL) => number | void;
/**
 * An SSL_TICKET_RETURN_*. `session` is null when the ticket is empty or did not decrypt. SSL_TICKET_RETURN_ABORT makes
 * OpenSSL 3.0.19 leak the session in TLS 1.3.
 */
export type TicketDecryptCallback = (
  ssl: SSL,
  session: SSL_SESSION | null,
  keyName: Buffer | null,
  status: number,
) => number;

/**
 * After an exception no ticket is made, and the handshake fails; or the ticket is ignored, and the handshake is a full one.
 * Always 1. SSL_CTX_set_session_ticket_cb(3).
 */
export function SSL_CTX_set_session_ticket_cb(
  ctx: SSL_CTX,
  generate: TicketGenerateCallback | null,
  decrypt: TicketDecryptCallback | null,
): number {
  const name = 'SSL_CTX_set_session_ticket_cb';
  const id = contextId(ctx);
  const callbacks = contextCallbacks(ctx);
  if (decrypt !== null) setCallback({}, Kind.ticketDecrypt, name, decrypt);
  const generates = setCallback(callbacks, Kind.ticketGenerate, name, generate);
  const decrypts = setCallback(callbacks, Kind.ticketDecrypt, name, decrypt);
  return native.SSL_CTX_set_session_ticket_cb(id, generates, decrypts);
}

/**
 * The key to use: `ret` 1, or 2 to renew a ticket after decryption; `name` has 16 bytes and is needed for encryption.
 * Tickets are encrypted with AES-256-CBC and authenticated with HMAC-SHA256.
 */
export interface TicketKey {
  ret: number;
  name?: Uint8Array;
  /** 32 bytes. */
  aesKey: Uint8Array;
  /** 16 to 64 bytes. */
  hmacKey: Uint8Array;
}

/** `name` is the key name of a ticket to decrypt, null when one is encrypted. 0: no such key, or no ticket; -1: failure. */
export type TicketKeyCallback = (ssl: SSL, name: Buffer | null, encrypt: number) => TicketKey | number;

/** Ticket keys that rotate. After an exception the handshake fails. Always 1. SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
export function SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx: SSL_CTX, callback: TicketKeyCallback | null): number {
  const name = 'SSL_CTX_set_tlsext_ticket_key_evp_cb';
  onContext(ctx, Kind.ticketKey, name, native.SSL_CTX_set_tlsext_ticket_key_evp_cb, callback);
  return 1;
}

/** 1 when early data may be accepted. */
export type AllowEarlyDataCallback = (ssl: SSL) => number;

/** After an exception early data is refused. SSL_CTX_set_allow_early_data_cb(3). */
export function SSL_CTX_set_allow_early_data_cb(ctx: SSL_CTX, callback: AllowEarlyDataCallback | null): void {
  const name = 'SSL_CTX_set_allow_early_data_cb';
  onContext(ctx, Kind.allowEarlyData, name, native.SSL_CTX_set_allow_early_data_cb, callback);
}

/** As SSL_CTX_set_allow_early_data_cb, for one connection. */
export function SSL_set_allow_early_data_cb(ssl: SSL, callback: AllowEarlyDataCallback | null): void {
  const name = 'SSL_set_allow_early_data_cb';
  onConnection(ssl, Kind.allowEarlyData, name, native.SSL_set_allow_early_data_cb, callback);
}

/** An SSL_TLSEXT_ERR_*, with the alert to send. */
export type ServernameCallback = (ssl: SSL) => number | { ret: number; alert?: number };

/** The place for SSL_set_SSL_CTX. After an exception the handshake fails. SSL_CTX_set_tlsext_servername_callback(3). */
export function SSL_CTX_set_tlsext_servername_callback(ctx: SSL_CTX, callback: ServernameCallback | null): void {
  const name = 'SSL_CTX_set_tlsext_servername_callback';
  onContext(ctx, Kind.servername, name, native.SSL_CTX_set_tlsext_servername_callback, callback);
}

/** `protocols` as the client sent them, each behind a byte of its length; the chosen one, null for none, or an SSL_TLSEXT_ERR_*. */
export type AlpnSelectCallback = (ssl: SSL, protocols: Buffer) => Uint8Array | number | null;

/** After an exception the handshake fails. SSL_CTX_set_alpn_select_cb(3). */
export function SSL_CTX_set_alpn_select_cb(ctx: SSL_CTX, callback: AlpnSelectCallback | null): void {
  onContext(ctx, Kind.alpnSelect, 'SSL_CTX_set_alpn_select_cb', native.SSL_CTX_set_alpn_select_cb, callback);
}

/** A line of the NSS key log format: whoever has it reads the connection. */
export type KeylogCallback = (ssl: SSL, line: string) => void;

/** SSL_CTX_set_keylog_callback(3). */
export function SSL_CTX_set_keylog_callback(ctx: SSL_CTX, callback: KeylogCallback | null): void {
  onContext(ctx, Kind.keylog, 'SSL_CTX_set_keylog_callback', native.SSL_CTX_set_keylog_callback, callback);
}

/** SSL_CTX_get_keylog_callback(3). */
export function SSL_CTX_get_keylog_callback(ctx: SSL_CTX): KeylogCallback | null {
  return getCallback(liveCallbacks(ctx), Kind.keylog);
}

/** `where` has SSL_CB_* bits. */
export type InfoCallback = (ssl: SSL, where: number, value: number) => void;

/** SSL_CTX_set_info_callback(3). */
export function SSL_CTX_set_info_callback(ctx: SSL_CTX, callback: InfoCallback | null): void {
  onContext(ctx, Kind.info, 'SSL_CTX_set_info_callback', native.SSL_CTX_set_info_callback, callback);
}

/** SSL_set_info_callback(3). */
export function SSL_set_info_callback(ssl: SSL, callback: InfoCallback | null): void {
  onConnection(ssl, Kind.info, 'SSL_set_info_callback', native.SSL_set_info_callback, callback);
}

export type MessageCallback = (writeP: number, version: number, contentType: number, bytes: Buffer, ssl: SSL) => void;

/** SSL_CTX_set_msg_callback(3). */
export function SSL_CTX_set_msg_callback(ctx: SSL_CTX, callback: MessageCallback | null): void {
  onContext(ctx, Kind.message, 'SSL_CTX_set_msg_callback', native.SSL_CTX_set_msg_callback, callback);
}

/** SSL_set_msg_callback(3). */
export function SSL_set_msg_callback(ssl: SSL, callback: MessageCallback | null): void {
  onConnection(ssl, Kind.message, 'SSL_set_msg_callback', native.SSL_set_msg_callback, callback);
}
