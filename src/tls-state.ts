// What libssl tells of a connection, whatever its bytes come from.
import type { X509Certificate } from 'node:crypto';
import * as capi from './capi/index.ts';
import { setTicketLabel, ticketLabel } from './capi/ticket_ring.ts';
import { SslctxError } from './errors.ts';
import { type CipherInfo, cipherInfo, readablePeer, toX509Certificate } from './memory.ts';
import { type SslSession, wrapSession } from './session.ts';
import { checkLabel } from './ticket-key-ring.ts';

/** The outcome of a handshake, as libssl tells it. */
export abstract class TlsState {
  /** @internal */
  protected abstract get ssl(): capi.SSL;
  abstract get isHandshakeDone(): boolean;

  /** As `TLSv1.3`; `undefined` before the end of the handshake. SSL_get_version(3). */
  get protocol(): string | undefined {
    return this.isHandshakeDone ? capi.SSL_get_version(this.ssl) : undefined;
  }

  /** `undefined` before it is chosen. SSL_get_current_cipher(3). */
  get cipher(): CipherInfo | undefined {
    const cipher = capi.SSL_get_current_cipher(this.ssl);
    return cipher === null ? undefined : cipherInfo(cipher);
  }

  /** The application protocol; `undefined` without one. SSL_get0_alpn_selected(3). */
  get alpn(): string | undefined {
    return capi.SSL_get0_alpn_selected(this.ssl)?.toString('latin1');
  }

  /** The server name that the client asked for. SSL_get_servername(3). */
  get servername(): string | undefined {
    return capi.SSL_get_servername(this.ssl, capi.TLSEXT_NAMETYPE_host_name) ?? undefined;
  }

  /** Whether the handshake resumed a session. SSL_session_reused(3). */
  get isSessionReused(): boolean {
    return capi.SSL_session_reused(this.ssl) === 1;
  }

  /**
   * The session of now; a TLS 1.3 connection has another one after each ticket, and one that can be resumed only then.
   * `undefined` before there is one. Another object each time.
   *
   * @see SSL_get1_session(3)
   */
  get session(): SslSession | undefined {
    const handle = capi.SSL_get_session(this.ssl);
    return handle === null ? undefined : wrapSession(handle);
  }

  /**
   * The label of this connection's stateless tickets, where the context has a `ticketKeyRing`: its own, or that of the
   * session it resumed, or a random one since the first ticket. `revoke` of the ring takes it.
   */
  get ticketLabel(): string | undefined {
    return ticketLabel(this.ssl);
  }

  /**
   * Labels the tickets of this connection, and those that its clients get when they resume.
   *
   * @param label - 1 to 255 bytes of UTF-8
   * @throws {SslctxError} `ERR_SSLCTX_STATE` without a `ticketKeyRing`; when a ticket has gone out under another
   *   label, or, in TLS 1.2, when the handshake is done: revoke `ticketLabel` then
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  setTicketLabel(label: string): void {
    const result = setTicketLabel(this.ssl, checkLabel(label));
    if (result === 'done') return;
    const problem =
      result === 'no-ring'
        ? 'the context has no ticketKeyRing'
        : 'the ticket has gone out: its label cannot be changed';
    throw new SslctxError('ERR_SSLCTX_STATE', problem);
  }

  /**
   * The peer's certificate, verified or not; also after a resumption. None either when Node's own OpenSSL cannot read it.
   * SSL_get1_peer_certificate(3).
   */
  get peerCertificate(): X509Certificate | undefined {
    return readablePeer(capi.SSL_get1_peer_certificate(this.ssl));
  }

  /** @internal Also for one that Node cannot read. */
  get hasPeerCertificate(): boolean {
    return capi.SSL_get1_peer_certificate(this.ssl) !== null;
  }

  /** The own certificate. SSL_get_certificate(3). */
  get certificate(): X509Certificate | undefined {
    const certificate = capi.SSL_get_certificate(this.ssl);
    return certificate === null ? undefined : toX509Certificate(certificate);
  }

  /** What the peer sent, its own certificate first on a client; empty after a resumption. SSL_get_peer_cert_chain(3). */
  get peerChain(): X509Certificate[] {
    return (capi.SSL_get_peer_cert_chain(this.ssl) ?? []).flatMap((each) => readablePeer(each) ?? []);
  }

  /** An X509_V_* number; that of a missing certificate where one was asked for. SSL_get_verify_result(3). */
  get verifyResult(): number {
    const { ssl } = this;
    const asks = (capi.SSL_get_verify_mode(ssl) & capi.SSL_VERIFY_PEER) !== 0;
    const result = capi.SSL_get_verify_result(ssl);
    if (result !== capi.X509_V_OK || !asks || capi.SSL_get1_peer_certificate(ssl) !== null) return result;
    // To libssl, nothing is wrong with no certificate.
    return capi.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT;
  }

  /** Why the peer's certificate is not trusted; `undefined` when it is, or when there is none. SSL_get_verify_result(3). */
  get verifyError(): string | undefined {
    const result = capi.SSL_get_verify_result(this.ssl);
    return result === capi.X509_V_OK ? undefined : capi.X509_verify_cert_error_string(result);
  }
}
