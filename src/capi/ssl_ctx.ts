// Contexts (SSL_CTX): what a TLS endpoint needs set on them.
import {
  contextId,
  type EVP_PKEY,
  methodId,
  pkeyId,
  type SSL_CIPHER,
  type SSL_CTX,
  type SSL_METHOD,
  type X509,
  type X509_STORE,
  x509Id,
} from './handles.ts';
import { native } from './loader.ts';

/** TLS of any version, either role. TLS_method(3). */
export function TLS_method(): SSL_METHOD {
  return native.TLS_method();
}

/** TLS of any version, servers. TLS_method(3). */
export function TLS_server_method(): SSL_METHOD {
  return native.TLS_server_method();
}

/** TLS of any version, clients. TLS_method(3). */
export function TLS_client_method(): SSL_METHOD {
  return native.TLS_client_method();
}

/**
 * A new context. Two settings differ from C's: passwords are never asked for on the terminal, and
 * SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER is on, because each write passes a copy of the bytes. SSL_CTX_new(3).
 */
export function SSL_CTX_new(method: SSL_METHOD): SSL_CTX {
  return native.SSL_CTX_new(methodId(method));
}

/** One more reference for the handle: 1, or 0 on failure. SSL_CTX_up_ref(3). */
export function SSL_CTX_up_ref(ctx: SSL_CTX): number {
  return native.SSL_CTX_up_ref(contextId(ctx));
}

/**
 * Gives back one reference of the handle. With the last one of all, the cache is emptied and the remove callback hears
 * of each session. SSL_CTX_free(3).
 */
export function SSL_CTX_free(ctx: SSL_CTX): void {
  native.SSL_CTX_free(contextId(ctx));
}

/** Adds SSL_OP_* bits; the new bits. SSL_CTX_set_options(3). */
export function SSL_CTX_set_options(ctx: SSL_CTX, options: number): number {
  return native.SSL_CTX_set_options(contextId(ctx), options);
}

/** The SSL_OP_* bits. SSL_CTX_get_options(3). */
export function SSL_CTX_get_options(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_options(contextId(ctx));
}

/** Removes SSL_OP_* bits; the new bits. SSL_CTX_clear_options(3). */
export function SSL_CTX_clear_options(ctx: SSL_CTX, options: number): number {
  return native.SSL_CTX_clear_options(contextId(ctx), options);
}

/** Adds SSL_MODE_* bits; the new bits. SSL_CTX_set_mode(3). */
export function SSL_CTX_set_mode(ctx: SSL_CTX, mode: number): number {
  return native.SSL_CTX_set_mode(contextId(ctx), mode);
}

/** The SSL_MODE_* bits. SSL_CTX_get_mode(3). */
export function SSL_CTX_get_mode(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_mode(contextId(ctx));
}

/** Lowest protocol version, 0 for the lowest there is; 1 or 0. SSL_CTX_set_min_proto_version(3). */
export function SSL_CTX_set_min_proto_version(ctx: SSL_CTX, version: number): number {
  return native.SSL_CTX_set_min_proto_version(contextId(ctx), version);
}

/** Highest protocol version, 0 for the highest there is; 1 or 0. SSL_CTX_set_max_proto_version(3). */
export function SSL_CTX_set_max_proto_version(ctx: SSL_CTX, version: number): number {
  return native.SSL_CTX_set_max_proto_version(contextId(ctx), version);
}

/** Lowest protocol version, 0 when not limited. SSL_CTX_get_min_proto_version(3). */
export function SSL_CTX_get_min_proto_version(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_min_proto_version(contextId(ctx));
}

/** Highest protocol version, 0 when not limited. SSL_CTX_get_max_proto_version(3). */
export function SSL_CTX_get_max_proto_version(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_max_proto_version(contextId(ctx));
}

/** Cipher suites up to TLS 1.2; 1, or 0 when none remains. SSL_CTX_set_cipher_list(3). */
export function SSL_CTX_set_cipher_list(ctx: SSL_CTX, list: string): number {
  return native.SSL_CTX_set_cipher_list(contextId(ctx), list);
}

/** Cipher suites of TLS 1.3; 1 or 0. SSL_CTX_set_ciphersuites(3). */
export function SSL_CTX_set_ciphersuites(ctx: SSL_CTX, list: string): number {
  return native.SSL_CTX_set_ciphersuites(contextId(ctx), list);
}

/** The configured cipher suites, preferred ones first. SSL_CTX_get_ciphers(3). */
export function SSL_CTX_get_ciphers(ctx: SSL_CTX): SSL_CIPHER[] {
  return native.SSL_CTX_get_ciphers(contextId(ctx));
}

/** Key exchange groups, as `X25519:P-256`; 1 or 0. SSL_CTX_set1_groups_list(3). */
export function SSL_CTX_set1_groups_list(ctx: SSL_CTX, list: string): number {
  return native.SSL_CTX_set1_groups_list(contextId(ctx), list);
}

