// What every function of capi takes and gives. misuse.test.ts fails when an exported function has no row here.

/** Handles, by the name of their class. */
export type HandleKind =
  | 'SSL_METHOD'
  | 'SSL_CIPHER'
  | 'SSL_CTX'
  | 'SSL'
  | 'SSL_SESSION'
  | 'BIO'
  | 'X509'
  | 'EVP_PKEY'
  | 'X509_STORE'
  | 'X509_CRL'
  | 'PKCS12';

export const HANDLE_KINDS: readonly HandleKind[] = [
  'SSL_METHOD',
  'SSL_CIPHER',
  'SSL_CTX',
  'SSL',
  'SSL_SESSION',
  'BIO',
  'X509',
  'EVP_PKEY',
  'X509_STORE',
  'X509_CRL',
  'PKCS12',
];

/** 'out' is a Uint8Array to be filled; 'any' takes whatever there is. */
export type ParameterKind = HandleKind | 'integer' | 'bytes' | 'out' | 'string' | 'callback' | 'bio method' | 'any';

export interface Parameter {
  kind: ParameterKind;
  /** null is legal, and with 'maybe' also undefined. */
  or?: 'null' | 'maybe';
  /** A value that means something to this function. */
  valid?: unknown;
}

/** A trailing ? allows null. */
export type ResultKind =
  | 'number'
  | 'void'
  | 'boolean'
  | 'bytes'
  | 'bytes?'
  | 'string'
  | 'string?'
  | 'list'
  | 'list?'
  | 'object'
  | 'object?'
  | 'callback?'
  | HandleKind
  | `${HandleKind}?`;

export interface Signature {
  parameters: readonly Parameter[];
  result: ResultKind;
  /** Gives back a reference of its first argument. */
  frees?: true;
  /** May change which sessions are in a cache. */
  changesCache?: true;
  /** Reads or writes errors, so that the queue after it says nothing. */
  queue?: true;
}

const ctx: Parameter = { kind: 'SSL_CTX' };
const ssl: Parameter = { kind: 'SSL' };
const session: Parameter = { kind: 'SSL_SESSION' };
const sessionOrNull: Parameter = { kind: 'SSL_SESSION', or: 'null' };
const method: Parameter = { kind: 'SSL_METHOD' };
const cipher: Parameter = { kind: 'SSL_CIPHER' };
const bio: Parameter = { kind: 'BIO' };
const bioOrNull: Parameter = { kind: 'BIO', or: 'null' };
const x509: Parameter = { kind: 'X509' };
const pkey: Parameter = { kind: 'EVP_PKEY' };
const store: Parameter = { kind: 'X509_STORE' };
const crl: Parameter = { kind: 'X509_CRL' };
const pkcs12: Parameter = { kind: 'PKCS12' };
const out: Parameter = { kind: 'out' };
const callback: Parameter = { kind: 'callback', or: 'null' };
const password: Parameter = { kind: 'string', or: 'maybe', valid: 'password' };

const integer = (valid: number): Parameter => ({ kind: 'integer', valid });
const string = (valid: string): Parameter => ({ kind: 'string', valid });
const stringOrNull = (valid: string): Parameter => ({ kind: 'string', or: 'null', valid });
const bytes = (valid: Uint8Array): Parameter => ({ kind: 'bytes', valid });

const CHANGES_CACHE = { changesCache: true } as const;
const FREES = { frees: true, changesCache: true } as const;
const QUEUE = { queue: true } as const;

function row(parameters: readonly Parameter[], result: ResultKind, more: Partial<Signature> = {}): Signature {
  return { parameters, result, ...more };
}

const some = new Uint8Array([1, 2, 3]);
const alpn = new Uint8Array([2, 0x68, 0x32]);

const library: Record<string, Signature> = {
  has: row([{ kind: 'any', valid: 'SSL_CTX_new' }], 'boolean'),
  'debug.live': row([], 'object'),
  'debug.liveHandles': row([], 'object'),
  'debug.errorQueueDepth': row([], 'number'),
  ERR_get_error: row([], 'number', QUEUE),
  ERR_peek_error: row([], 'number', QUEUE),
  ERR_peek_last_error: row([], 'number', QUEUE),
  ERR_get_error_all: row([], 'object?', QUEUE),
  ERR_clear_error: row([], 'void', QUEUE),
  ERR_error_string: row([integer(0x0a0000c1)], 'string'),
  ERR_lib_error_string: row([integer(0x0a0000c1)], 'string?'),
  ERR_reason_error_string: row([integer(0x0a0000c1)], 'string?'),
  ERR_GET_LIB: row([integer(0x0a0000c1)], 'number'),
  ERR_GET_REASON: row([integer(0x0a0000c1)], 'number'),
  OpenSSL_version: row([integer(0)], 'string'),
  OpenSSL_version_num: row([], 'number'),
};

