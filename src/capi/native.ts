// What the addon exports. Handles go in as integers and come out as objects, made by the factories of handles.ts.
import type {
  BIO,
  EVP_PKEY,
  PKCS12,
  SSL,
  SSL_CIPHER,
  SSL_CTX,
  SSL_METHOD,
  SSL_SESSION,
  X509,
  X509_CRL,
  X509_STORE,
} from './handles.ts';

/** A handle's slot and generation in the native table. */
export type Id = number;

/** What BIO_s_mem() returns. */
export type BIO_METHOD = 'BIO_s_mem';

export interface EarlyData {
  status: number;
  bytesRead: number;
}

/** ERR_get_error_all(3). */
export interface ErrorRecord {
  code: number;
  file: string;
  line: number;
  func: string;
  data: string;
  flags: number;
}

/** The OpenSSL that runs. */
export interface OpenSslInfo {
  /** As `OpenSSL 3.0.19 27 Jan 2026`. */
  readonly version: string;
  /** As `3.0.19`. */
  readonly versionString: string;
  /** 0xMNN00PP0. */
  readonly versionNumber: number;
  /** Of the headers that the addon was compiled with. */
  readonly headerVersion: string;
  readonly headerVersionNumber: number;
  /** The file that SSL_CTX_new runs from. */
  readonly libssl: string;
  /** The file that libcrypto's functions run from. */
  readonly libcrypto: string;
  /** OPENSSLDIR: where openssl.cnf and the default certificates are. */
  readonly directory: string;
  /** True when Node itself is linked to this very libssl, as Debian's own `nodejs` is. */
  readonly sharedWithNode: boolean;
}

export interface Native {
  setFactories(factories: readonly ((id: Id) => object)[]): void;
  setRegisters(registers: Float64Array): void;
  readonly constants: Readonly<Record<string, number>>;
  readonly openssl: OpenSslInfo;

  // debug.ts
  live(): { SSL_CTX: number; SSL: number; SSL_SESSION: number };
  liveHandles(): Record<string, number>;
  nativeHeap(): number | null;
  errorQueueDepth(): number;
  readonly processTag: string;

  shareContext(ctx: Id): number;
  adoptContext(number: number): SSL_CTX;
  isSharedContext(ctx: Id): boolean;

