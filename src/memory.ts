// Bytes in and out of memory BIOs, and what certificates and ciphers look like outside of libssl.
import { X509Certificate } from 'node:crypto';
import * as capi from './capi/index.ts';
import { notNull, takeOpenSslError } from './errors.ts';

/** Runs `use` on a memory BIO that holds `bytes`, and gives it back at once. */
export function withBio<T>(bytes: Uint8Array, use: (bio: capi.BIO) => T): T {
  const bio = capi.BIO_new(capi.BIO_s_mem());
  try {
    if (bytes.length > 0 && capi.BIO_write(bio, bytes) !== bytes.length) throw takeOpenSslError('BIO_write');
    return use(bio);
  } finally {
    capi.BIO_free(bio);
  }
}

/** All that a BIO holds; `undefined` when it holds nothing. */
export function drainBio(bio: capi.BIO): Buffer | undefined {
  const pending = capi.BIO_ctrl_pending(bio);
  if (pending === 0) return undefined;
  const bytes = Buffer.allocUnsafe(pending);
  const length = capi.BIO_read(bio, bytes);
  return length === pending ? bytes : bytes.subarray(0, Math.max(0, length));
}

/** A certificate as an object of Node's; libssl and Node share no memory, so it goes through DER. */
export function toX509Certificate(certificate: capi.X509): X509Certificate {
  return new X509Certificate(notNull('i2d_X509', capi.i2d_X509(certificate)));
}

/**
 * The same for a peer's certificate; nothing for one that Node cannot read: its OpenSSL is another, and may refuse what
 * libssl has taken. A peer must not be able to make getters throw.
 */
export function readablePeer(certificate: capi.X509 | null): X509Certificate | undefined {
  if (certificate === null) return undefined;
  try {
    return toX509Certificate(certificate);
  } catch {
    return undefined;
  }
}

/** A certificate in the form of Node's `getPeerCertificate`; nothing for a key that Node cannot decode. */
export function toLegacyObject(
  certificate: X509Certificate,
): ReturnType<X509Certificate['toLegacyObject']> | undefined {
  try {
    void certificate.publicKey;
  } catch {
    // Node 24 would crash in there.
    return undefined;
  }
  return certificate.toLegacyObject();
}

/** A cipher suite, with the members of Node's `tlsSocket.getCipher()`. */
export interface CipherInfo {
  /** OpenSSL's name, such as `ECDHE-RSA-AES128-GCM-SHA256`. */
  readonly name: string;
  /** The name of the standards, such as `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. */
  readonly standardName: string;
  /** The protocol version that introduced it. */
  readonly version: string;
}

/** What libssl knows of a cipher suite. */
export function cipherInfo(cipher: capi.SSL_CIPHER): CipherInfo {
  return {
    name: capi.SSL_CIPHER_get_name(cipher),
    standardName: capi.SSL_CIPHER_standard_name(cipher) ?? '',
    version: capi.SSL_CIPHER_get_version(cipher),
  };
}