/** Signature algorithms; 1 or 0. SSL_CTX_set1_sigalgs_list(3). */
export function SSL_CTX_set1_sigalgs_list(ctx: SSL_CTX, list: string): number {
  return native.SSL_CTX_set1_sigalgs_list(contextId(ctx), list);
}

/** Signature algorithms for client certificates; 1 or 0. SSL_CTX_set1_client_sigalgs_list(3). */
export function SSL_CTX_set1_client_sigalgs_list(ctx: SSL_CTX, list: string): number {
  return native.SSL_CTX_set1_client_sigalgs_list(contextId(ctx), list);
}

/** DH parameters up to TLS 1.2; 1 or 0. The handle keeps its reference. SSL_CTX_set0_tmp_dh_pkey(3). */
export function SSL_CTX_set0_tmp_dh_pkey(ctx: SSL_CTX, key: EVP_PKEY): number {
  return native.SSL_CTX_set0_tmp_dh_pkey(contextId(ctx), pkeyId(key));
}

/** Built-in DH parameters: 1 by key size, 2 for 1024 bits, 0 none. SSL_CTX_set_dh_auto(3). */
export function SSL_CTX_set_dh_auto(ctx: SSL_CTX, on: number): number {
  return native.SSL_CTX_set_dh_auto(contextId(ctx), on);
}

/** Security level, 0 to 5. SSL_CTX_set_security_level(3). */
export function SSL_CTX_set_security_level(ctx: SSL_CTX, level: number): void {
  native.SSL_CTX_set_security_level(contextId(ctx), level);
}

/** Security level, 0 to 5. SSL_CTX_get_security_level(3). */
export function SSL_CTX_get_security_level(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_security_level(contextId(ctx));
}

/** Certificate and chain from a PEM file; 1 or 0. SSL_CTX_use_certificate_chain_file(3). */
export function SSL_CTX_use_certificate_chain_file(ctx: SSL_CTX, path: string): number {
  return native.SSL_CTX_use_certificate_chain_file(contextId(ctx), path);
}

/** Certificate from a file, SSL_FILETYPE_PEM or _ASN1; 1 or 0. SSL_CTX_use_certificate_file(3). */
export function SSL_CTX_use_certificate_file(ctx: SSL_CTX, path: string, type: number): number {
  return native.SSL_CTX_use_certificate_file(contextId(ctx), path, type);
}

/** Private key from a file, SSL_FILETYPE_PEM or _ASN1; 1 or 0. SSL_CTX_use_PrivateKey_file(3). */
export function SSL_CTX_use_PrivateKey_file(ctx: SSL_CTX, path: string, type: number): number {
  return native.SSL_CTX_use_PrivateKey_file(contextId(ctx), path, type);
}

/** The certificate to show; 1 or 0. SSL_CTX_use_certificate(3). */
export function SSL_CTX_use_certificate(ctx: SSL_CTX, certificate: X509): number {
  return native.SSL_CTX_use_certificate(contextId(ctx), x509Id(certificate));
}

/** The private key of the certificate; 1 or 0. SSL_CTX_use_PrivateKey(3). */
export function SSL_CTX_use_PrivateKey(ctx: SSL_CTX, key: EVP_PKEY): number {
  return native.SSL_CTX_use_PrivateKey(contextId(ctx), pkeyId(key));
}

/** One more certificate for the chain that is sent; 1 or 0. SSL_CTX_add1_chain_cert(3). */
export function SSL_CTX_add1_chain_cert(ctx: SSL_CTX, certificate: X509): number {
  return native.SSL_CTX_add1_chain_cert(contextId(ctx), x509Id(certificate));
}

/** Forgets the chain of the current certificate; 1 or 0. SSL_CTX_clear_chain_certs(3). */
export function SSL_CTX_clear_chain_certs(ctx: SSL_CTX): number {
  return native.SSL_CTX_clear_chain_certs(contextId(ctx));
}

/** Whether key and certificate belong together; 1 or 0. SSL_CTX_check_private_key(3). */
export function SSL_CTX_check_private_key(ctx: SSL_CTX): number {
  return native.SSL_CTX_check_private_key(contextId(ctx));
}

/** The certificates that are sent behind the own one. SSL_CTX_get0_chain_certs(3). */
export function SSL_CTX_get0_chain_certs(ctx: SSL_CTX): X509[] {
  return native.SSL_CTX_get0_chain_certs(contextId(ctx));
}

/** The certificate to show. SSL_CTX_get0_certificate(3). */
export function SSL_CTX_get0_certificate(ctx: SSL_CTX): X509 | null {
  return native.SSL_CTX_get0_certificate(contextId(ctx));
}

/** SSL_VERIFY_* bits. SSL_CTX_set_verify(3). */
export function SSL_CTX_set_verify(ctx: SSL_CTX, mode: number): void {
  native.SSL_CTX_set_verify(contextId(ctx), mode);
}

/** SSL_VERIFY_* bits. SSL_CTX_get_verify_mode(3). */
export function SSL_CTX_get_verify_mode(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_verify_mode(contextId(ctx));
}

