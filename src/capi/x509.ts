// Certificates, keys and revocation lists: as much of them as a context is given.
import {
  type BIO,
  bioId,
  crlId,
  type EVP_PKEY,
  type PKCS12,
  pkcs12Id,
  pkeyId,
  storeId,
  type X509,
  type X509_CRL,
  type X509_STORE,
  x509Id,
} from './handles.ts';
import { native } from './loader.ts';

/** PEM_read_bio_X509(3). */
export function PEM_read_bio_X509(bio: BIO, password?: string | null): X509 | null {
  return native.PEM_read_bio_X509(bioId(bio), password);
}

/** PEM_read_bio_X509_AUX(3). */
export function PEM_read_bio_X509_AUX(bio: BIO, password?: string | null): X509 | null {
  return native.PEM_read_bio_X509_AUX(bioId(bio), password);
}

/** PEM_read_bio_X509_CRL(3). */
export function PEM_read_bio_X509_CRL(bio: BIO, password?: string | null): X509_CRL | null {
  return native.PEM_read_bio_X509_CRL(bioId(bio), password);
}

/** Never asks for a password on the terminal. PEM_read_bio_PrivateKey(3). */
export function PEM_read_bio_PrivateKey(bio: BIO, password?: string | null): EVP_PKEY | null {
  return native.PEM_read_bio_PrivateKey(bioId(bio), password);
}

/** Key parameters, such as those of DH, as a key. PEM_read_bio_Parameters(3). */
export function PEM_read_bio_Parameters(bio: BIO): EVP_PKEY | null {
  return native.PEM_read_bio_Parameters(bioId(bio));
}

/** 1 or 0. PEM_write_bio_X509(3). */
export function PEM_write_bio_X509(bio: BIO, certificate: X509): number {
  return native.PEM_write_bio_X509(bioId(bio), x509Id(certificate));
}

/** From DER. d2i_X509(3). */
export function d2i_X509(bytes: Uint8Array): X509 | null {
  return native.d2i_X509(bytes);
}

/** DER. d2i_X509(3). */
export function i2d_X509(certificate: X509): Buffer | null {
  return native.i2d_X509(x509Id(certificate));
}

/** From DER. d2i_X509(3). */
export function d2i_PKCS12(bytes: Uint8Array): PKCS12 | null {
  return native.d2i_PKCS12(bytes);
}

/** Key, certificate and more certificates; null when the password is wrong. PKCS12_parse(3). */
export function PKCS12_parse(file: PKCS12, password?: string | null): [EVP_PKEY | null, X509 | null, X509[]] | null {
  return native.PKCS12_parse(pkcs12Id(file), password);
}

/** d2i_X509(3). */
export function PKCS12_free(file: PKCS12): void {
  native.PKCS12_free(pkcs12Id(file));
}

/** One more trusted certificate, at any time: the store has a lock; 1 or 0. X509_STORE_add_cert(3). */
export function X509_STORE_add_cert(store: X509_STORE, certificate: X509): number {
  return native.X509_STORE_add_cert(storeId(store), x509Id(certificate));
}

/** 1 or 0. X509_STORE_add_crl(3). */
export function X509_STORE_add_crl(store: X509_STORE, crl: X509_CRL): number {
  return native.X509_STORE_add_crl(storeId(store), crlId(crl));
}

/**
 * X509_V_FLAG_* bits; 1 or 0. X509_STORE_set_flags(3).
 *
 * @throws ERR_SSLCTX_SHARED for the store of a context that several threads have: connections read the flags without a lock.
 */
export function X509_STORE_set_flags(store: X509_STORE, flags: number): number {
  return native.X509_STORE_set_flags(storeId(store), flags);
}

/** What an X509_V_* code means. X509_verify_cert_error_string(3). */
export function X509_verify_cert_error_string(code: number): string {
  return native.X509_verify_cert_error_string(code);
}

/** 1 or 0. X509_up_ref(3). */
export function X509_up_ref(certificate: X509): number {
  return native.X509_up_ref(x509Id(certificate));
}

/** X509_free(3). */
export function X509_free(certificate: X509): void {
  native.X509_free(x509Id(certificate));
}

/** 1 or 0. X509_up_ref(3). */
export function X509_CRL_up_ref(crl: X509_CRL): number {
  return native.X509_CRL_up_ref(crlId(crl));
}

/** X509_free(3). */
export function X509_CRL_free(crl: X509_CRL): void {
  native.X509_CRL_free(crlId(crl));
}

/** 1 or 0. X509_STORE_up_ref(3). */
export function X509_STORE_up_ref(store: X509_STORE): number {
  return native.X509_STORE_up_ref(storeId(store));
}

/** X509_STORE_free(3). */
export function X509_STORE_free(store: X509_STORE): void {
  native.X509_STORE_free(storeId(store));
}

/** 1 or 0. EVP_PKEY_up_ref(3). */
export function EVP_PKEY_up_ref(key: EVP_PKEY): number {
  return native.EVP_PKEY_up_ref(pkeyId(key));
}

/** EVP_PKEY_free(3). */
export function EVP_PKEY_free(key: EVP_PKEY): void {
  native.EVP_PKEY_free(pkeyId(key));
}
