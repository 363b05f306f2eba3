// The error queue and the versions. Each environment has a queue of its own, filled by each call into libssl; the thread's real one is empty whenever JavaScript runs.
import { native } from './loader.ts';
import type { ErrorRecord } from './native.ts';

export type { ErrorRecord };

/** Takes the oldest error, 0 when there is none. ERR_get_error(3). */
export function ERR_get_error(): number {
  return native.ERR_get_error();
}

/** The oldest error, left there; 0 when there is none. ERR_peek_error(3). */
export function ERR_peek_error(): number {
  return native.ERR_peek_error();
}

/** The latest error, left there; 0 when there is none. ERR_peek_last_error(3). */
export function ERR_peek_last_error(): number {
  return native.ERR_peek_last_error();
}

/** Takes the oldest error with all that is known of it. ERR_get_error_all(3). */
export function ERR_get_error_all(): ErrorRecord | null {
  return native.ERR_get_error_all();
}

/** ERR_clear_error(3). */
export function ERR_clear_error(): void {
  native.ERR_clear_error();
}

/** As `error:0A0000C1:SSL routines::no shared cipher`. ERR_error_string(3). */
export function ERR_error_string(code: number): string {
  return native.ERR_error_string(code);
}

/** Fills `buffer` with the text of ERR_error_string, cut to its length and ended by a null byte. ERR_error_string_n(3). */
export function ERR_error_string_n(code: number, buffer: Uint8Array): void {
  native.ERR_error_string_n(code, buffer);
}

/** ERR_lib_error_string(3). */
export function ERR_lib_error_string(code: number): string | null {
  return native.ERR_lib_error_string(code);
}

/** ERR_reason_error_string(3). */
export function ERR_reason_error_string(code: number): string | null {
  return native.ERR_reason_error_string(code);
}

/** ERR_GET_LIB(3). */
export function ERR_GET_LIB(code: number): number {
  return native.ERR_GET_LIB(code);
}

/** ERR_GET_REASON(3). */
export function ERR_GET_REASON(code: number): number {
  return native.ERR_GET_REASON(code);
}

/** Type is OPENSSL_VERSION, OPENSSL_DIR, ... OpenSSL_version(3). */
export function OpenSSL_version(type: number): string {
  return native.OpenSSL_version(type);
}

/** 0xMNN00PP0. OpenSSL_version_num(3). */
export function OpenSSL_version_num(): number {
  return native.OpenSSL_version_num();
}