const bios: Record<string, Signature> = {
  BIO_s_mem: row([], 'string'),
  BIO_new: row([{ kind: 'bio method' }], 'BIO'),
  BIO_new_bio_pair: row([integer(0), integer(100)], 'list'),
  BIO_up_ref: row([bio], 'number'),
  BIO_free: row([bio], 'number', FREES),
  BIO_read: row([bio, out], 'number'),
  BIO_write: row([bio, bytes(some)], 'number'),
  BIO_ctrl_pending: row([bio], 'number'),
  BIO_ctrl_wpending: row([bio], 'number'),
  BIO_ctrl_get_write_guarantee: row([bio], 'number'),
  BIO_eof: row([bio], 'number'),
  BIO_should_retry: row([bio], 'number'),
  BIO_shutdown_wr: row([bio], 'number'),
  BIO_set_mem_eof_return: row([bio, integer(-1)], 'number'),
};

const certificates: Record<string, Signature> = {
  PEM_read_bio_X509: row([bio, password], 'X509?'),
  PEM_read_bio_X509_AUX: row([bio, password], 'X509?'),
  PEM_read_bio_X509_CRL: row([bio, password], 'X509_CRL?'),
  PEM_read_bio_PrivateKey: row([bio, password], 'EVP_PKEY?'),
  PEM_read_bio_Parameters: row([bio], 'EVP_PKEY?'),
  PEM_write_bio_X509: row([bio, x509], 'number'),
  d2i_X509: row([bytes(some)], 'X509?'),
  i2d_X509: row([x509], 'bytes?'),
  d2i_PKCS12: row([bytes(some)], 'PKCS12?'),
  PKCS12_parse: row([pkcs12, password], 'list?'),
  PKCS12_free: row([pkcs12], 'void', FREES),
  X509_STORE_add_cert: row([store, x509], 'number'),
  X509_STORE_add_crl: row([store, crl], 'number'),
  X509_STORE_set_flags: row([store, integer(0)], 'number'),
  X509_verify_cert_error_string: row([integer(18)], 'string'),
  X509_up_ref: row([x509], 'number'),
  X509_free: row([x509], 'void', FREES),
  X509_CRL_up_ref: row([crl], 'number'),
  X509_CRL_free: row([crl], 'void', FREES),
  X509_STORE_up_ref: row([store], 'number'),
  X509_STORE_free: row([store], 'void', FREES),
  EVP_PKEY_up_ref: row([pkey], 'number'),
  EVP_PKEY_free: row([pkey], 'void', FREES),
};