/** Longest chain, in intermediate certificates, 0 to 100. SSL_CTX_set_verify_depth(3). */
export function SSL_CTX_set_verify_depth(ctx: SSL_CTX, depth: number): void {
  native.SSL_CTX_set_verify_depth(contextId(ctx), depth);
}

/** Longest chain, -1 when not set. SSL_CTX_get_verify_depth(3). */
export function SSL_CTX_get_verify_depth(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_verify_depth(contextId(ctx));
}

/** Trusted certificates from a PEM file, a hashed directory, or both; 1 or 0. SSL_CTX_load_verify_locations(3). */
export function SSL_CTX_load_verify_locations(ctx: SSL_CTX, file: string | null, path: string | null): number {
  return native.SSL_CTX_load_verify_locations(contextId(ctx), file, path);
}

/** Trusts the certificates of OPENSSLDIR; 1 or 0. SSL_CTX_set_default_verify_paths(3). */
export function SSL_CTX_set_default_verify_paths(ctx: SSL_CTX): number {
  return native.SSL_CTX_set_default_verify_paths(contextId(ctx));
}

/** A name for the list that a server sends with its certificate request; 1 or 0. SSL_CTX_add_client_CA(3). */
export function SSL_CTX_add_client_CA(ctx: SSL_CTX, certificate: X509): number {
  return native.SSL_CTX_add_client_CA(contextId(ctx), x509Id(certificate));
}

/** What the context trusts. SSL_CTX_get_cert_store(3). */
export function SSL_CTX_get_cert_store(ctx: SSL_CTX): X509_STORE {
  return native.SSL_CTX_get_cert_store(contextId(ctx));
}

/** What a client offers by ALPN: each protocol behind a byte of its length. 0 on success. SSL_CTX_set_alpn_protos(3). */
export function SSL_CTX_set_alpn_protos(ctx: SSL_CTX, protocols: Uint8Array): number {
  return native.SSL_CTX_set_alpn_protos(contextId(ctx), protocols);
}

/** 1: no close_notify is sent. SSL_CTX_set_quiet_shutdown(3). */
export function SSL_CTX_set_quiet_shutdown(ctx: SSL_CTX, on: number): void {
  native.SSL_CTX_set_quiet_shutdown(contextId(ctx), on);
}

/** SSL_CTX_get_quiet_shutdown(3). */
export function SSL_CTX_get_quiet_shutdown(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_quiet_shutdown(contextId(ctx));
}

/** Tickets after a full TLS 1.3 handshake, 0 to 32, default 2. SSL_CTX_set_num_tickets(3). */
export function SSL_CTX_set_num_tickets(ctx: SSL_CTX, count: number): number {
  return native.SSL_CTX_set_num_tickets(contextId(ctx), count);
}

/** SSL_CTX_get_num_tickets(3). */
export function SSL_CTX_get_num_tickets(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_num_tickets(contextId(ctx));
}

/** The 80 bytes of libssl's own ticket keys: 16 name, 32 HMAC, 32 AES; 1 or 0. SSL_CTX_set_tlsext_ticket_key_cb(3). */
export function SSL_CTX_set_tlsext_ticket_keys(ctx: SSL_CTX, keys: Uint8Array): number {
  return native.SSL_CTX_set_tlsext_ticket_keys(contextId(ctx), keys);
}

/** The 80 bytes of the ticket keys: a secret. SSL_CTX_set_tlsext_ticket_key_cb(3). */
export function SSL_CTX_get_tlsext_ticket_keys(ctx: SSL_CTX): Buffer | null {
  return native.SSL_CTX_get_tlsext_ticket_keys(contextId(ctx));
}

/** Most early data that tickets promise, in bytes, default 0; 1. SSL_CTX_set_max_early_data(3). */
export function SSL_CTX_set_max_early_data(ctx: SSL_CTX, bytes: number): number {
  return native.SSL_CTX_set_max_early_data(contextId(ctx), bytes);
}

/** SSL_CTX_get_max_early_data(3). */
export function SSL_CTX_get_max_early_data(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_max_early_data(contextId(ctx));
}

/** Most early data that is read, in bytes, default 16384; 1. SSL_CTX_set_recv_max_early_data(3). */
export function SSL_CTX_set_recv_max_early_data(ctx: SSL_CTX, bytes: number): number {
  return native.SSL_CTX_set_recv_max_early_data(contextId(ctx), bytes);
}

/** SSL_CTX_get_recv_max_early_data(3). */
export function SSL_CTX_get_recv_max_early_data(ctx: SSL_CTX): number {
  return native.SSL_CTX_get_recv_max_early_data(contextId(ctx));
}

/** Hint for clients with pre-shared keys up to TLS 1.2; 1 or 0. SSL_CTX_use_psk_identity_hint(3). */
export function SSL_CTX_use_psk_identity_hint(ctx: SSL_CTX, hint: string): number {
  return native.SSL_CTX_use_psk_identity_hint(contextId(ctx), hint);
}
