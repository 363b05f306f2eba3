// What must happen to each argument, and what may come back.
import * as capi from '../../src/capi/index.ts';
import type { Parameter, ResultKind, Signature } from './signature.ts';

const CLASSES: Readonly<Record<string, abstract new (...args: never[]) => object>> = {
  SSL_METHOD: capi.SSL_METHOD,
  SSL_CIPHER: capi.SSL_CIPHER,
  SSL_CTX: capi.SSL_CTX,
  SSL: capi.SSL,
  SSL_SESSION: capi.SSL_SESSION,
  BIO: capi.BIO,
  X509: capi.X509,
  EVP_PKEY: capi.EVP_PKEY,
  X509_STORE: capi.X509_STORE,
  X509_CRL: capi.X509_CRL,
  PKCS12: capi.PKCS12,
};

/** Errors about what the arguments stand for, which any call with arguments of the right types may throw. */
const MEANING = new Set([
  'ERR_SSLCTX_STATE',
  'ERR_SSLCTX_SESSION_FROZEN',
  'ERR_SSLCTX_SESSION_FOREIGN',
  'ERR_SSLCTX_SESSION_INCOMPLETE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_OUT_OF_RANGE',
]);

/** The class that belongs to each code. */
const CLASS_OF_CODE: Readonly<Record<string, ErrorConstructor | TypeErrorConstructor | RangeErrorConstructor>> = {
  ERR_INVALID_ARG_TYPE: TypeError,
  ERR_INVALID_ARG_VALUE: TypeError,
  ERR_OUT_OF_RANGE: RangeError,
};

/** Handles that capi has made, as opposed to what looks like one. */
export interface Handles {
  genuine: ReadonlySet<unknown>;
  freed: ReadonlySet<unknown>;
}

/** The code with which `value` must be refused here; undefined when it may be taken. */
export function mustRefuse({ kind, or }: Parameter, value: unknown, handles: Handles): string | undefined {
  if (value === null && or !== undefined) return undefined;
  if (value === undefined && or === 'maybe') return undefined;
  switch (kind) {
    case 'any':
      return undefined;
    case 'integer':
      if (typeof value !== 'number') return 'ERR_INVALID_ARG_TYPE';
      return Number.isSafeInteger(value) ? undefined : 'ERR_OUT_OF_RANGE';
    case 'string':
    case 'bio method':
      if (typeof value !== 'string') return 'ERR_INVALID_ARG_TYPE';
      return value.includes('\0') || (kind === 'bio method' && value !== 'BIO_s_mem')
        ? 'ERR_INVALID_ARG_VALUE'
        : undefined;
    case 'bytes':
    case 'out':
      return isBytes(value) ? undefined : 'ERR_INVALID_ARG_TYPE';
    case 'callback':
      return typeof value === 'function' ? undefined : 'ERR_INVALID_ARG_TYPE';
    default: {
      const type = CLASSES[kind];
      if (type === undefined || !handles.genuine.has(value) || !(value instanceof type)) return 'ERR_INVALID_ARG_TYPE';
      return handles.freed.has(value) ? 'ERR_SSLCTX_FREED' : undefined;
    }
  }
}

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get;

function isBytes(value: unknown): boolean {
  // The getter sees the internal slot: neither proxies nor heirs have it.
  const tag: unknown = typeof value === 'object' && value !== null ? tagOf?.call(value) : undefined;
  return tag === 'Uint8Array' || tag === 'Uint8ClampedArray';
}

/** What is wrong with an error that was thrown; undefined when it is as it should be. */
export function wrongError(error: unknown, expected: string | undefined): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') {
    return `threw ${describe(error)}, which has no code`;
  }
  const { code } = error;
  const type = CLASS_OF_CODE[code] ?? Error;
  if (error.constructor !== type) return `${code} is a ${error.constructor.name}, not a ${type.name}`;
  if (error.message === '') return `${code} without a message`;
  if (expected !== undefined && code !== expected && !MEANING.has(code)) return `threw ${code} instead of ${expected}`;
  if (expected === undefined && !MEANING.has(code)) return `threw ${code} for valid arguments: ${error.message}`;
  return undefined;
}

/** What is wrong with a value that was returned. */
export function wrongResult(result: unknown, kind: ResultKind): string | undefined {
  if (kind.endsWith('?') && result === null) return undefined;
  const wanted = kind.replace('?', '');
  const right = isOf(wanted, result);
  return right ? undefined : `returned ${describe(result)} instead of ${kind}`;
}

function isOf(kind: string, result: unknown): boolean {
  switch (kind) {
    case 'number':
      return Number.isSafeInteger(result);
    case 'void':
      return result === undefined;
    case 'boolean':
    case 'string':
      return typeof result === kind;
    case 'bytes':
      return Buffer.isBuffer(result);
    case 'list':
      return Array.isArray(result);
    case 'object':
      return typeof result === 'object' && result !== null;
    case 'callback':
      return typeof result === 'function';
    default: {
      const type = CLASSES[kind];
      return type !== undefined && result instanceof type;
    }
  }
}

export function describe(value: unknown): string {
  try {
    return value instanceof Error ? `${value.name}: ${value.message}` : String(value).slice(0, 100);
  } catch {
    return `a ${typeof value} that cannot be shown`;
  }
}

/** The function of that name, also of `debug`; undefined when this libssl does not have it. */
export function functionNamed(name: string): ((...args: unknown[]) => unknown) | undefined {
  const [space, member] = name.split('.');
  const found: unknown =
    member === undefined ? Reflect.get(capi, name) : Reflect.get(Reflect.get(capi, space ?? ''), member);
  if (typeof found !== 'function') return undefined;
  return (...args) => Reflect.apply(found, undefined, args);
}

/** Names of functions whose first argument is a connection, so that its state matters. */
export function dependsOnState({ parameters }: Signature): boolean {
  return parameters.some(({ kind }) => kind === 'SSL');
}
