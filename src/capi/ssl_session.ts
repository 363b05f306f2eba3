// Sessions (SSL_SESSION).
import { type BIO, bioId, cipherId, type SSL_CIPHER, type SSL_SESSION, sessionId, type X509 } from './handles.ts';
import { native } from './loader.ts';

/** An empty session. SSL_SESSION_free(3). */
export function SSL_SESSION_new(): SSL_SESSION {
  return native.SSL_SESSION_new();
}

/** A copy that shares nothing with the original and may be changed; null when libssl cannot copy it. SSL_SESSION_free(3). */
export function SSL_SESSION_dup(session: SSL_SESSION): SSL_SESSION | null {
  return native.SSL_SESSION_dup(sessionId(session));
}

/** One more reference for the handle: 1, or 0 on failure. SSL_SESSION_free(3). */
export function SSL_SESSION_up_ref(session: SSL_SESSION): number {
  return native.SSL_SESSION_up_ref(sessionId(session));
}

/** Gives back one reference of the handle. SSL_SESSION_free(3). */
export function SSL_SESSION_free(session: SSL_SESSION): void {
  native.SSL_SESSION_free(sessionId(session));
}

/** The session ID, 0 to 32 bytes. SSL_SESSION_get_id(3). */
export function SSL_SESSION_get_id(session: SSL_SESSION): Buffer {
  return native.SSL_SESSION_get_id(sessionId(session));
}

/**
 * At most 32 bytes. SSL_SESSION_set1_id(3).
 * @throws ERR_SSLCTX_SESSION_FROZEN on a shared session, as all setters but those of time and timeout.
 */
export function SSL_SESSION_set1_id(session: SSL_SESSION, id: Uint8Array): number {
  return native.SSL_SESSION_set1_id(sessionId(session), id);
}

/** The session ID context, 0 to 32 bytes. SSL_SESSION_get0_id_context(3). */
export function SSL_SESSION_get0_id_context(session: SSL_SESSION): Buffer {
  return native.SSL_SESSION_get0_id_context(sessionId(session));
}

/** At most 32 bytes. SSL_SESSION_set1_id_context(3). */
export function SSL_SESSION_set1_id_context(session: SSL_SESSION, context: Uint8Array): number {
  return native.SSL_SESSION_set1_id_context(sessionId(session), context);
}

/**
 * The master secret, or the resumption secret of TLS 1.3. Whoever has it reads the connections.
 * SSL_SESSION_get_master_key(3).
 */
export function SSL_SESSION_get_master_key(session: SSL_SESSION): Buffer {
  return native.SSL_SESSION_get_master_key(sessionId(session));
}

/** At most 512 bytes. SSL_SESSION_set1_master_key(3). */
export function SSL_SESSION_set1_master_key(session: SSL_SESSION, key: Uint8Array): number {
  return native.SSL_SESSION_set1_master_key(sessionId(session), key);
}

/** The server name that the session was made for. SSL_SESSION_get0_hostname(3). */
export function SSL_SESSION_get0_hostname(session: SSL_SESSION): string | null {
  return native.SSL_SESSION_get0_hostname(sessionId(session));
}

/** At most 255 bytes. SSL_SESSION_set1_hostname(3). */
export function SSL_SESSION_set1_hostname(session: SSL_SESSION, hostname: string | null): number {
  return native.SSL_SESSION_set1_hostname(sessionId(session), hostname);
}

/** The protocol chosen by ALPN. SSL_SESSION_get0_alpn_selected(3). */
export function SSL_SESSION_get0_alpn_selected(session: SSL_SESSION): Buffer | null {
  return native.SSL_SESSION_get0_alpn_selected(sessionId(session));
}

/** At most 255 bytes. SSL_SESSION_set1_alpn_selected(3). */
export function SSL_SESSION_set1_alpn_selected(session: SSL_SESSION, alpn: Uint8Array): number {
  return native.SSL_SESSION_set1_alpn_selected(sessionId(session), alpn);
}

