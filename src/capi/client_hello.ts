// What a ClientHello says. To be read inside of the client hello callback; null or 0 outside of it.
import { type SSL, sslId } from './handles.ts';
import { native } from './loader.ts';

/** SSL_client_hello_isv2(3). */
export function SSL_client_hello_isv2(ssl: SSL): number {
  return native.SSL_client_hello_isv2(sslId(ssl));
}

/** SSL_client_hello_get0_legacy_version(3). */
export function SSL_client_hello_get0_legacy_version(ssl: SSL): number {
  return native.SSL_client_hello_get0_legacy_version(sslId(ssl));
}

/** 32 bytes. SSL_client_hello_get0_random(3). */
export function SSL_client_hello_get0_random(ssl: SSL): Buffer | null {
  return native.SSL_client_hello_get0_random(sslId(ssl));
}

/** 0 to 32 bytes. SSL_client_hello_get0_session_id(3). */
export function SSL_client_hello_get0_session_id(ssl: SSL): Buffer | null {
  return native.SSL_client_hello_get0_session_id(sslId(ssl));
}

/** Two bytes a suite. SSL_client_hello_get0_ciphers(3). */
export function SSL_client_hello_get0_ciphers(ssl: SSL): Buffer | null {
  return native.SSL_client_hello_get0_ciphers(sslId(ssl));
}

/** SSL_client_hello_get0_compression_methods(3). */
export function SSL_client_hello_get0_compression_methods(ssl: SSL): Buffer | null {
  return native.SSL_client_hello_get0_compression_methods(sslId(ssl));
}

/** The body of an extension, null when it was not sent. SSL_client_hello_get0_ext(3). */
export function SSL_client_hello_get0_ext(ssl: SSL, type: number): Buffer | null {
  return native.SSL_client_hello_get0_ext(sslId(ssl), type);
}

/** Extension types, in the order sent. SSL_client_hello_get1_extensions_present(3). */
export function SSL_client_hello_get1_extensions_present(ssl: SSL): number[] | null {
  return native.SSL_client_hello_get1_extensions_present(sslId(ssl));
}