  // ssl_ctx.ts
  TLS_method(): SSL_METHOD;
  TLS_server_method(): SSL_METHOD;
  TLS_client_method(): SSL_METHOD;
  SSL_CTX_new(method: Id): SSL_CTX;
  SSL_CTX_up_ref(ctx: Id): number;
  SSL_CTX_free(ctx: Id): void;
  SSL_CTX_set_options(ctx: Id, options: number): number;
  SSL_CTX_get_options(ctx: Id): number;
  SSL_CTX_clear_options(ctx: Id, options: number): number;
  SSL_CTX_set_mode(ctx: Id, mode: number): number;
  SSL_CTX_get_mode(ctx: Id): number;
  SSL_CTX_set_min_proto_version(ctx: Id, version: number): number;
  SSL_CTX_set_max_proto_version(ctx: Id, version: number): number;
  SSL_CTX_get_min_proto_version(ctx: Id): number;
  SSL_CTX_get_max_proto_version(ctx: Id): number;
  SSL_CTX_set_cipher_list(ctx: Id, list: string): number;
  SSL_CTX_set_ciphersuites(ctx: Id, list: string): number;
  SSL_CTX_get_ciphers(ctx: Id): SSL_CIPHER[];
  SSL_CTX_set1_groups_list(ctx: Id, list: string): number;
  SSL_CTX_set1_sigalgs_list(ctx: Id, list: string): number;
  SSL_CTX_set1_client_sigalgs_list(ctx: Id, list: string): number;
  SSL_CTX_set0_tmp_dh_pkey(ctx: Id, key: Id): number;
  SSL_CTX_set_dh_auto(ctx: Id, on: number): number;
  SSL_CTX_set_security_level(ctx: Id, level: number): void;
  SSL_CTX_get_security_level(ctx: Id): number;
  SSL_CTX_use_certificate_chain_file(ctx: Id, path: string): number;
  SSL_CTX_use_certificate_file(ctx: Id, path: string, type: number): number;
  SSL_CTX_use_PrivateKey_file(ctx: Id, path: string, type: number): number;
  SSL_CTX_use_certificate(ctx: Id, certificate: Id): number;
  SSL_CTX_use_PrivateKey(ctx: Id, key: Id): number;
  SSL_CTX_add1_chain_cert(ctx: Id, certificate: Id): number;
  SSL_CTX_clear_chain_certs(ctx: Id): number;
  SSL_CTX_check_private_key(ctx: Id): number;
  SSL_CTX_get0_certificate(ctx: Id): X509 | null;
  SSL_CTX_get0_chain_certs(ctx: Id): X509[];
  SSL_CTX_set_verify(ctx: Id, mode: number): void;
  SSL_CTX_get_verify_mode(ctx: Id): number;
  SSL_CTX_set_verify_depth(ctx: Id, depth: number): void;
  SSL_CTX_get_verify_depth(ctx: Id): number;
  SSL_CTX_load_verify_locations(ctx: Id, file: string | null, path: string | null): number;
  SSL_CTX_set_default_verify_paths(ctx: Id): number;
  SSL_CTX_add_client_CA(ctx: Id, certificate: Id): number;
  SSL_CTX_get_cert_store(ctx: Id): X509_STORE;
  SSL_CTX_set_alpn_protos(ctx: Id, protocols: Uint8Array): number;
  SSL_CTX_set_quiet_shutdown(ctx: Id, on: number): void;
  SSL_CTX_get_quiet_shutdown(ctx: Id): number;
  SSL_CTX_set_num_tickets(ctx: Id, count: number): number;
  SSL_CTX_get_num_tickets(ctx: Id): number;
  SSL_CTX_set_tlsext_ticket_keys(ctx: Id, keys: Uint8Array): number;
  SSL_CTX_get_tlsext_ticket_keys(ctx: Id): Buffer | null;
  SSL_CTX_set_max_early_data(ctx: Id, bytes: number): number;
  SSL_CTX_get_max_early_data(ctx: Id): number;
  SSL_CTX_set_recv_max_early_data(ctx: Id, bytes: number): number;
  SSL_CTX_get_recv_max_early_data(ctx: Id): number;
  SSL_CTX_use_psk_identity_hint(ctx: Id, hint: string): number;

  // ssl_cache.ts
  // Those without parameters read registers 0 and 1; their result, and that of hasSession, is in register 0.
  SSL_CTX_add_session(): void;
  SSL_CTX_remove_session(): void;
  SSL_CTX_set_session_cache_mode(ctx: Id, mode: number): number;
  SSL_CTX_get_session_cache_mode(): void;
  SSL_CTX_sess_set_cache_size(ctx: Id, size: number): number;
  SSL_CTX_sess_get_cache_size(): void;
  SSL_CTX_set_timeout(ctx: Id, timeout: number): number;
  SSL_CTX_get_timeout(): void;
  SSL_CTX_flush_sessions(ctx: Id, time: number): void;
  SSL_CTX_flush_sessions_ex?(ctx: Id, time: number): void;
  SSL_CTX_sessions(ctx: Id): SSL_SESSION[];
  addSessions(ctx: Id, sessions: Float64Array): number;
  addDerSessions(ctx: Id, ders: readonly Uint8Array[]): number;
  planSessions(ctx: Id, sessions: Float64Array): Uint32Array;
  findSession(ctx: Id, id: Uint8Array): SSL_SESSION | null;
  hasSession(id: Uint8Array): void;
  lh_SSL_SESSION_retrieve(ctx: Id, key: Id): SSL_SESSION | null;
  SSL_CTX_set_session_id_context(ctx: Id, id: Uint8Array): number;
  SSL_CTX_sess_number(): void;
  SSL_CTX_sess_connect(): void;
  SSL_CTX_sess_connect_good(): void;
  SSL_CTX_sess_connect_renegotiate(): void;
  SSL_CTX_sess_accept(): void;
  SSL_CTX_sess_accept_good(): void;
  SSL_CTX_sess_accept_renegotiate(): void;
  SSL_CTX_sess_hits(): void;
  SSL_CTX_sess_cb_hits(): void;
  SSL_CTX_sess_misses(): void;
  SSL_CTX_sess_timeouts(): void;
  SSL_CTX_sess_cache_full(): void;

