// Connections (SSL).
import { copyToConnection } from './callbacks.ts';
import {
  type BIO,
  bioId,
  cipherId,
  contextCallbacks,
  contextId,
  holdContext,
  orNull,
  type SSL,
  type SSL_CIPHER,
  type SSL_CTX,
  type SSL_SESSION,
  sessionId,
  sslCallbacks,
  sslId,
  type X509,
} from './handles.ts';
import { native } from './loader.ts';
import type { EarlyData } from './native.ts';

export type { EarlyData };

/** A connection with the context's settings of this moment. SSL_new(3). */
export function SSL_new(ctx: SSL_CTX): SSL {
  const ssl = native.SSL_new(contextId(ctx));
  holdContext(ssl, ctx);
  copyToConnection(contextCallbacks(ctx), sslCallbacks(ssl));
  return ssl;
}

/** One more reference for the handle: 1, or 0 on failure. SSL_up_ref(3). */
export function SSL_up_ref(ssl: SSL): number {
  return native.SSL_up_ref(sslId(ssl));
}

/**
 * Gives back one reference of the handle. A connection without a clean shutdown takes its session out of the cache.
 * SSL_free(3).
 */
export function SSL_free(ssl: SSL): void {
  native.SSL_free(sslId(ssl));
}

/** Ready for another connection; 1 or 0. SSL_clear(3). */
export function SSL_clear(ssl: SSL): number {
  return native.SSL_clear(sslId(ssl));
}

/**
 * Another context's certificates and options, before the handshake is over. Cache, ticket keys and session callbacks
 * stay those of the context of SSL_new. SSL_set_SSL_CTX(3).
 */
export function SSL_set_SSL_CTX(ssl: SSL, ctx: SSL_CTX): SSL_CTX {
  const now = native.SSL_set_SSL_CTX(sslId(ssl), contextId(ctx));
  holdContext(ssl, ctx);
  return now;
}

/** SSL_get_SSL_CTX(3). */
export function SSL_get_SSL_CTX(ssl: SSL): SSL_CTX {
  return native.SSL_get_SSL_CTX(sslId(ssl));
}

/** Where ciphertext comes from and goes to. The handles keep their references. SSL_set_bio(3). */
export function SSL_set_bio(ssl: SSL, rbio: BIO | null, wbio: BIO | null): void {
  native.SSL_set_bio(sslId(ssl), orNull(bioId, rbio), orNull(bioId, wbio));
}

/** SSL_get_rbio(3). */
export function SSL_get_rbio(ssl: SSL): BIO | null {
  return native.SSL_get_rbio(sslId(ssl));
}

/** SSL_get_wbio(3). */
export function SSL_get_wbio(ssl: SSL): BIO | null {
  return native.SSL_get_wbio(sslId(ssl));
}

/** A client, before the handshake. SSL_set_connect_state(3). */
export function SSL_set_connect_state(ssl: SSL): void {
  native.SSL_set_connect_state(sslId(ssl));
}

/** A server, before the handshake. SSL_set_accept_state(3). */
export function SSL_set_accept_state(ssl: SSL): void {
  native.SSL_set_accept_state(sslId(ssl));
}

/** 1 for a server; also for TLS_method() as long as nothing is decided. SSL_is_server(3). */
export function SSL_is_server(ssl: SSL): number {
  return native.SSL_is_server(sslId(ssl));
}

/** 1, or 0 or -1: see SSL_get_error. SSL_do_handshake(3). */
export function SSL_do_handshake(ssl: SSL): number {
  return native.SSL_do_handshake(sslId(ssl));
}

/** As SSL_do_handshake, as a client. SSL_connect(3). */
export function SSL_connect(ssl: SSL): number {
  return native.SSL_connect(sslId(ssl));
}

/** As SSL_do_handshake, as a server. SSL_accept(3). */
export function SSL_accept(ssl: SSL): number {
  return native.SSL_accept(sslId(ssl));
}

/** Fills `buffer` with plaintext; the number of bytes, or 0 or -1: see SSL_get_error. SSL_read(3). */
export function SSL_read(ssl: SSL, buffer: Uint8Array): number {
  return native.SSL_read(sslId(ssl), buffer);
}

