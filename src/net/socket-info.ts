// The side of a socket that only looks: the surface of Node's tls.TLSSocket.
import type { X509Certificate } from 'node:crypto';
import { Duplex } from 'node:stream';
import type { SocketAddress, SslChannel } from '../channel.ts';
import { SslctxError } from '../errors.ts';
import { type CipherInfo, toLegacyObject } from '../memory.ts';
import type { SslSession } from '../session.ts';
import { verificationCode } from '../verification.ts';

/** A certificate as Node's `getPeerCertificate` gives it. */
export type PeerCertificate = ReturnType<X509Certificate['toLegacyObject']>;

/** See {@link SslSocket}. What asks libssl gives `undefined` or `null`, as in Node, when the socket is closed. */
export abstract class SocketInfo extends Duplex {
  /** True: HTTP frameworks ask this. */
  readonly encrypted = true;
  /** @internal */
  protected abstract get channel(): SslChannel;
  /**
   * Asked of the stream underneath where there is no socket of our own.
   * @internal
   */
  protected abstract get transport():
    | { remoteAddress?: unknown; remotePort?: unknown; remoteFamily?: unknown }
    | undefined;

  #ask<T>(question: (channel: SslChannel) => T): T | undefined {
    return this.channel.isClosed ? undefined : question(this.channel);
  }

  /** The peer's address; `undefined` for Unix sockets and closed ones. */
  get remoteAddress(): string | undefined {
    const other = this.transport?.remoteAddress;
    return typeof other === 'string' ? other : this.channel.remote?.address;
  }

  get remotePort(): number | undefined {
    const other = this.transport?.remotePort;
    return typeof other === 'number' ? other : this.channel.remote?.port;
  }

  get remoteFamily(): string | undefined {
    const other = this.transport?.remoteFamily;
    return typeof other === 'string' ? other : this.channel.remote?.family;
  }

  get localAddress(): string | undefined {
    return this.channel.local?.address;
  }

  get localPort(): number | undefined {
    return this.channel.local?.port;
  }

  /** The own side's address, as Node's `socket.address()`. */
  address(): SocketAddress | Record<string, never> {
    return this.channel.local ?? {};
  }

  /** Bytes of ciphertext. */
  get bytesRead(): number {
    return this.channel.bytesRead;
  }

  /** Bytes of ciphertext. */
  get bytesWritten(): number {
    return this.channel.bytesWritten;
  }

  /** The application protocol; false without one, null before the end of the handshake. SSL_get0_alpn_selected(3). */
  get alpnProtocol(): string | false | null {
    if (!this.channel.isHandshakeDone) return null;
    return this.#ask((channel) => channel.alpn) ?? false;
  }

  /** The server name that the client asked for; false without one. SSL_get_servername(3). */
  get servername(): string | false {
    return this.#ask((channel) => channel.servername) ?? false;
  }

  /** As `TLSv1.3`; null before the end of the handshake. SSL_get_version(3). */
  getProtocol(): string | null {
    return this.#ask((channel) => channel.protocol) ?? null;
  }

  /** SSL_get_current_cipher(3). */
  getCipher(): CipherInfo | undefined {
    return this.#ask((channel) => channel.cipher);
  }

  /** Whether the handshake resumed a session. SSL_session_reused(3). */
  isSessionReused(): boolean {
    return this.#ask((channel) => channel.isSessionReused) ?? false;
  }

  /** The session of now: in TLS 1.3 one that can be resumed only after a ticket, see the event `session`. */
  getSession(): SslSession | undefined {
    return this.#ask((channel) => channel.session);
  }

  /** The ticket of the session; `undefined` without one. SSL_SESSION_get0_ticket(3). */
  getTLSTicket(): Buffer | undefined {
    return this.getSession()?.ticket;
  }

  /** The peer's certificate; `undefined` without one. SSL_get1_peer_certificate(3). */
  getPeerX509Certificate(): X509Certificate | undefined {
    return this.#ask((channel) => channel.peerCertificate);
  }

  /**
   * The peer's certificate in the form of Node's `getPeerCertificate`; an empty object without one that Node can read.
   *
   * @param detailed - with the chain that the peer sent, as `issuerCertificate` of each; libssl keeps none in a session
   */
  getPeerCertificate(detailed = false): PeerCertificate | Record<string, never> {
    const certificate = this.getPeerX509Certificate();
    if (certificate === undefined) return {};
    const legacy = detailed
      ? chainOf(certificate, this.#ask((channel) => channel.peerChain) ?? [])
      : toLegacyObject(certificate);
    return legacy ?? {};
  }

  /** The own certificate. SSL_get_certificate(3). */
  getX509Certificate(): X509Certificate | undefined {
    return this.#ask((channel) => channel.certificate);
  }

  /** The own certificate in the form of Node's `getCertificate`; an empty object without one. */
  getCertificate(): PeerCertificate | Record<string, never> {
    return this.getX509Certificate()?.toLegacyObject() ?? {};
  }

  /** Bytes of plaintext in one record, 512 to 16384; whether that has been taken over. SSL_set_max_send_fragment(3). */
  setMaxSendFragment(size = 16_384): boolean {
    return this.#ask((channel) => channel.setMaxSendFragment(size)) ?? false;
  }

  /** SSL_get_finished(3). */
  getFinished(): Buffer | undefined {
    return this.#ask((channel) => channel.finished('own'));
  }

  /** SSL_get_peer_finished(3). */
  getPeerFinished(): Buffer | undefined {
    return this.#ask((channel) => channel.finished('peer'));
  }

  /**
   * Keys for other protocols, by RFC 5705.
   *
   * @param length - bytes, 1 to 65536
   * @throws {SslctxError} `ERR_SSLCTX_STATE` before the end of the handshake, or when the socket is closed
   * @see SSL_export_keying_material(3)
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    const isReady = this.channel.isHandshakeDone && !this.channel.isClosed;
    const material = isReady ? this.channel.exportKeyingMaterial(length, label, context) : null;
    if (material === null) throw new SslctxError('ERR_SSLCTX_STATE', 'no keys can be exported now');
    return material;
  }

  /** The peer's certificate has been verified, by this handshake or by that of the session it resumed. */
  get authorized(): boolean {
    return this.authorizationError === null && this.getPeerX509Certificate() !== undefined;
  }

  /**
   * What the user's own check found.
   * @internal
   */
  protected abstract get identityError(): Error | undefined;

  /**
   * Why the peer is not authorized: a code as that of `CertificateError`; `UNABLE_TO_GET_ISSUER_CERT` where a
   * certificate was asked for and did not come. Null when it is, or when nobody asks.
   */
  get authorizationError(): string | null {
    const code = this.#ask((channel) => verificationCode(channel.verifyResult));
    if (code !== undefined) return code;
    const error = this.identityError;
    if (error === undefined) return null;
    return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  }
}

function chainOf(certificate: X509Certificate, chain: readonly X509Certificate[]): PeerCertificate | undefined {
  const legacy = toLegacyObject(certificate);
  const issuer = chain.find((other) => certificate.checkIssued(other));
  const isRoot = issuer === undefined || issuer.fingerprint256 === certificate.fingerprint256;
  if (legacy === undefined || isRoot) return legacy;
  const rest = chainOf(
    issuer,
    chain.filter((other) => other !== issuer),
  );
  return rest === undefined ? legacy : Object.assign(legacy, { issuerCertificate: rest });
}