  // ssl_session.ts
  SSL_SESSION_new(): SSL_SESSION;
  SSL_SESSION_dup(session: Id): SSL_SESSION | null;
  SSL_SESSION_up_ref(session: Id): number;
  SSL_SESSION_free(session: Id): void;
  SSL_SESSION_get_id(session: Id): Buffer;
  SSL_SESSION_set1_id(session: Id, id: Uint8Array): number;
  SSL_SESSION_get0_id_context(session: Id): Buffer;
  SSL_SESSION_set1_id_context(session: Id, context: Uint8Array): number;
  SSL_SESSION_get_master_key(session: Id): Buffer;
  SSL_SESSION_set1_master_key(session: Id, key: Uint8Array): number;
  SSL_SESSION_get0_hostname(session: Id): string | null;
  SSL_SESSION_set1_hostname(session: Id, hostname: string | null): number;
  SSL_SESSION_get0_alpn_selected(session: Id): Buffer | null;
  SSL_SESSION_set1_alpn_selected(session: Id, alpn: Uint8Array): number;
  SSL_SESSION_get0_ticket(session: Id): Buffer | null;
  SSL_SESSION_get0_ticket_appdata(session: Id): Buffer | null;
  SSL_SESSION_set1_ticket_appdata(session: Id, data: Uint8Array): number;
  SSL_SESSION_get0_cipher(session: Id): SSL_CIPHER | null;
  SSL_SESSION_set_cipher(session: Id, cipher: Id): number;
  SSL_SESSION_get0_peer(session: Id): X509 | null;
  SSL_SESSION_get_protocol_version(session: Id): number;
  SSL_SESSION_set_protocol_version(session: Id, version: number): number;
  SSL_SESSION_get_compress_id(session: Id): number;
  SSL_SESSION_get_max_early_data(session: Id): number;
  SSL_SESSION_set_max_early_data(session: Id, bytes: number): number;
  SSL_SESSION_get_max_fragment_length(session: Id): number;
  SSL_SESSION_get_ticket_lifetime_hint(session: Id): number;
  SSL_SESSION_has_ticket(session: Id): number;
  SSL_SESSION_is_resumable(session: Id): number;
  SSL_SESSION_get_time(session: Id): number;
  SSL_SESSION_set_time(session: Id, time: number): number;
  SSL_SESSION_get_time_ex?(session: Id): number;
  SSL_SESSION_set_time_ex?(session: Id, time: number): number;
  SSL_SESSION_get_timeout(session: Id): number;
  SSL_SESSION_set_timeout(session: Id, timeout: number): number;
  i2d_SSL_SESSION(session: Id): Buffer | null;
  d2i_SSL_SESSION(bytes: Uint8Array): SSL_SESSION | null;
  i2d_SSL_SESSION_bio(bio: Id, session: Id): number;
  d2i_SSL_SESSION_bio(bio: Id): SSL_SESSION | null;
  PEM_read_bio_SSL_SESSION(bio: Id): SSL_SESSION | null;
  PEM_write_bio_SSL_SESSION(bio: Id, session: Id): number;
  SSL_SESSION_print(bio: Id, session: Id): number;
  SSL_SESSION_print_keylog(bio: Id, session: Id): number;

