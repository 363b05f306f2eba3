// Two SSL objects joined in memory, after create_ssl_objects and create_ssl_connection of OpenSSL's test/helpers/ssltestlib.c.
import * as capi from '../../src/capi/index.ts';
import { makeCertificate } from '../../src/testing/certificate.ts';

let shared: { cert: string; key: string } | undefined;

/** One throw-away certificate for the whole test file. */
export function certificate(): { cert: string; key: string } {
  shared ??= makeCertificate();
  return shared;
}

export function bioFrom(text: string | Uint8Array): capi.BIO {
  const bio = capi.BIO_new(capi.BIO_s_mem());
  capi.BIO_write(bio, typeof text === 'string' ? Buffer.from(text) : text);
  return bio;
}

export function useCertificate(ctx: capi.SSL_CTX, { cert, key } = certificate()): void {
  const x509 = capi.PEM_read_bio_X509(bioFrom(cert));
  const pkey = capi.PEM_read_bio_PrivateKey(bioFrom(key));
  if (x509 === null || pkey === null) throw new Error('the test certificate does not parse');
  if (capi.SSL_CTX_use_certificate(ctx, x509) !== 1) throw new Error('SSL_CTX_use_certificate failed');
  if (capi.SSL_CTX_use_PrivateKey(ctx, pkey) !== 1) throw new Error('SSL_CTX_use_PrivateKey failed');
}

export interface ContextPair {
  sctx: capi.SSL_CTX;
  cctx: capi.SSL_CTX;
}

/** A server context with a certificate and a client context, both limited to the given protocol versions. */
export function createSslCtxPair(min = capi.TLS1_2_VERSION, max = capi.TLS1_3_VERSION): ContextPair {
  const sctx = capi.SSL_CTX_new(capi.TLS_server_method());
  const cctx = capi.SSL_CTX_new(capi.TLS_client_method());
  for (const ctx of [sctx, cctx]) {
    capi.SSL_CTX_set_min_proto_version(ctx, min);
    capi.SSL_CTX_set_max_proto_version(ctx, max);
  }
  useCertificate(sctx);
  return { sctx, cctx };
}

export interface SslPair {
  server: capi.SSL;
  client: capi.SSL;
}

export function createSslObjects(sctx: capi.SSL_CTX, cctx: capi.SSL_CTX): SslPair {
  const server = capi.SSL_new(sctx);
  const client = capi.SSL_new(cctx);
  const toServer = capi.BIO_new(capi.BIO_s_mem());
  const toClient = capi.BIO_new(capi.BIO_s_mem());
  capi.BIO_set_mem_eof_return(toServer, -1);
  capi.BIO_set_mem_eof_return(toClient, -1);
  capi.SSL_set_bio(server, toServer, toClient);
  capi.SSL_set_bio(client, toClient, toServer);
  capi.SSL_set_accept_state(server);
  capi.SSL_set_connect_state(client);
  return { server, client };
}

/** Runs both handshakes to their end. True when both succeeded; then the client has also read its TLS 1.3 tickets. */
export function createSslConnection({ server, client }: SslPair): boolean {
  let serverDone = false;
  let clientDone = false;
  for (let turn = 0; turn < 100 && !(serverDone && clientDone); turn++) {
    if (!clientDone) {
      const result = capi.SSL_connect(client);
      clientDone = result === 1;
      if (!clientDone && !wantsMore(client, result)) return false;
    }
    if (!serverDone) {
      const result = capi.SSL_accept(server);
      serverDone = result === 1;
      if (!serverDone && !wantsMore(server, result)) return false;
    }
  }
  if (!(serverDone && clientDone)) return false;
  // TLS 1.3 tickets follow the handshake: a read that finds no data takes them in.
  for (let reads = 0; reads < 2; reads++) {
    const result = capi.SSL_read(client, Buffer.alloc(1));
    if (result > 0 || !wantsMore(client, result)) return false;
  }
  return true;
}

export function wantsMore(ssl: capi.SSL, result: number): boolean {
  const error = capi.SSL_get_error(ssl, result);
  return (
    error === capi.SSL_ERROR_WANT_READ ||
    error === capi.SSL_ERROR_WANT_WRITE ||
    error === capi.SSL_ERROR_WANT_CLIENT_HELLO_CB
  );
}

/** A clean end, both ways, so that libssl keeps the sessions, then frees both. */
export function shutdownSslConnection({ server, client }: SslPair): void {
  capi.SSL_shutdown(client);
  capi.SSL_shutdown(server);
  capi.SSL_shutdown(client);
  capi.SSL_shutdown(server);
  capi.SSL_free(server);
  capi.SSL_free(client);
}

export interface Exchange {
  /** What the server says: SSL_session_reused. */
  reused: boolean;
  /** The client's last session, a reference of the caller's own. */
  session: capi.SSL_SESSION;
}

/** One whole connection with a clean end. Throws when the handshake fails. */
export function exchange({ sctx, cctx }: ContextPair, session: capi.SSL_SESSION | null = null): Exchange {
  const pair = createSslObjects(sctx, cctx);
  if (session !== null && capi.SSL_set_session(pair.client, session) !== 1) throw new Error('SSL_set_session failed');
  if (!createSslConnection(pair)) throw new Error(`handshake failed: ${capi.ERR_error_string(capi.ERR_get_error())}`);
  const reused = capi.SSL_session_reused(pair.server) === 1;
  const own = capi.SSL_get1_session(pair.client);
  if (own === null) throw new Error('the client has no session');
  shutdownSslConnection(pair);
  return { reused, session: own };
}