const contexts: Record<string, Signature> = {
  TLS_method: row([], 'SSL_METHOD'),
  TLS_server_method: row([], 'SSL_METHOD'),
  TLS_client_method: row([], 'SSL_METHOD'),
  SSL_CTX_new: row([method], 'SSL_CTX'),
  SSL_CTX_up_ref: row([ctx], 'number'),
  SSL_CTX_free: row([ctx], 'void', FREES),
  SSL_CTX_set_options: row([ctx, integer(0)], 'number'),
  SSL_CTX_get_options: row([ctx], 'number'),
  SSL_CTX_clear_options: row([ctx, integer(0)], 'number'),
  SSL_CTX_set_mode: row([ctx, integer(1)], 'number'),
  SSL_CTX_get_mode: row([ctx], 'number'),
  SSL_CTX_set_min_proto_version: row([ctx, integer(0x0303)], 'number'),
  SSL_CTX_set_max_proto_version: row([ctx, integer(0x0304)], 'number'),
  SSL_CTX_get_min_proto_version: row([ctx], 'number'),
  SSL_CTX_get_max_proto_version: row([ctx], 'number'),
  SSL_CTX_set_cipher_list: row([ctx, string('DEFAULT')], 'number'),
  SSL_CTX_set_ciphersuites: row([ctx, string('TLS_AES_128_GCM_SHA256')], 'number'),
  SSL_CTX_get_ciphers: row([ctx], 'list'),
  SSL_CTX_set1_groups_list: row([ctx, string('P-256')], 'number'),
  SSL_CTX_set1_sigalgs_list: row([ctx, string('ECDSA+SHA256')], 'number'),
  SSL_CTX_set1_client_sigalgs_list: row([ctx, string('ECDSA+SHA256')], 'number'),
  SSL_CTX_set0_tmp_dh_pkey: row([ctx, pkey], 'number'),
  SSL_CTX_set_dh_auto: row([ctx, integer(1)], 'number'),
  SSL_CTX_set_security_level: row([ctx, integer(1)], 'void'),
  SSL_CTX_get_security_level: row([ctx], 'number'),
  SSL_CTX_use_certificate_chain_file: row([ctx, string('no-such-file')], 'number'),
  SSL_CTX_use_certificate_file: row([ctx, string('no-such-file'), integer(1)], 'number'),
  SSL_CTX_use_PrivateKey_file: row([ctx, string('no-such-file'), integer(1)], 'number'),
  SSL_CTX_use_certificate: row([ctx, x509], 'number'),
  SSL_CTX_use_PrivateKey: row([ctx, pkey], 'number'),
  SSL_CTX_add1_chain_cert: row([ctx, x509], 'number'),
  SSL_CTX_clear_chain_certs: row([ctx], 'number'),
  SSL_CTX_check_private_key: row([ctx], 'number'),
  SSL_CTX_get0_certificate: row([ctx], 'X509?'),
  SSL_CTX_set_verify: row([ctx, integer(0)], 'void'),
  SSL_CTX_get_verify_mode: row([ctx], 'number'),
  SSL_CTX_set_verify_depth: row([ctx, integer(9)], 'void'),
  SSL_CTX_get_verify_depth: row([ctx], 'number'),
  SSL_CTX_load_verify_locations: row([ctx, stringOrNull('no-such-file'), stringOrNull('no-such-dir')], 'number'),
  SSL_CTX_set_default_verify_paths: row([ctx], 'number'),
  SSL_CTX_add_client_CA: row([ctx, x509], 'number'),
  SSL_CTX_get_cert_store: row([ctx], 'X509_STORE'),
  SSL_CTX_set_alpn_protos: row([ctx, bytes(alpn)], 'number'),
  SSL_CTX_set_quiet_shutdown: row([ctx, integer(0)], 'void'),
  SSL_CTX_get_quiet_shutdown: row([ctx], 'number'),
  SSL_CTX_set_num_tickets: row([ctx, integer(2)], 'number'),
  SSL_CTX_get_num_tickets: row([ctx], 'number'),
  SSL_CTX_set_tlsext_ticket_keys: row([ctx, bytes(new Uint8Array(80))], 'number'),
  SSL_CTX_get_tlsext_ticket_keys: row([ctx], 'bytes?'),
  SSL_CTX_set_max_early_data: row([ctx, integer(0)], 'number'),
  SSL_CTX_get_max_early_data: row([ctx], 'number'),
  SSL_CTX_set_recv_max_early_data: row([ctx, integer(0)], 'number'),
  SSL_CTX_get_recv_max_early_data: row([ctx], 'number'),
  SSL_CTX_use_psk_identity_hint: row([ctx, string('hint')], 'number'),
};

const COUNTERS = [
  'number',
  'connect',
  'connect_good',
  'connect_renegotiate',
  'accept',
  'accept_good',
  'accept_renegotiate',
  'hits',
  'cb_hits',
  'misses',
  'timeouts',
  'cache_full',
];

const cache: Record<string, Signature> = {
  ...Object.fromEntries(COUNTERS.map((name) => [`SSL_CTX_sess_${name}`, row([ctx], 'number')])),
  SSL_CTX_add_session: row([ctx, session], 'number', CHANGES_CACHE),
  SSL_CTX_remove_session: row([ctx, sessionOrNull], 'number', CHANGES_CACHE),
  SSL_CTX_set_session_cache_mode: row([ctx, integer(2)], 'number'),
  SSL_CTX_get_session_cache_mode: row([ctx], 'number'),
  SSL_CTX_sess_set_cache_size: row([ctx, integer(100)], 'number'),
  SSL_CTX_sess_get_cache_size: row([ctx], 'number'),
  SSL_CTX_set_timeout: row([ctx, integer(300)], 'number'),
  SSL_CTX_get_timeout: row([ctx], 'number'),
  SSL_CTX_flush_sessions: row([ctx, integer(1)], 'void', CHANGES_CACHE),
  SSL_CTX_flush_sessions_ex: row([ctx, integer(1)], 'void', CHANGES_CACHE),
  SSL_CTX_sessions: row([ctx], 'list'),
  lh_SSL_SESSION_retrieve: row([ctx, session], 'SSL_SESSION?'),
  SSL_CTX_set_session_id_context: row([ctx, bytes(some)], 'number'),
};