  // ssl.ts
  SSL_new(ctx: Id): SSL;
  SSL_up_ref(ssl: Id): number;
  SSL_free(ssl: Id): void;
  SSL_clear(ssl: Id): number;
  SSL_set_SSL_CTX(ssl: Id, ctx: Id): SSL_CTX;
  SSL_get_SSL_CTX(ssl: Id): SSL_CTX;
  SSL_set_bio(ssl: Id, rbio: Id | null, wbio: Id | null): void;
  SSL_get_rbio(ssl: Id): BIO | null;
  SSL_get_wbio(ssl: Id): BIO | null;
  SSL_set_connect_state(ssl: Id): void;
  SSL_set_accept_state(ssl: Id): void;
  SSL_is_server(ssl: Id): number;
  SSL_do_handshake(ssl: Id): number;
  SSL_connect(ssl: Id): number;
  SSL_accept(ssl: Id): number;
  SSL_read(ssl: Id, buffer: Uint8Array): number;
  SSL_peek(ssl: Id, buffer: Uint8Array): number;
  SSL_write(ssl: Id, bytes: Uint8Array): number;
  SSL_read_early_data(ssl: Id, buffer: Uint8Array): EarlyData;
  SSL_write_early_data(ssl: Id, bytes: Uint8Array): number;
  SSL_shutdown(ssl: Id): number;
  SSL_renegotiate(ssl: Id): number;
  SSL_renegotiate_abbreviated(ssl: Id): number;
  SSL_new_session_ticket(ssl: Id): number;
  SSL_set_post_handshake_auth(ssl: Id, on: number): void;
  SSL_verify_client_post_handshake(ssl: Id): number;
  SSL_get_error(ssl: Id, result: number): number;
  SSL_get_shutdown(ssl: Id): number;
  SSL_set_shutdown(ssl: Id, bits: number): void;
  SSL_set_quiet_shutdown(ssl: Id, on: number): void;
  SSL_pending(ssl: Id): number;
  SSL_has_pending(ssl: Id): number;
  SSL_in_init(ssl: Id): number;
  SSL_in_before(ssl: Id): number;
  SSL_is_init_finished(ssl: Id): number;
  SSL_want(ssl: Id): number;
  SSL_want_client_hello_cb(ssl: Id): number;
  SSL_set_session(ssl: Id, session: Id | null): number;
  SSL_copy_session_id(to: Id, from: Id): number;
  SSL_get_session(ssl: Id): SSL_SESSION | null;
  SSL_get0_session(ssl: Id): SSL_SESSION | null;
  SSL_get1_session(ssl: Id): SSL_SESSION | null;
  SSL_session_reused(ssl: Id): number;
  SSL_has_matching_session_id(ssl: Id, id: Uint8Array): number;
  SSL_set_session_id_context(ssl: Id, id: Uint8Array): number;
  SSL_get_default_timeout(ssl: Id): number;
  SSL_set_num_tickets(ssl: Id, count: number): number;
  SSL_get_num_tickets(ssl: Id): number;
  SSL_set_max_early_data(ssl: Id, bytes: number): number;
  SSL_get_max_early_data(ssl: Id): number;
  SSL_set_recv_max_early_data(ssl: Id, bytes: number): number;
  SSL_get_recv_max_early_data(ssl: Id): number;
  SSL_get_early_data_status(ssl: Id): number;
  SSL_set_options(ssl: Id, options: number): number;
  SSL_get_options(ssl: Id): number;
  SSL_clear_options(ssl: Id, options: number): number;
  SSL_set_min_proto_version(ssl: Id, version: number): number;
  SSL_set_max_proto_version(ssl: Id, version: number): number;
  SSL_set_cipher_list(ssl: Id, list: string): number;
  SSL_set_ciphersuites(ssl: Id, list: string): number;
  SSL_set_verify(ssl: Id, mode: number): void;
  SSL_get_verify_result(ssl: Id): number;
  SSL_get_verify_mode(ssl: Id): number;
  SSL_get_certificate(ssl: Id): X509 | null;
  SSL_set_max_send_fragment(ssl: Id, bytes: number): number;
  SSL_set_tlsext_status_type(ssl: Id, type: number): number;
  SSL_get_tlsext_status_ocsp_resp(ssl: Id): Buffer | null;
  SSL_version(ssl: Id): number;
  SSL_get_version(ssl: Id): string;
  SSL_state_string(ssl: Id): string;
  SSL_state_string_long(ssl: Id): string;
  SSL_get_current_cipher(ssl: Id): SSL_CIPHER | null;
  SSL_get1_peer_certificate(ssl: Id): X509 | null;
  SSL_get_peer_cert_chain(ssl: Id): X509[] | null;
  SSL_get0_alpn_selected(ssl: Id): Buffer | null;
  SSL_set_alpn_protos(ssl: Id, protocols: Uint8Array): number;
  SSL_get_servername(ssl: Id, type: number): string | null;
  SSL_set_tlsext_host_name(ssl: Id, name: string | null): number;
  SSL_set1_host(ssl: Id, name: string): number;
  SSL_get_psk_identity(ssl: Id): string | null;
  SSL_get_psk_identity_hint(ssl: Id): string | null;
  SSL_use_psk_identity_hint(ssl: Id, hint: string): number;
  SSL_get_extms_support(ssl: Id): number;
  SSL_get_secure_renegotiation_support(ssl: Id): number;
  SSL_get_finished(ssl: Id): Buffer;
  SSL_get_peer_finished(ssl: Id): Buffer;
  SSL_export_keying_material(ssl: Id, length: number, label: string, context: Uint8Array | null): Buffer | null;
  SSL_CIPHER_get_name(cipher: Id): string;
  SSL_CIPHER_standard_name(cipher: Id): string | null;
  SSL_CIPHER_get_version(cipher: Id): string;
  SSL_CIPHER_get_id(cipher: Id): number;
  SSL_CIPHER_get_protocol_id(cipher: Id): number;

