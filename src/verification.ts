// Why a certificate was not accepted, in the words of Node's tls.
import * as capi from './capi/index.ts';
import { invalidValue } from './errors.ts';

const codes = new Map([
  [capi.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, 'UNABLE_TO_GET_ISSUER_CERT'],
  [capi.X509_V_ERR_UNABLE_TO_GET_CRL, 'UNABLE_TO_GET_CRL'],
  [capi.X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, 'UNABLE_TO_DECRYPT_CERT_SIGNATURE'],
  [capi.X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE, 'UNABLE_TO_DECRYPT_CRL_SIGNATURE'],
  [capi.X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY'],
  [capi.X509_V_ERR_CERT_SIGNATURE_FAILURE, 'CERT_SIGNATURE_FAILURE'],
  [capi.X509_V_ERR_CRL_SIGNATURE_FAILURE, 'CRL_SIGNATURE_FAILURE'],
  [capi.X509_V_ERR_CERT_NOT_YET_VALID, 'CERT_NOT_YET_VALID'],
  [capi.X509_V_ERR_CERT_HAS_EXPIRED, 'CERT_HAS_EXPIRED'],
  [capi.X509_V_ERR_CRL_NOT_YET_VALID, 'CRL_NOT_YET_VALID'],
  [capi.X509_V_ERR_CRL_HAS_EXPIRED, 'CRL_HAS_EXPIRED'],
  [capi.X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, 'ERROR_IN_CERT_NOT_BEFORE_FIELD'],
  [capi.X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, 'ERROR_IN_CERT_NOT_AFTER_FIELD'],
  [capi.X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD, 'ERROR_IN_CRL_LAST_UPDATE_FIELD'],
  [capi.X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD, 'ERROR_IN_CRL_NEXT_UPDATE_FIELD'],
  [capi.X509_V_ERR_OUT_OF_MEM, 'OUT_OF_MEM'],
  [capi.X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [capi.X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 'SELF_SIGNED_CERT_IN_CHAIN'],
  [capi.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [capi.X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [capi.X509_V_ERR_CERT_CHAIN_TOO_LONG, 'CERT_CHAIN_TOO_LONG'],
  [capi.X509_V_ERR_CERT_REVOKED, 'CERT_REVOKED'],
  [capi.X509_V_ERR_INVALID_CA, 'INVALID_CA'],
  [capi.X509_V_ERR_PATH_LENGTH_EXCEEDED, 'PATH_LENGTH_EXCEEDED'],
  [capi.X509_V_ERR_INVALID_PURPOSE, 'INVALID_PURPOSE'],
  [capi.X509_V_ERR_CERT_UNTRUSTED, 'CERT_UNTRUSTED'],
  [capi.X509_V_ERR_CERT_REJECTED, 'CERT_REJECTED'],
  [capi.X509_V_ERR_EMAIL_MISMATCH, 'EMAIL_MISMATCH'],
  // Node checks names itself, and has one code for both.
  [capi.X509_V_ERR_HOSTNAME_MISMATCH, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [capi.X509_V_ERR_IP_ADDRESS_MISMATCH, 'ERR_TLS_CERT_ALTNAME_INVALID'],
]);

/** The code of an X509_V_ERR_* number; `undefined` for X509_V_OK. */
export function verificationCode(result: number): string | undefined {
  return result === capi.X509_V_OK ? undefined : (codes.get(result) ?? 'UNSPECIFIED');
}

/**
 * The peer's certificate was not accepted. `code` is as in Node: the name of OpenSSL's `X509_V_ERR_*` number without its
 * prefix, such as `CERT_HAS_EXPIRED`, or `ERR_TLS_CERT_ALTNAME_INVALID` for a certificate of another name.
 */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: string;
  /** What OpenSSL says to it. X509_verify_cert_error_string(3). */
  readonly reason: string;
  /** The name that the certificate should be for. */
  readonly host: string | undefined;

  /** @internal */
  constructor(result: number, host: string | undefined, cause: unknown) {
    const reason = capi.X509_verify_cert_error_string(result);
    const code = verificationCode(result) ?? 'UNSPECIFIED';
    const isName = code === 'ERR_TLS_CERT_ALTNAME_INVALID';
    super(isName ? `the server's certificate is not for ${host}` : reason, { cause });
    this.code = code;
    this.reason = reason;
    this.host = host;
  }
}

/**
 * The name or address that the server's certificate must have.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`: libssl 4.0 refuses what is no name, such as `example.org.`, and would then
 *   verify none. Earlier ones take it, and no certificate has it.
 */
export function requireName(ssl: capi.SSL, name: string): void {
  if (capi.SSL_set1_host(ssl, name) === 1) return;
  capi.ERR_clear_error();
  throw invalidValue('servername', 'is no name that a certificate can have');
}