const callbacks: Record<string, Signature> = {
  SSL_CTX_sess_set_new_cb: row([ctx, callback], 'void'),
  SSL_CTX_sess_get_new_cb: row([ctx], 'callback?'),
  SSL_CTX_sess_set_remove_cb: row([ctx, callback], 'void'),
  SSL_CTX_sess_get_remove_cb: row([ctx], 'callback?'),
  SSL_CTX_sess_set_get_cb: row([ctx, callback], 'void'),
  SSL_CTX_sess_get_get_cb: row([ctx], 'callback?'),
  SSL_CTX_set_client_hello_cb: row([ctx, callback], 'void'),
  SSL_CTX_set_generate_session_id: row([ctx, callback], 'number'),
  SSL_set_generate_session_id: row([ssl, callback], 'number'),
  SSL_CTX_set_not_resumable_session_callback: row([ctx, callback], 'void'),
  SSL_set_not_resumable_session_callback: row([ssl, callback], 'void'),
  SSL_CTX_set_psk_find_session_callback: row([ctx, callback], 'void'),
  SSL_set_psk_find_session_callback: row([ssl, callback], 'void'),
  SSL_CTX_set_psk_use_session_callback: row([ctx, callback], 'void'),
  SSL_set_psk_use_session_callback: row([ssl, callback], 'void'),
  SSL_CTX_set_session_ticket_cb: row([ctx, callback, callback], 'number'),
  SSL_CTX_set_tlsext_ticket_key_evp_cb: row([ctx, callback], 'number'),
  SSL_CTX_set_allow_early_data_cb: row([ctx, callback], 'void'),
  SSL_set_allow_early_data_cb: row([ssl, callback], 'void'),
  SSL_CTX_set_tlsext_servername_callback: row([ctx, callback], 'void'),
  SSL_CTX_set_alpn_select_cb: row([ctx, callback], 'void'),
  SSL_CTX_set_keylog_callback: row([ctx, callback], 'void'),
  SSL_CTX_get_keylog_callback: row([ctx], 'callback?'),
  SSL_CTX_set_info_callback: row([ctx, callback], 'void'),
  SSL_set_info_callback: row([ssl, callback], 'void'),
  SSL_CTX_set_msg_callback: row([ctx, callback], 'void'),
  SSL_set_msg_callback: row([ssl, callback], 'void'),
};

const clientHello: Record<string, Signature> = {
  SSL_client_hello_isv2: row([ssl], 'number'),
  SSL_client_hello_get0_legacy_version: row([ssl], 'number'),
  SSL_client_hello_get0_random: row([ssl], 'bytes?'),
  SSL_client_hello_get0_session_id: row([ssl], 'bytes?'),
  SSL_client_hello_get0_ciphers: row([ssl], 'bytes?'),
  SSL_client_hello_get0_compression_methods: row([ssl], 'bytes?'),
  SSL_client_hello_get0_ext: row([ssl, integer(43)], 'bytes?'),
  SSL_client_hello_get1_extensions_present: row([ssl], 'list?'),
};