  // client_hello.ts
  SSL_client_hello_isv2(ssl: Id): number;
  SSL_client_hello_get0_legacy_version(ssl: Id): number;
  SSL_client_hello_get0_random(ssl: Id): Buffer | null;
  SSL_client_hello_get0_session_id(ssl: Id): Buffer | null;
  SSL_client_hello_get0_ciphers(ssl: Id): Buffer | null;
  SSL_client_hello_get0_compression_methods(ssl: Id): Buffer | null;
  SSL_client_hello_get0_ext(ssl: Id, type: number): Buffer | null;
  SSL_client_hello_get1_extensions_present(ssl: Id): number[] | null;

  // bio.ts
  BIO_s_mem(): BIO_METHOD;
  BIO_new(method: BIO_METHOD): BIO;
  BIO_new_bio_pair(writebuf1: number, writebuf2: number): [BIO, BIO];
  BIO_up_ref(bio: Id): number;
  BIO_free(bio: Id): number;
  BIO_read(bio: Id, buffer: Uint8Array): number;
  BIO_write(bio: Id, bytes: Uint8Array): number;
  BIO_ctrl_pending(bio: Id): number;
  BIO_ctrl_wpending(bio: Id): number;
  BIO_ctrl_get_write_guarantee(bio: Id): number;
  BIO_eof(bio: Id): number;
  BIO_should_retry(bio: Id): number;
  BIO_shutdown_wr(bio: Id): number;
  BIO_set_mem_eof_return(bio: Id, value: number): number;

  // x509.ts
  PEM_read_bio_X509(bio: Id, password?: string | null): X509 | null;
  PEM_read_bio_X509_AUX(bio: Id, password?: string | null): X509 | null;
  PEM_read_bio_X509_CRL(bio: Id, password?: string | null): X509_CRL | null;
  PEM_read_bio_PrivateKey(bio: Id, password?: string | null): EVP_PKEY | null;
  PEM_read_bio_Parameters(bio: Id): EVP_PKEY | null;
  PEM_write_bio_X509(bio: Id, certificate: Id): number;
  d2i_X509(bytes: Uint8Array): X509 | null;
  i2d_X509(certificate: Id): Buffer | null;
  d2i_PKCS12(bytes: Uint8Array): PKCS12 | null;
  PKCS12_parse(file: Id, password?: string | null): [EVP_PKEY | null, X509 | null, X509[]] | null;
  PKCS12_free(file: Id): void;
  X509_STORE_add_cert(store: Id, certificate: Id): number;
  X509_STORE_add_crl(store: Id, crl: Id): number;
  X509_STORE_set_flags(store: Id, flags: number): number;
  X509_verify_cert_error_string(code: number): string;
  X509_up_ref(certificate: Id): number;
  X509_free(certificate: Id): void;
  X509_CRL_up_ref(crl: Id): number;
  X509_CRL_free(crl: Id): void;
  X509_STORE_up_ref(store: Id): number;
  X509_STORE_free(store: Id): void;
  EVP_PKEY_up_ref(key: Id): number;
  EVP_PKEY_free(key: Id): void;

  // err.ts
  ERR_get_error(): number;
  ERR_peek_error(): number;
  ERR_peek_last_error(): number;
  ERR_get_error_all(): ErrorRecord | null;
  ERR_clear_error(): void;
  ERR_error_string_n(code: number, buffer: Uint8Array): void;
  ERR_error_string(code: number): string;
  ERR_lib_error_string(code: number): string | null;
  ERR_reason_error_string(code: number): string | null;
  ERR_GET_LIB(code: number): number;
  ERR_GET_REASON(code: number): number;
  OpenSSL_version(type: number): string;
  OpenSSL_version_num(): number;

