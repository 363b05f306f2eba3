// Certificates, keys and whom to trust.
import * as capi from './capi/index.ts';
import type { KeyWithPassphrase, Pem, PfxWithPassphrase, SslContextOptions } from './context-options.ts';
import { invalidType, mustBeOne, notNull, takeOpenSslError } from './errors.ts';
import { withBio } from './memory.ts';

/** Gives `ctx` its own certificates, and those to trust. */
export function applyCredentials(ctx: capi.SSL_CTX, options: SslContextOptions): void {
  const { cert, key, pfx, ca, crl, passphrase } = options;
  for (const each of listOf(cert, isPem)) useChain(ctx, bytesOf('cert', each));
  for (const each of listOf(key, isKey)) useKey(ctx, each, passphrase);
  for (const each of listOf(pfx, isPfx)) usePfx(ctx, each, passphrase);
  if (cert !== undefined || key !== undefined) {
    mustBeOne('SSL_CTX_check_private_key', capi.SSL_CTX_check_private_key(ctx));
  }
  for (const each of listOf(ca, isPem)) trust(ctx, bytesOf('ca', each));
  for (const each of listOf(crl, isPem)) revoke(ctx, bytesOf('crl', each));
  if (options.allowPartialTrustChain === true) setStoreFlags(ctx, capi.X509_V_FLAG_PARTIAL_CHAIN);
}

function isPem(value: unknown): value is Pem {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function isKey(value: unknown): value is Pem | KeyWithPassphrase {
  return isPem(value) || (typeof value === 'object' && value !== null && 'pem' in value);
}

function isPfx(value: unknown): value is Uint8Array | PfxWithPassphrase {
  return value instanceof Uint8Array || (typeof value === 'object' && value !== null && 'buf' in value);
}

/** One value, several, or none, as a list. What is neither stays in it, for the check of its use. */
function listOf<T>(value: T | readonly T[] | undefined, isOne: (value: unknown) => boolean): readonly T[] {
  if (value === undefined) return [];
  return isMany(value, isOne) ? value : [value];
}

function isMany<T>(value: T | readonly T[], isOne: (value: unknown) => boolean): value is readonly T[] {
  return Array.isArray(value) && !isOne(value);
}

/** PEM as bytes. */
export function bytesOf(name: string, pem: unknown): Uint8Array {
  if (typeof pem === 'string') return Buffer.from(pem);
  if (pem instanceof Uint8Array) return pem;
  throw invalidType(name, 'PEM, as a string or a Uint8Array', pem);
}

/**
 * Reads one object after the other until the text has no more.
 *
 * @throws {OpenSslError} when there is not even one, or one is broken
 */
function readAll<T>(name: string, bytes: Uint8Array, read: (bio: capi.BIO) => T | null): T[] {
  return withBio(bytes, (bio) => {
    const all: T[] = [];
    for (let next = read(bio); next !== null; next = read(bio)) all.push(next);
    const error = takeOpenSslError(name);
    // The end of the text is the error "no start line": the only one that is none.
    if (all.length === 0 || error.code !== 'ERR_OSSL_PEM_NO_START_LINE') throw error;
    return all;
  });
}

function useChain(ctx: capi.SSL_CTX, pem: Uint8Array): void {
  // "AUX": what `openssl x509 -trustout` writes counts as a certificate too, as for SSL_CTX_use_certificate_chain_file.
  useCertificates(ctx, readAll('cert', pem, capi.PEM_read_bio_X509_AUX));
}

/** The own certificate first, then those that lead to a root. */
function useCertificates(ctx: capi.SSL_CTX, [own, ...chain]: readonly capi.X509[]): void {
  if (own === undefined) return;
  mustBeOne('SSL_CTX_use_certificate', capi.SSL_CTX_use_certificate(ctx, own));
  mustBeOne('SSL_CTX_clear_chain_certs', capi.SSL_CTX_clear_chain_certs(ctx));
  for (const each of chain) mustBeOne('SSL_CTX_add1_chain_cert', capi.SSL_CTX_add1_chain_cert(ctx, each));
}

function useKey(ctx: capi.SSL_CTX, key: Pem | KeyWithPassphrase, common: string | undefined): void {
  const isBare = isPem(key);
  if (!isBare && !isKey(key)) throw invalidType('key', 'PEM as a string or a Uint8Array, or { pem, passphrase }', key);
  const pem = bytesOf('key', isBare ? key : key.pem);
  const passphrase = (isBare ? undefined : key.passphrase) ?? common;
  const handle = withBio(pem, (bio) => notNull('key', capi.PEM_read_bio_PrivateKey(bio, passphrase)));
  try {
    mustBeOne('SSL_CTX_use_PrivateKey', capi.SSL_CTX_use_PrivateKey(ctx, handle));
  } finally {
    // The context has its own reference; a key should not wait for the garbage collector.
    capi.EVP_PKEY_free(handle);
  }
}

function usePfx(ctx: capi.SSL_CTX, pfx: Uint8Array | PfxWithPassphrase, common: string | undefined): void {
  if (!isPfx(pfx)) throw invalidType('pfx', 'a Uint8Array, or { buf, passphrase }', pfx);
  const isBare = pfx instanceof Uint8Array;
  const bytes = isBare ? pfx : pfx.buf;
  const file = notNull('pfx', capi.d2i_PKCS12(bytes));
  try {
    const passphrase = (isBare ? undefined : pfx.passphrase) ?? common;
    const [key, certificate, more] = notNull('pfx', capi.PKCS12_parse(file, passphrase));
    if (certificate !== null) useCertificates(ctx, [certificate, ...more]);
    if (key !== null) {
      mustBeOne('SSL_CTX_use_PrivateKey', capi.SSL_CTX_use_PrivateKey(ctx, key));
      capi.EVP_PKEY_free(key);
    }
  } finally {
    capi.PKCS12_free(file);
  }
}

function trust(ctx: capi.SSL_CTX, pem: Uint8Array): void {
  const store = capi.SSL_CTX_get_cert_store(ctx);
  for (const certificate of readAll('ca', pem, capi.PEM_read_bio_X509_AUX)) {
    mustBeOne('X509_STORE_add_cert', capi.X509_STORE_add_cert(store, certificate));
    // What a server tells clients when it asks for a certificate.
    mustBeOne('SSL_CTX_add_client_CA', capi.SSL_CTX_add_client_CA(ctx, certificate));
  }
}

function revoke(ctx: capi.SSL_CTX, pem: Uint8Array): void {
  const store = capi.SSL_CTX_get_cert_store(ctx);
  for (const list of readAll('crl', pem, capi.PEM_read_bio_X509_CRL)) {
    mustBeOne('X509_STORE_add_crl', capi.X509_STORE_add_crl(store, list));
  }
  setStoreFlags(ctx, capi.X509_V_FLAG_CRL_CHECK | capi.X509_V_FLAG_CRL_CHECK_ALL);
}

function setStoreFlags(ctx: capi.SSL_CTX, flags: number): void {
  mustBeOne('X509_STORE_set_flags', capi.X509_STORE_set_flags(capi.SSL_CTX_get_cert_store(ctx), flags));
}