const sessions: Record<string, Signature> = {
  SSL_SESSION_new: row([], 'SSL_SESSION'),
  SSL_SESSION_dup: row([session], 'SSL_SESSION'),
  SSL_SESSION_up_ref: row([session], 'number'),
  SSL_SESSION_free: row([session], 'void', FREES),
  SSL_SESSION_get_id: row([session], 'bytes'),
  SSL_SESSION_set1_id: row([session, bytes(some)], 'number'),
  SSL_SESSION_get0_id_context: row([session], 'bytes'),
  SSL_SESSION_set1_id_context: row([session, bytes(some)], 'number'),
  SSL_SESSION_get_master_key: row([session], 'bytes'),
  SSL_SESSION_set1_master_key: row([session, bytes(new Uint8Array(48))], 'number'),
  SSL_SESSION_get0_hostname: row([session], 'string?'),
  SSL_SESSION_set1_hostname: row([session, stringOrNull('localhost')], 'number'),
  SSL_SESSION_get0_alpn_selected: row([session], 'bytes?'),
  SSL_SESSION_set1_alpn_selected: row([session, bytes(some)], 'number'),
  SSL_SESSION_get0_ticket: row([session], 'bytes?'),
  SSL_SESSION_get0_ticket_appdata: row([session], 'bytes?'),
  SSL_SESSION_set1_ticket_appdata: row([session, bytes(some)], 'number'),
  SSL_SESSION_get0_cipher: row([session], 'SSL_CIPHER?'),
  SSL_SESSION_set_cipher: row([session, cipher], 'number'),
  SSL_SESSION_get0_peer: row([session], 'X509?'),
  SSL_SESSION_get_protocol_version: row([session], 'number'),
  SSL_SESSION_set_protocol_version: row([session, integer(0x0303)], 'number'),
  SSL_SESSION_get_compress_id: row([session], 'number'),
  SSL_SESSION_get_max_early_data: row([session], 'number'),
  SSL_SESSION_set_max_early_data: row([session, integer(0)], 'number'),
  SSL_SESSION_get_max_fragment_length: row([session], 'number'),
  SSL_SESSION_get_ticket_lifetime_hint: row([session], 'number'),
  SSL_SESSION_has_ticket: row([session], 'number'),
  SSL_SESSION_is_resumable: row([session], 'number'),
  SSL_SESSION_get_time: row([session], 'number'),
  SSL_SESSION_set_time: row([session, integer(1_700_000_000)], 'number'),
  SSL_SESSION_get_time_ex: row([session], 'number'),
  SSL_SESSION_set_time_ex: row([session, integer(1_700_000_000)], 'number'),
  SSL_SESSION_get_timeout: row([session], 'number'),
  SSL_SESSION_set_timeout: row([session, integer(300)], 'number'),
  i2d_SSL_SESSION: row([session], 'bytes?'),
  d2i_SSL_SESSION: row([bytes(some)], 'SSL_SESSION?'),
  i2d_SSL_SESSION_bio: row([bio, session], 'number'),
  d2i_SSL_SESSION_bio: row([bio], 'SSL_SESSION?'),
  PEM_read_bio_SSL_SESSION: row([bio], 'SSL_SESSION?'),
  PEM_write_bio_SSL_SESSION: row([bio, session], 'number'),
  SSL_SESSION_print: row([bio, session], 'number'),
  SSL_SESSION_print_keylog: row([bio, session], 'number'),
};