  // callbacks.ts: the second argument tells whether there is a callback
  SSL_CTX_sess_set_new_cb(handle: Id, on: boolean): void;
  SSL_CTX_sess_set_remove_cb(handle: Id, on: boolean): void;
  SSL_CTX_sess_set_get_cb(handle: Id, on: boolean): void;
  SSL_CTX_set_client_hello_cb(handle: Id, on: boolean): void;
  SSL_CTX_set_generate_session_id(handle: Id, on: boolean): void;
  SSL_CTX_set_not_resumable_session_callback(handle: Id, on: boolean): void;
  SSL_CTX_set_psk_find_session_callback(handle: Id, on: boolean): void;
  SSL_CTX_set_psk_use_session_callback(handle: Id, on: boolean): void;
  SSL_CTX_set_tlsext_ticket_key_evp_cb(handle: Id, on: boolean): void;
  SSL_CTX_set_allow_early_data_cb(handle: Id, on: boolean): void;
  SSL_CTX_set_tlsext_servername_callback(handle: Id, on: boolean): void;
  SSL_CTX_set_alpn_select_cb(handle: Id, on: boolean): void;
  SSL_CTX_set_keylog_callback(handle: Id, on: boolean): void;
  SSL_CTX_set_info_callback(handle: Id, on: boolean): void;
  SSL_CTX_set_msg_callback(handle: Id, on: boolean): void;
  SSL_set_generate_session_id(handle: Id, on: boolean): void;
  SSL_set_not_resumable_session_callback(handle: Id, on: boolean): void;
  SSL_set_psk_find_session_callback(handle: Id, on: boolean): void;
  SSL_set_psk_use_session_callback(handle: Id, on: boolean): void;
  SSL_set_allow_early_data_cb(handle: Id, on: boolean): void;
  SSL_set_info_callback(handle: Id, on: boolean): void;
  SSL_set_msg_callback(handle: Id, on: boolean): void;
  SSL_CTX_set_session_ticket_cb(ctx: Id, generate: boolean, decrypt: boolean): number;

  // channel.ts
  setDispatcher(dispatch: (event: number, id: number, owner: number, first: unknown, second: unknown) => unknown): void;
  prepareContext(ctx: Id, server: boolean, keylog: boolean): void;
  setAlpnList(ctx: Id, wire: Uint8Array): void;
  setSessionStore(ctx: Id, keys: Uint8Array): void;
  isOwnSessionId(ctx: Id, id: Uint8Array): boolean;
  setLenientVerify(ctx: Id): void;
  setLenientVerifyOnSsl(ssl: Id): void;
  mayResumeSession(ctx: Id, session: Id, name: string | undefined, isLenient: boolean): boolean;
  listen(ctx: Id, where: ListenAddress, options: ListenerOptions): number;
  listenerConfigure(id: number, ctx: Id | null, options: ListenerOptions): void;
  listenerAddress(id: number): SocketAddress | undefined;
  listenerDescriptor(id: number): number;
  listenerClose(id: number): void;
  listenerFree(id: number): void;
  listenerChannels(id: number): number[];
  listenerPending(id: number): number;
  listenerRef(id: number, on: boolean): void;
  openChannel(ctx: Id, options: ChannelOptions): number;
  channelConnect(id: number, where: ConnectAddress): number;
  channelSsl(id: number): SSL;
  channelStart(id: number): void;
  channelSetEarlyData(id: number, data: Uint8Array, isEarly: boolean): void;
  channelSetRoom(id: number, room: Uint8Array): void;
  channelAge(id: number): number;
  channelIsEarly(id: number): boolean;
  channelRead(id: number, on: boolean): void;
  channelWrite(id: number, chunk: Uint8Array): boolean;
  channelShutdown(id: number): boolean;
  channelInput(id: number, ciphertext: Uint8Array | null): void;
  channelResume(
    id: number,
    answer: {
      context?: Id | undefined;
      alpn?: Uint8Array | undefined;
      ocsp?: Uint8Array | undefined;
      sessions: readonly Id[];
    },
  ): void;
  channelRenegotiate(id: number): void;
  channelIssueTicket(id: number): boolean;
  channelClose(id: number, isClean: boolean): void;
  channelAddress(id: number, isRemote: boolean): SocketAddress | undefined;
  channelBytes(id: number, isWritten: boolean): number;
  channelTell(id: number, sessions: boolean | undefined, keys: boolean | undefined): void;
  /** The object of a channel that may be garbage; as long as there is something to do, it is not. */
  channelSetObject(id: number, object: object): void;
  channelSetOption(id: number, what: string, value: number): void;

