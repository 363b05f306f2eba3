/**
 * The functions of libssl about sessions and their cache, under their own names, with C's argument order and return
 * values. `NULL` is `null`; a pointer with a length is a `Uint8Array`; handles are objects of exactly one type. Wrong
 * arguments throw a TypeError or RangeError with a `code` before libssl is called; what C leaves undefined is an error.
 *
 * @module sslctx/capi
 */
import * as bio from './bio.ts';
import * as clientHello from './client_hello.ts';
import * as constants from './constants.ts';
import * as err from './err.ts';
import { native } from './loader.ts';
import * as ssl from './ssl.ts';
import * as cache from './ssl_cache.ts';
import * as callbacks from './ssl_callbacks.ts';
import * as ctx from './ssl_ctx.ts';
import * as session from './ssl_session.ts';
import * as x509 from './x509.ts';

export * from './bio.ts';
export * from './client_hello.ts';
export * from './constants.ts';
export * as debug from './debug.ts';
export * from './err.ts';
export {
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
export type { OpenSslInfo } from './native.ts';
export * from './ssl.ts';
export * from './ssl_cache.ts';
export * from './ssl_callbacks.ts';
export * from './ssl_ctx.ts';
export * from './ssl_session.ts';
export * from './x509.ts';

const all: Readonly<Record<string, unknown>> = {
  ...bio,
  ...clientHello,
  ...constants,
  ...err,
  ...ssl,
  ...cache,
  ...callbacks,
  ...ctx,
  ...session,
  ...x509,
};

/** Whether the libssl that the addon was compiled with has the function or constant `name`. */
export function has(name: string): boolean {
  return typeof name === 'string' && Object.hasOwn(all, name) && all[name] !== undefined;
}

/** Which OpenSSL runs, and from which files. */
export const openssl: typeof native.openssl = Object.freeze(native.openssl);