/** As SSL_read, and leaves the bytes there. SSL_peek(3). */
export function SSL_peek(ssl: SSL, buffer: Uint8Array): number {
  return native.SSL_peek(sslId(ssl), buffer);
}

/** The number of bytes, or 0 or -1: see SSL_get_error. SSL_write(3). */
export function SSL_write(ssl: SSL, bytes: Uint8Array): number {
  return native.SSL_write(sslId(ssl), bytes);
}

/** Status is SSL_READ_EARLY_DATA_ERROR, _SUCCESS or _FINISH. SSL_read_early_data(3). */
export function SSL_read_early_data(ssl: SSL, buffer: Uint8Array): EarlyData {
  return native.SSL_read_early_data(sslId(ssl), buffer);
}

/** The number of bytes, or -1. SSL_write_early_data(3). */
export function SSL_write_early_data(ssl: SSL, bytes: Uint8Array): number {
  return native.SSL_write_early_data(sslId(ssl), bytes);
}

/** Sends close_notify, then waits for the peer's: 0, then 1; -1: see SSL_get_error. SSL_shutdown(3). */
export function SSL_shutdown(ssl: SSL): number {
  return native.SSL_shutdown(sslId(ssl));
}

/** Schedules a new handshake, up to TLS 1.2; 1 or 0. SSL_renegotiate(3). */
export function SSL_renegotiate(ssl: SSL): number {
  return native.SSL_renegotiate(sslId(ssl));
}

/** As SSL_renegotiate, with resumption. SSL_renegotiate(3). */
export function SSL_renegotiate_abbreviated(ssl: SSL): number {
  return native.SSL_renegotiate_abbreviated(sslId(ssl));
}

/** One more TLS 1.3 ticket, sent with the next write or handshake call; 1 or 0. SSL_new_session_ticket(3). */
export function SSL_new_session_ticket(ssl: SSL): number {
  return native.SSL_new_session_ticket(sslId(ssl));
}

/** 1: a TLS 1.3 client lets the server ask for its certificate later on. SSL_set_post_handshake_auth(3). */
export function SSL_set_post_handshake_auth(ssl: SSL, on: number): void {
  native.SSL_set_post_handshake_auth(sslId(ssl), on);
}

/** Asks a TLS 1.3 client for its certificate later on; 1 or 0. SSL_verify_client_post_handshake(3). */
export function SSL_verify_client_post_handshake(ssl: SSL): number {
  return native.SSL_verify_client_post_handshake(sslId(ssl));
}

/** An SSL_ERROR_*: why the last operation on this connection returned 0 or less. SSL_get_error(3). */
export function SSL_get_error(ssl: SSL, result: number): number {
  return native.SSL_get_error(sslId(ssl), result);
}

/** SSL_SENT_SHUTDOWN and SSL_RECEIVED_SHUTDOWN bits. SSL_get_shutdown(3). */
export function SSL_get_shutdown(ssl: SSL): number {
  return native.SSL_get_shutdown(sslId(ssl));
}

/** SSL_SENT_SHUTDOWN makes libssl keep the session. SSL_set_shutdown(3). */
export function SSL_set_shutdown(ssl: SSL, bits: number): void {
  native.SSL_set_shutdown(sslId(ssl), bits);
}

/** 1: no close_notify is sent. SSL_set_quiet_shutdown(3). */
export function SSL_set_quiet_shutdown(ssl: SSL, on: number): void {
  native.SSL_set_quiet_shutdown(sslId(ssl), on);
}

/** Plaintext bytes that wait to be read. SSL_pending(3). */
export function SSL_pending(ssl: SSL): number {
  return native.SSL_pending(sslId(ssl));
}

/** 1 when bytes wait, decrypted or not. SSL_has_pending(3). */
export function SSL_has_pending(ssl: SSL): number {
  return native.SSL_has_pending(sslId(ssl));
}

/** 1 while a handshake is going on. SSL_in_init(3). */
export function SSL_in_init(ssl: SSL): number {
  return native.SSL_in_init(sslId(ssl));
}

/** 1 before the handshake. SSL_in_before(3). */
export function SSL_in_before(ssl: SSL): number {
  return native.SSL_in_before(sslId(ssl));
}