/** The ticket that a client received. SSL_SESSION_get0_ticket(3). */
export function SSL_SESSION_get0_ticket(session: SSL_SESSION): Buffer | null {
  return native.SSL_SESSION_get0_ticket(sessionId(session));
}

/** The application's own data in the ticket. SSL_SESSION_get0_ticket_appdata(3). */
export function SSL_SESSION_get0_ticket_appdata(session: SSL_SESSION): Buffer | null {
  return native.SSL_SESSION_get0_ticket_appdata(sessionId(session));
}

/**
 * The application's own data for the ticket, at most 32768 bytes. On a connection's session only inside of the ticket
 * callback. SSL_SESSION_set1_ticket_appdata(3).
 */
export function SSL_SESSION_set1_ticket_appdata(session: SSL_SESSION, data: Uint8Array): number {
  return native.SSL_SESSION_set1_ticket_appdata(sessionId(session), data);
}

/** SSL_SESSION_get0_cipher(3). */
export function SSL_SESSION_get0_cipher(session: SSL_SESSION): SSL_CIPHER | null {
  return native.SSL_SESSION_get0_cipher(sessionId(session));
}

/** SSL_SESSION_set_cipher(3). */
export function SSL_SESSION_set_cipher(session: SSL_SESSION, cipher: SSL_CIPHER): number {
  return native.SSL_SESSION_set_cipher(sessionId(session), cipherId(cipher));
}

/** The peer's certificate. SSL_SESSION_get0_peer(3). */
export function SSL_SESSION_get0_peer(session: SSL_SESSION): X509 | null {
  return native.SSL_SESSION_get0_peer(sessionId(session));
}

/** SSL_SESSION_get_protocol_version(3). */
export function SSL_SESSION_get_protocol_version(session: SSL_SESSION): number {
  return native.SSL_SESSION_get_protocol_version(sessionId(session));
}

/** SSL_SESSION_set_protocol_version(3). */
export function SSL_SESSION_set_protocol_version(session: SSL_SESSION, version: number): number {
  return native.SSL_SESSION_set_protocol_version(sessionId(session), version);
}

/** SSL_SESSION_get_compress_id(3). */
export function SSL_SESSION_get_compress_id(session: SSL_SESSION): number {
  return native.SSL_SESSION_get_compress_id(sessionId(session));
}

/** Early data that the server accepts with this session, in bytes. SSL_SESSION_get_max_early_data(3). */
export function SSL_SESSION_get_max_early_data(session: SSL_SESSION): number {
  return native.SSL_SESSION_get_max_early_data(sessionId(session));
}

/** SSL_SESSION_set_max_early_data(3). */
export function SSL_SESSION_set_max_early_data(session: SSL_SESSION, bytes: number): number {
  return native.SSL_SESSION_set_max_early_data(sessionId(session), bytes);
}

/** A TLSEXT_max_fragment_length_* code, 0 when not negotiated. SSL_SESSION_get_max_fragment_length(3). */
export function SSL_SESSION_get_max_fragment_length(session: SSL_SESSION): number {
  return native.SSL_SESSION_get_max_fragment_length(sessionId(session));
}

/** How long the server says that the ticket is good, in seconds. SSL_SESSION_get_ticket_lifetime_hint(3). */
export function SSL_SESSION_get_ticket_lifetime_hint(session: SSL_SESSION): number {
  return native.SSL_SESSION_get_ticket_lifetime_hint(sessionId(session));
}

/** 1 when a client received a ticket. SSL_SESSION_has_ticket(3). */
export function SSL_SESSION_has_ticket(session: SSL_SESSION): number {
  return native.SSL_SESSION_has_ticket(sessionId(session));
}

/** 1 when the session may be offered; expiry is not looked at. SSL_SESSION_is_resumable(3). */
export function SSL_SESSION_is_resumable(session: SSL_SESSION): number {
  return native.SSL_SESSION_is_resumable(sessionId(session));
}