const connections: Record<string, Signature> = {
  SSL_new: row([ctx], 'SSL'),
  SSL_up_ref: row([ssl], 'number'),
  SSL_free: row([ssl], 'void', FREES),
  SSL_clear: row([ssl], 'number', CHANGES_CACHE),
  SSL_set_SSL_CTX: row([ssl, ctx], 'SSL_CTX'),
  SSL_get_SSL_CTX: row([ssl], 'SSL_CTX'),
  SSL_set_bio: row([ssl, bioOrNull, bioOrNull], 'void'),
  SSL_get_rbio: row([ssl], 'BIO?'),
  SSL_get_wbio: row([ssl], 'BIO?'),
  SSL_set_connect_state: row([ssl], 'void'),
  SSL_set_accept_state: row([ssl], 'void'),
  SSL_is_server: row([ssl], 'number'),
  SSL_do_handshake: row([ssl], 'number', CHANGES_CACHE),
  SSL_connect: row([ssl], 'number', CHANGES_CACHE),
  SSL_accept: row([ssl], 'number', CHANGES_CACHE),
  SSL_read: row([ssl, out], 'number', CHANGES_CACHE),
  SSL_peek: row([ssl, out], 'number', CHANGES_CACHE),
  SSL_write: row([ssl, bytes(some)], 'number', CHANGES_CACHE),
  SSL_read_early_data: row([ssl, out], 'object', CHANGES_CACHE),
  SSL_write_early_data: row([ssl, bytes(some)], 'number', CHANGES_CACHE),
  SSL_shutdown: row([ssl], 'number', CHANGES_CACHE),
  SSL_renegotiate: row([ssl], 'number'),
  SSL_renegotiate_abbreviated: row([ssl], 'number'),
  SSL_new_session_ticket: row([ssl], 'number'),
  SSL_verify_client_post_handshake: row([ssl], 'number'),
  SSL_get_error: row([ssl, integer(-1)], 'number'),
  SSL_get_shutdown: row([ssl], 'number'),
  SSL_set_shutdown: row([ssl, integer(0)], 'void'),
  SSL_set_quiet_shutdown: row([ssl, integer(0)], 'void'),
  SSL_pending: row([ssl], 'number'),
  SSL_has_pending: row([ssl], 'number'),
  SSL_in_init: row([ssl], 'number'),
  SSL_in_before: row([ssl], 'number'),
  SSL_is_init_finished: row([ssl], 'number'),
  SSL_want: row([ssl], 'number'),
  SSL_want_client_hello_cb: row([ssl], 'number'),
  SSL_set_session: row([ssl, sessionOrNull], 'number', CHANGES_CACHE),
  SSL_copy_session_id: row([ssl, ssl], 'number', CHANGES_CACHE),
  SSL_get_session: row([ssl], 'SSL_SESSION?'),
  SSL_get0_session: row([ssl], 'SSL_SESSION?'),
  SSL_get1_session: row([ssl], 'SSL_SESSION?'),
  SSL_session_reused: row([ssl], 'number'),
  SSL_has_matching_session_id: row([ssl, bytes(some)], 'number'),
  SSL_set_session_id_context: row([ssl, bytes(some)], 'number'),
  SSL_get_default_timeout: row([ssl], 'number'),
  SSL_set_num_tickets: row([ssl, integer(2)], 'number'),
  SSL_get_num_tickets: row([ssl], 'number'),
  SSL_set_max_early_data: row([ssl, integer(0)], 'number'),
  SSL_get_max_early_data: row([ssl], 'number'),
  SSL_set_recv_max_early_data: row([ssl, integer(0)], 'number'),
  SSL_get_recv_max_early_data: row([ssl], 'number'),
  SSL_get_early_data_status: row([ssl], 'number'),
  SSL_set_options: row([ssl, integer(0)], 'number'),
  SSL_get_options: row([ssl], 'number'),
  SSL_clear_options: row([ssl, integer(0)], 'number'),
  SSL_set_min_proto_version: row([ssl, integer(0x0303)], 'number'),
  SSL_set_max_proto_version: row([ssl, integer(0x0304)], 'number'),
  SSL_set_cipher_list: row([ssl, string('DEFAULT')], 'number'),
  SSL_set_ciphersuites: row([ssl, string('TLS_AES_128_GCM_SHA256')], 'number'),
  SSL_set_verify: row([ssl, integer(0)], 'void'),
  SSL_get_verify_result: row([ssl], 'number'),
  SSL_version: row([ssl], 'number'),
  SSL_get_version: row([ssl], 'string'),
  SSL_state_string: row([ssl], 'string'),
  SSL_state_string_long: row([ssl], 'string'),
  SSL_get_current_cipher: row([ssl], 'SSL_CIPHER?'),
  SSL_get1_peer_certificate: row([ssl], 'X509?'),
  SSL_get_peer_cert_chain: row([ssl], 'list?'),
  SSL_get0_alpn_selected: row([ssl], 'bytes?'),
  SSL_set_alpn_protos: row([ssl, bytes(alpn)], 'number'),
  SSL_get_servername: row([ssl, integer(0)], 'string?'),
  SSL_set_tlsext_host_name: row([ssl, stringOrNull('localhost')], 'number'),
  SSL_set1_host: row([ssl, string('localhost')], 'number'),
  SSL_get_psk_identity: row([ssl], 'string?'),
  SSL_get_psk_identity_hint: row([ssl], 'string?'),
  SSL_use_psk_identity_hint: row([ssl, string('hint')], 'number'),
  SSL_get_extms_support: row([ssl], 'number'),
  SSL_get_secure_renegotiation_support: row([ssl], 'number'),
  SSL_get_finished: row([ssl], 'bytes'),
  SSL_get_peer_finished: row([ssl], 'bytes'),
  SSL_export_keying_material: row(
    [ssl, integer(32), string('EXPERIMENTAL-label'), { kind: 'bytes', or: 'maybe', valid: some }],
    'bytes?',
  ),
  SSL_CIPHER_get_name: row([cipher], 'string'),
  SSL_CIPHER_standard_name: row([cipher], 'string?'),
  SSL_CIPHER_get_version: row([cipher], 'string'),
  SSL_CIPHER_get_id: row([cipher], 'number'),
  SSL_CIPHER_get_protocol_id: row([cipher], 'number'),
};

/** Every function of capi. */
export const SIGNATURES: Readonly<Record<string, Signature>> = {
  ...library,
  ...bios,
  ...certificates,
  ...contexts,
  ...cache,
  ...callbacks,
  ...clientHello,
  ...sessions,
  ...connections,
};