/** 1 when no handshake is going on. SSL_is_init_finished(3). */
export function SSL_is_init_finished(ssl: SSL): number {
  return native.SSL_is_init_finished(sslId(ssl));
}

/** What the connection waits for: SSL_NOTHING, SSL_READING, ... SSL_want(3). */
export function SSL_want(ssl: SSL): number {
  return native.SSL_want(sslId(ssl));
}

/** 1 when the client hello callback asked for a retry. SSL_want(3). */
export function SSL_want_client_hello_cb(ssl: SSL): number {
  return native.SSL_want_client_hello_cb(sslId(ssl));
}

/**
 * What a client offers for resumption, before the handshake; 1 or 0. SSL_set_session(3).
 * @throws ERR_SSLCTX_STATE on a server or later on.
 */
export function SSL_set_session(ssl: SSL, session: SSL_SESSION | null): number {
  return native.SSL_set_session(sslId(ssl), orNull(sessionId, session));
}

/** Session and certificate of another connection, before the handshake; 1 or 0. SSL_copy_session_id(3). */
export function SSL_copy_session_id(to: SSL, from: SSL): number {
  return native.SSL_copy_session_id(sslId(to), sslId(from));
}

/** The session of now. TLS 1.3 clients get another one with each ticket. SSL_get_session(3). */
export function SSL_get_session(ssl: SSL): SSL_SESSION | null {
  return native.SSL_get_session(sslId(ssl));
}

/** As SSL_get_session. SSL_get_session(3). */
export function SSL_get0_session(ssl: SSL): SSL_SESSION | null {
  return native.SSL_get0_session(sslId(ssl));
}

/** As SSL_get_session, with one more reference for the handle. SSL_get_session(3). */
export function SSL_get1_session(ssl: SSL): SSL_SESSION | null {
  return native.SSL_get1_session(sslId(ssl));
}

/** 1 when the session was resumed. SSL_session_reused(3). */
export function SSL_session_reused(ssl: SSL): number {
  return native.SSL_session_reused(sslId(ssl));
}

/**
 * 1 when the context's cache has a session of this connection's protocol version with this ID.
 * SSL_has_matching_session_id(3).
 */
export function SSL_has_matching_session_id(ssl: SSL, id: Uint8Array): number {
  return native.SSL_has_matching_session_id(sslId(ssl), id);
}

/** At most 32 bytes; 1 or 0. SSL_set_session_id_context(3). */
export function SSL_set_session_id_context(ssl: SSL, id: Uint8Array): number {
  return native.SSL_set_session_id_context(sslId(ssl), id);
}

/** In seconds. SSL_get_default_timeout(3). */
export function SSL_get_default_timeout(ssl: SSL): number {
  return native.SSL_get_default_timeout(sslId(ssl));
}

/** 0 to 32. SSL_set_num_tickets(3). */
export function SSL_set_num_tickets(ssl: SSL, count: number): number {
  return native.SSL_set_num_tickets(sslId(ssl), count);
}

/** SSL_get_num_tickets(3). */
export function SSL_get_num_tickets(ssl: SSL): number {
  return native.SSL_get_num_tickets(sslId(ssl));
}

/** SSL_set_max_early_data(3). */
export function SSL_set_max_early_data(ssl: SSL, bytes: number): number {
  return native.SSL_set_max_early_data(sslId(ssl), bytes);
}

/** SSL_get_max_early_data(3). */
export function SSL_get_max_early_data(ssl: SSL): number {
  return native.SSL_get_max_early_data(sslId(ssl));
}

/** SSL_set_recv_max_early_data(3). */
export function SSL_set_recv_max_early_data(ssl: SSL, bytes: number): number {
  return native.SSL_set_recv_max_early_data(sslId(ssl), bytes);
}

/** SSL_get_recv_max_early_data(3). */
export function SSL_get_recv_max_early_data(ssl: SSL): number {
  return native.SSL_get_recv_max_early_data(sslId(ssl));
}

/** SSL_EARLY_DATA_NOT_SENT, _REJECTED or _ACCEPTED. SSL_get_early_data_status(3). */
export function SSL_get_early_data_status(ssl: SSL): number {
  return native.SSL_get_early_data_status(sslId(ssl));
}