  // session_bulk.ts: times in seconds since the epoch, slices in microseconds
  beginExport(ctx: Id): SessionExportBox;
  exportNext(box: SessionExportBox, out: Uint8Array, now: number): ExportedSlice;
  beginImport(): SessionImportBox;
  importRead(box: SessionImportBox, ctx: Id, bytes: Uint8Array, how: { now: number; anyIdContext: boolean }): boolean;
  importAdd(box: SessionImportBox, ctx: Id, slice: number): boolean;
  importDrop(box: SessionImportBox, slice: number): boolean;
  importCounts(box: SessionImportBox): ImportCounts;

  // ticket_ring.ts: times in seconds; null for a time that never comes
  ringNew(rotateEvery: number, lifetime: number, maxRevocations: number): TicketRingBox;
  ringAdd(box: TicketRingBox, material: Uint8Array, isSecret: boolean, issueFrom: number | null): boolean;
  ringKeys(box: TicketRingBox): Buffer;
  ringNow(box: TicketRingBox): number;
  ringOfContext(ctx: Id): TicketRingBox | null;
  ringClockOffset(ring: TicketRingBox): number;
  ringUse(ctx: Id, box: TicketRingBox): void;
  ringSetClockOffset(box: TicketRingBox, seconds: number): void;
  ringRevoke(box: TicketRingBox, label: string, until: number | null): boolean;
  ringIsRevoked(box: TicketRingBox, label: string): boolean;
  ringRevocations(box: TicketRingBox): { label: string; until: number | undefined }[];
  ringStats(box: TicketRingBox): TicketRingStats;
  setTicketLabel(ssl: Id, label: string): number;
  ticketLabel(ssl: Id): string | undefined;
}

/** A TicketRing of native/ticket_ring.h. */
export interface TicketRingBox {
  readonly kind?: 'TicketRing';
}

/** TicketRing::Counts of native/ticket_ring.h. */
export interface TicketRingStats {
  /** Tickets that were made. */
  readonly issued: number;
  /** Tickets that decrypted, whether or not their sessions were resumed. */
  readonly accepted: number;
  /** Of these, tickets of a key that no longer issues, or not yet. */
  readonly renewed: number;
  /** Tickets of keys that are not in the ring, and garbage. */
  readonly unknown: number;
  /** Tickets that were refused because of their labels. */
  readonly revoked: number;
}

/** A SessionExport of native/session_bulk.h. */
export interface SessionExportBox {
  readonly kind?: 'SessionExport';
}

/** A SessionImport of native/session_bulk.h. */
export interface SessionImportBox {
  readonly kind?: 'SessionImport';
}

/** One slice of an export; `skipped` and `expired` are those of all slices so far. */
export interface ExportedSlice {
  bytes: number;
  sessions: number;
  skipped: number;
  expired: number;
}

/** SessionImport::Counts of native/session_bulk.h. */
export interface ImportCounts {
  staged: number;
  added: number;
  expired: number;
  otherIdContext: number;
  unreadable: number;
  duplicate: number;
  noRoom: number;
}

/** Where a socket listens: `path`, or an IP address and a port. */
export interface ListenAddress {
  path?: string | undefined;
  address?: string | undefined;
  port?: number | undefined;
  backlog: number;
  ipv6Only?: boolean | undefined;
  reusePort?: boolean | undefined;
  /** A descriptor of another thread that listens already, in place of an address. */
  fd?: number | undefined;
}

/** Where a socket connects to. */
export interface ConnectAddress {
  path?: string | undefined;
  address?: string | undefined;
  port?: number | undefined;
  local?: { address: string; port: number } | undefined;
}

/** As Node's `server.address()`. */
export interface SocketAddress {
  address: string;
  family: 'IPv4' | 'IPv6';
  port: number;
}

/** ChannelOptions of native/net/channel.h. */
export interface ChannelOptions {
  isServer?: boolean | undefined;
  /** Bits of `Question` in src/capi/channel.ts. */
  questions?: number | undefined;
  tellsSessions?: boolean | undefined;
  tellsKeys?: boolean | undefined;
  requireCloseNotify?: boolean | undefined;
  defersTickets?: boolean | undefined;
}

/** ListenerOptions of native/net/listener.h. */
export interface ListenerOptions extends ChannelOptions {
  handshakeTimeout: number;
  maxConnections: number;
  noDelay: boolean;
  keepAlive: boolean;
  keepAliveInitialDelay: number;
  /** Holds the socket for other threads, and accepts nothing. */
  isIdle: boolean;
}
