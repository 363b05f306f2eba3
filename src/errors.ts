// The errors of the classes: what OpenSSL reported, and what the classes refuse.
import * as capi from './capi/index.ts';

/** `ERR_SSL_<REASON>` for libssl's own errors, `ERR_OSSL_<LIBRARY>_<REASON>` for libcrypto's, as in Node. */
export type OpenSslErrorCode = `ERR_SSL_${string}` | `ERR_OSSL_${string}`;

/** One entry of OpenSSL's error queue. */
interface QueueEntry {
  /** As `error:0A0000C1:SSL routines::no shared cipher`, with what OpenSSL adds to it in parentheses. */
  text: string;
  code: OpenSslErrorCode;
  library: string;
  reason: string;
  func: string;
}

/**
 * OpenSSL refused, and said why. Has the members that Node's own OpenSSL errors have.
 *
 * @see ERR_get_error(3)
 */
export class OpenSslError extends Error {
  override readonly name = 'OpenSslError';
  /** Stable, such as `ERR_SSL_NO_SHARED_CIPHER`. */
  readonly code: OpenSslErrorCode;
  /** The part of OpenSSL, such as `SSL routines`. */
  readonly library: string;
  /** OpenSSL's words, such as `no shared cipher`. */
  readonly reason: string;
  /** The function of OpenSSL's, such as `tls_post_process_client_hello`; empty when OpenSSL does not tell. */
  readonly function: string;
  /** The further entries of the error queue, oldest first. The first of all is what this error is about. */
  readonly opensslErrorStack: readonly string[];

  /** @internal Errors are made from the error queue, by `takeOpenSslError`. */
  constructor(what: string, first: QueueEntry, more: readonly string[]) {
    super(`${what}: ${first.text}`);
    this.code = first.code;
    this.library = first.library;
    this.reason = first.reason;
    this.function = first.func;
    this.opensslErrorStack = more;
  }
}

/** The stable codes of {@link SslctxError}. The TypeErrors and RangeErrors of this package have Node's codes. */
export type SslctxErrorCode =
  | 'ERR_SSLCTX_STATE'
  | 'ERR_SSLCTX_FREED'
  | 'ERR_SSLCTX_SHARED'
  | 'ERR_SSLCTX_HANDSHAKE_TIMEOUT'
  | 'ERR_SSLCTX_FILE_FORMAT'
  | 'ERR_SSLCTX_FILE_KEY'
  | 'ERR_SSLCTX_FILE_DAMAGED'
  | 'ERR_SSLCTX_REVOCATIONS_FULL'
  | 'ERR_SSLCTX_STORE'
  | 'ERR_SSLCTX_STORE_TIMEOUT'
  | 'ERR_SSLCTX_REVOKED';

/** The classes refused, not OpenSSL. `code` is a literal type: a `switch` over it narrows. */
export class SslctxError<Code extends SslctxErrorCode = SslctxErrorCode> extends Error {
  override readonly name = 'SslctxError';
  /** Stable; the message is not. */
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// Node's short names; errors of the other libraries have none in their codes there either.
const libraries = new Map([
  [capi.ERR_LIB_PEM, 'PEM_'],
  [capi.ERR_LIB_ASN1, 'ASN1_'],
  [capi.ERR_LIB_X509, 'X509_'],
  [capi.ERR_LIB_EVP, 'EVP_'],
  [capi.ERR_LIB_BIO, 'BIO_'],
  [capi.ERR_LIB_SYS, 'SYS_'],
]);

function codeOf(library: number, reason: string): OpenSslErrorCode {
  const suffix = reason.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
  return library === capi.ERR_LIB_SSL ? `ERR_SSL_${suffix}` : `ERR_OSSL_${libraries.get(library) ?? ''}${suffix}`;
}

function describe(record: capi.ErrorRecord): QueueEntry {
  const { code, func, data } = record;
  const reason = capi.ERR_reason_error_string(code) ?? `reason(${capi.ERR_GET_REASON(code)})`;
  const text = capi.ERR_error_string(code);
  return {
    text: data === '' ? text : `${text} (${data})`,
    code: codeOf(capi.ERR_GET_LIB(code), reason),
    library: capi.ERR_lib_error_string(code) ?? '',
    reason,
    func,
  };
}

/**
 * The error that the failed call left in the queue, which is empty then.
 *
 * The only place where the queue becomes an exception. Some functions fail without a word: their reason is `unknown`.
 *
 * @param what - the name of the C function, or what it was called for
 */
export function takeOpenSslError(what: string): OpenSslError {
  const entries: QueueEntry[] = [];
  for (let record = capi.ERR_get_error_all(); record !== null; record = capi.ERR_get_error_all()) {
    entries.push(describe(record));
  }
  const [first, ...more] = entries;
  return new OpenSslError(
    what,
    first ?? { text: 'failed without a reason', code: 'ERR_SSL_UNKNOWN', library: '', reason: 'unknown', func: '' },
    more.map(({ text }) => text),
  );
}

/** `result`, unless it is C's NULL. */
export function notNull<T>(what: string, result: T | null): T {
  if (result === null) throw takeOpenSslError(what);
  return result;
}

/** Returns unless C says anything but 1. */
export function mustBeOne(what: string, result: number): void {
  if (result !== 1) throw takeOpenSslError(what);
}

function coded<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}

/** A TypeError `ERR_INVALID_ARG_TYPE`. Tells the type of `received`, never its value: it may be a secret. */
export function invalidType(name: string, expected: string, received: unknown): TypeError {
  return coded(new TypeError(`'${name}' must be ${expected}. Received ${typeOf(received)}`), 'ERR_INVALID_ARG_TYPE');
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  return `an instance of ${value.constructor?.name ?? 'a class without a name'}`;
}

/** A TypeError `ERR_INVALID_ARG_VALUE`. */
export function invalidValue(name: string, problem: string): TypeError {
  return coded(new TypeError(`'${name}' ${problem}`), 'ERR_INVALID_ARG_VALUE');
}

/** Returns unless `value` is no integer from `min` to `max`. */
export function requireInteger(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const message = `'${name}' must be an integer from ${min} to ${max}. Received ${value}`;
  throw coded(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

/** What was thrown, as an Error: JavaScript may throw anything. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