/** SSL_set_options(3). */
export function SSL_set_options(ssl: SSL, options: number): number {
  return native.SSL_set_options(sslId(ssl), options);
}

/** SSL_get_options(3). */
export function SSL_get_options(ssl: SSL): number {
  return native.SSL_get_options(sslId(ssl));
}

/** SSL_clear_options(3). */
export function SSL_clear_options(ssl: SSL, options: number): number {
  return native.SSL_clear_options(sslId(ssl), options);
}

/** SSL_set_min_proto_version(3). */
export function SSL_set_min_proto_version(ssl: SSL, version: number): number {
  return native.SSL_set_min_proto_version(sslId(ssl), version);
}

/** SSL_set_max_proto_version(3). */
export function SSL_set_max_proto_version(ssl: SSL, version: number): number {
  return native.SSL_set_max_proto_version(sslId(ssl), version);
}

/** SSL_set_cipher_list(3). */
export function SSL_set_cipher_list(ssl: SSL, list: string): number {
  return native.SSL_set_cipher_list(sslId(ssl), list);
}

/** SSL_set_ciphersuites(3). */
export function SSL_set_ciphersuites(ssl: SSL, list: string): number {
  return native.SSL_set_ciphersuites(sslId(ssl), list);
}

/** SSL_VERIFY_* bits. SSL_set_verify(3). */
export function SSL_set_verify(ssl: SSL, mode: number): void {
  native.SSL_set_verify(sslId(ssl), mode);
}

/** An X509_V_* code; X509_V_OK also when there is no certificate. SSL_get_verify_result(3). */
export function SSL_get_verify_result(ssl: SSL): number {
  return native.SSL_get_verify_result(sslId(ssl));
}

/** SSL_version(3). */
export function SSL_version(ssl: SSL): number {
  return native.SSL_version(sslId(ssl));
}

/** As `TLSv1.3`. SSL_get_version(3). */
export function SSL_get_version(ssl: SSL): string {
  return native.SSL_get_version(sslId(ssl));
}

/** Six letters. SSL_state_string(3). */
export function SSL_state_string(ssl: SSL): string {
  return native.SSL_state_string(sslId(ssl));
}

/** SSL_state_string_long(3). */
export function SSL_state_string_long(ssl: SSL): string {
  return native.SSL_state_string_long(sslId(ssl));
}

/** SSL_get_current_cipher(3). */
export function SSL_get_current_cipher(ssl: SSL): SSL_CIPHER | null {
  return native.SSL_get_current_cipher(sslId(ssl));
}

/** SSL_get1_peer_certificate(3). */
export function SSL_get1_peer_certificate(ssl: SSL): X509 | null {
  return native.SSL_get1_peer_certificate(sslId(ssl));
}

/** SSL_VERIFY_* bits. SSL_get_verify_mode(3). */
export function SSL_get_verify_mode(ssl: SSL): number {
  return native.SSL_get_verify_mode(sslId(ssl));
}

/** Makes a client ask for a stapled OCSP response: type is TLSEXT_STATUSTYPE_ocsp; 1 or 0. SSL_set_tlsext_status_type(3). */
export function SSL_set_tlsext_status_type(ssl: SSL, type: number): number {
  return native.SSL_set_tlsext_status_type(sslId(ssl), type);
}

/** The OCSP response that the server stapled, in DER. SSL_get_tlsext_status_ocsp_resp(3). */
export function SSL_get_tlsext_status_ocsp_resp(ssl: SSL): Buffer | null {
  return native.SSL_get_tlsext_status_ocsp_resp(sslId(ssl));
}

/** The own certificate; null without one. SSL_get_certificate(3). */
export function SSL_get_certificate(ssl: SSL): X509 | null {
  return native.SSL_get_certificate(sslId(ssl));
}

/** Bytes of plaintext in one record, 512 to 16384; 1 or 0. SSL_set_max_send_fragment(3). */
export function SSL_set_max_send_fragment(ssl: SSL, bytes: number): number {
  return native.SSL_set_max_send_fragment(sslId(ssl), bytes);
}

/** As sent; null after resumption. SSL_get_peer_cert_chain(3). */
export function SSL_get_peer_cert_chain(ssl: SSL): X509[] | null {
  return native.SSL_get_peer_cert_chain(sslId(ssl));
}