/** When the session was made, in seconds since the epoch. SSL_SESSION_get_time(3). */
export function SSL_SESSION_get_time(session: SSL_SESSION): number {
  return native.SSL_SESSION_get_time(sessionId(session));
}

/**
 * In seconds since the epoch; returns it. Allowed on cached sessions, which libssl sorts anew.
 * SSL_SESSION_set_time(3).
 */
export function SSL_SESSION_set_time(session: SSL_SESSION, time: number): number {
  return native.SSL_SESSION_set_time(sessionId(session), time);
}

const getTimeEx = native.SSL_SESSION_get_time_ex;
/** As SSL_SESSION_get_time. OpenSSL 3.3 and newer. SSL_SESSION_get_time(3). */
export const SSL_SESSION_get_time_ex: ((session: SSL_SESSION) => number) | undefined =
  getTimeEx && ((session) => getTimeEx(sessionId(session)));

const setTimeEx = native.SSL_SESSION_set_time_ex;
/** As SSL_SESSION_set_time. OpenSSL 3.3 and newer. SSL_SESSION_set_time(3). */
export const SSL_SESSION_set_time_ex: ((session: SSL_SESSION, time: number) => number) | undefined =
  setTimeEx && ((session, time) => setTimeEx(sessionId(session), time));

/** Lifetime in seconds. SSL_SESSION_get_timeout(3). */
export function SSL_SESSION_get_timeout(session: SSL_SESSION): number {
  return native.SSL_SESSION_get_timeout(sessionId(session));
}

/**
 * Lifetime in seconds, 0 to 2147483647; 1. Allowed on cached sessions, which libssl sorts anew.
 * SSL_SESSION_set_timeout(3).
 */
export function SSL_SESSION_set_timeout(session: SSL_SESSION, timeout: number): number {
  return native.SSL_SESSION_set_timeout(sessionId(session), timeout);
}

/** DER, master key included; null without a cipher. i2d_SSL_SESSION(3). */
export function i2d_SSL_SESSION(session: SSL_SESSION): Buffer | null {
  return native.i2d_SSL_SESSION(sessionId(session));
}

/** From DER. Bytes after its end are an error. d2i_SSL_SESSION(3). */
export function d2i_SSL_SESSION(bytes: Uint8Array): SSL_SESSION | null {
  return native.d2i_SSL_SESSION(bytes);
}

/** Writes DER; 1 or 0. d2i_SSL_SESSION(3). */
export function i2d_SSL_SESSION_bio(bio: BIO, session: SSL_SESSION): number {
  return native.i2d_SSL_SESSION_bio(bioId(bio), sessionId(session));
}

/** Reads DER. d2i_SSL_SESSION(3). */
export function d2i_SSL_SESSION_bio(bio: BIO): SSL_SESSION | null {
  return native.d2i_SSL_SESSION_bio(bioId(bio));
}

/** Reads PEM. PEM_read_bio_SSL_SESSION(3). */
export function PEM_read_bio_SSL_SESSION(bio: BIO): SSL_SESSION | null {
  return native.PEM_read_bio_SSL_SESSION(bioId(bio));
}

/** Writes PEM, master key included; 1 or 0. PEM_write_bio_SSL_SESSION(3). */
export function PEM_write_bio_SSL_SESSION(bio: BIO, session: SSL_SESSION): number {
  return native.PEM_write_bio_SSL_SESSION(bioId(bio), sessionId(session));
}

/** Writes text as `openssl sess_id -text`, master key and ticket included; 1 or 0. SSL_SESSION_print(3). */
export function SSL_SESSION_print(bio: BIO, session: SSL_SESSION): number {
  return native.SSL_SESSION_print(bioId(bio), sessionId(session));
}

/** Writes ID and master key as a keylog line; 1 or 0. SSL_SESSION_print(3). */
export function SSL_SESSION_print_keylog(bio: BIO, session: SSL_SESSION): number {
  return native.SSL_SESSION_print_keylog(bioId(bio), sessionId(session));
}
