// How signatures.ts says what a function takes and gives.

export const HANDLE_KINDS = [
  'SSL_METHOD',
  'SSL_CIPHER',
  'SSL_CTX',
  'SSL',
  'SSL_SESSION',
  'BIO',
  'X509',
  'EVP_PKEY',
  'X509_STORE',
  'X509_CRL',
  'PKCS12',
] as const;

/** Handles, by the name of their class. */
export type HandleKind = (typeof HANDLE_KINDS)[number];

/** 'out' is a Uint8Array to be filled; 'any' takes whatever there is. */
export type ParameterKind = HandleKind | 'integer' | 'bytes' | 'out' | 'string' | 'callback' | 'bio method' | 'any';

export interface Parameter {
  kind: ParameterKind;
  /** null is legal, and with 'maybe' also undefined. */
  or?: 'null' | 'maybe';
  /** A value that means something to this function. */
  valid?: unknown;
}

/** A trailing ? allows null. */
export type ResultKind =
  | 'number'
  | 'number?'
  | 'void'
  | 'boolean'
  | 'bytes'
  | 'bytes?'
  | 'string'
  | 'string?'
  | 'list'
  | 'list?'
  | 'object'
  | 'object?'
  | 'callback?'
  | HandleKind
  | `${HandleKind}?`;

export interface Signature {
  parameters: readonly Parameter[];
  result: ResultKind;
  /** Gives back a reference of its first argument. */
  frees?: true;
  /** May change which sessions are in a cache. */
  changesCache?: true;
  /** Reads or writes errors, so that the queue after it says nothing. */
  queue?: true;
}

export const ctx: Parameter = { kind: 'SSL_CTX' };
export const ssl: Parameter = { kind: 'SSL' };
export const session: Parameter = { kind: 'SSL_SESSION' };
export const sessionOrNull: Parameter = { kind: 'SSL_SESSION', or: 'null' };
export const method: Parameter = { kind: 'SSL_METHOD' };
export const cipher: Parameter = { kind: 'SSL_CIPHER' };
export const bio: Parameter = { kind: 'BIO' };
export const bioOrNull: Parameter = { kind: 'BIO', or: 'null' };
export const x509: Parameter = { kind: 'X509' };
export const pkey: Parameter = { kind: 'EVP_PKEY' };
export const store: Parameter = { kind: 'X509_STORE' };
export const crl: Parameter = { kind: 'X509_CRL' };
export const pkcs12: Parameter = { kind: 'PKCS12' };
export const out: Parameter = { kind: 'out' };
export const callback: Parameter = { kind: 'callback', or: 'null' };
export const password: Parameter = { kind: 'string', or: 'maybe', valid: 'password' };

export const integer = (valid: number): Parameter => ({ kind: 'integer', valid });
export const string = (valid: string): Parameter => ({ kind: 'string', valid });
export const stringOrNull = (valid: string): Parameter => ({ kind: 'string', or: 'null', valid });
export const bytes = (valid: Uint8Array): Parameter => ({ kind: 'bytes', valid });

export const CHANGES_CACHE = { changesCache: true } as const;
export const FREES = { frees: true, changesCache: true } as const;
export const QUEUE = { queue: true } as const;

export function row(parameters: readonly Parameter[], result: ResultKind, more: Partial<Signature> = {}): Signature {
  return { parameters, result, ...more };
}

export const some = new Uint8Array([1, 2, 3]);
export const alpn = new Uint8Array([2, 0x68, 0x32]);