/** The protocol chosen by ALPN. SSL_get0_alpn_selected(3). */
export function SSL_get0_alpn_selected(ssl: SSL): Buffer | null {
  return native.SSL_get0_alpn_selected(sslId(ssl));
}

/** What a client offers: each protocol behind a byte of its length. 0 on success. SSL_set_alpn_protos(3). */
export function SSL_set_alpn_protos(ssl: SSL, protocols: Uint8Array): number {
  return native.SSL_set_alpn_protos(sslId(ssl), protocols);
}

/** Type is TLSEXT_NAMETYPE_host_name. SSL_get_servername(3). */
export function SSL_get_servername(ssl: SSL, type: number): string | null {
  return native.SSL_get_servername(sslId(ssl), type);
}

/** The server name that a client sends; 1 or 0. SSL_set_tlsext_host_name(3). */
export function SSL_set_tlsext_host_name(ssl: SSL, name: string | null): number {
  return native.SSL_set_tlsext_host_name(sslId(ssl), name);
}

/** The name that the peer's certificate must have; 1 or 0. SSL_set1_host(3). */
export function SSL_set1_host(ssl: SSL, name: string): number {
  return native.SSL_set1_host(sslId(ssl), name);
}

/** SSL_get_psk_identity(3). */
export function SSL_get_psk_identity(ssl: SSL): string | null {
  return native.SSL_get_psk_identity(sslId(ssl));
}

/** SSL_get_psk_identity_hint(3). */
export function SSL_get_psk_identity_hint(ssl: SSL): string | null {
  return native.SSL_get_psk_identity_hint(sslId(ssl));
}

/** SSL_use_psk_identity_hint(3). */
export function SSL_use_psk_identity_hint(ssl: SSL, hint: string): number {
  return native.SSL_use_psk_identity_hint(sslId(ssl), hint);
}

/** 1 when the extended master secret is used, 0 when not, -1 when not known yet. SSL_get_extms_support(3). */
export function SSL_get_extms_support(ssl: SSL): number {
  return native.SSL_get_extms_support(sslId(ssl));
}

/** 1 or 0. SSL_get_secure_renegotiation_support(3). */
export function SSL_get_secure_renegotiation_support(ssl: SSL): number {
  return native.SSL_get_secure_renegotiation_support(sslId(ssl));
}

/** The last Finished message sent. SSL_get_finished(3). */
export function SSL_get_finished(ssl: SSL): Buffer {
  return native.SSL_get_finished(sslId(ssl));
}

/** The last Finished message received. SSL_get_finished(3). */
export function SSL_get_peer_finished(ssl: SSL): Buffer {
  return native.SSL_get_peer_finished(sslId(ssl));
}

/** RFC 5705; 1 to 65536 bytes. SSL_export_keying_material(3). */
export function SSL_export_keying_material(
  ssl: SSL,
  length: number,
  label: string,
  context: Uint8Array | null,
): Buffer | null {
  return native.SSL_export_keying_material(sslId(ssl), length, label, context);
}

/** OpenSSL's name. SSL_CIPHER_get_name(3). */
export function SSL_CIPHER_get_name(cipher: SSL_CIPHER): string {
  return native.SSL_CIPHER_get_name(cipherId(cipher));
}

/** The RFC's name. SSL_CIPHER_standard_name(3). */
export function SSL_CIPHER_standard_name(cipher: SSL_CIPHER): string | null {
  return native.SSL_CIPHER_standard_name(cipherId(cipher));
}

/** SSL_CIPHER_get_version(3). */
export function SSL_CIPHER_get_version(cipher: SSL_CIPHER): string {
  return native.SSL_CIPHER_get_version(cipherId(cipher));
}

/** SSL_CIPHER_get_id(3). */
export function SSL_CIPHER_get_id(cipher: SSL_CIPHER): number {
  return native.SSL_CIPHER_get_id(cipherId(cipher));
}

/** The two bytes of the wire. SSL_CIPHER_get_protocol_id(3). */
export function SSL_CIPHER_get_protocol_id(cipher: SSL_CIPHER): number {
  return native.SSL_CIPHER_get_protocol_id(cipherId(cipher));
}
