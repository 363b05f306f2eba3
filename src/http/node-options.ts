// The options of Node's tls and https as those of this package. Names that neither knows are passed over, as in Node: apps
// hand whole configurations over.
import { hkdfSync } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { alpnNames } from '../alpn.ts';
import { SslContext } from '../context.ts';
import { contextOptionNames, type SslContextOptions } from '../context-options.ts';
import { invalidType, invalidValue } from '../errors.ts';

/** Node's options of a context, and those of {@link SslContextOptions} that Node has not. */
export interface NodeContextOptions extends Omit<SslContextOptions, 'ALPNProtocols' | 'pfx'> {
  /** Names, or their wire format. */
  ALPNProtocols?: TlsOptions['ALPNProtocols'];
  pfx?: string | Uint8Array | NodePfx | ReadonlyArray<string | Uint8Array | NodePfx> | undefined;
  /** As `TLSv1_2_method`; better `minVersion` and `maxVersion`. */
  secureProtocol?: string | undefined;
  /** Use this context. Options of a context beside it are errors where the context cannot follow them. */
  context?: SslContext | undefined;
  /** As `context`, under Node's name. */
  secureContext?: SslContext | undefined;
}

interface NodePfx {
  buf: string | Uint8Array;
  passphrase?: string | undefined;
}

/** What libssl is not told here: an app that relies on it must hear of it. */
const unsupported = [
  'pskCallback',
  'pskIdentityHint',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'clientCertEngine',
  'enableTrace',
];

/** Options that Node has for TLS, or this package: all others of an HTTP server are node:http's. */
export const tlsOptionNames: readonly string[] = [
  ...contextOptionNames,
  ...unsupported,
  'context',
  'secureContext',
  'secureProtocol',
  'SNICallback',
  'ALPNCallback',
  'handshakeTimeout',
  'deferTickets',
  'requireCloseNotify',
  'sessionStore',
  'lookupTimeout',
  'workers',
];

/** The own members of these names that have a value; Node takes null for none. */
export function picked(options: object, names: readonly string[]) {
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => names.includes(name) && value !== undefined && value !== null),
  );
}

/** All but those of these names. */
export function without(options: object, names: readonly string[]) {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
}

/** What only a context can be told; the rest can be said of a connection, or is refused by the server's class. */
export const ownOfContext: readonly string[] = [...contextOptionNames, 'secureProtocol'].filter(
  (name) => !['ALPNProtocols', 'requestCert', 'rejectUnauthorized'].includes(name),
);

/**
 * The context that is given, if one is.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for options beside `context` that it would not follow; those beside
 *   `secureContext` are passed over, as in Node
 */
export function givenContext(options: NodeContextOptions): SslContext | undefined {
  const { context, secureContext } = options;
  const given = context ?? secureContext ?? undefined;
  const [name] = Object.keys(picked(options, ownOfContext));
  if (context && name !== undefined) throw invalidValue(name, `cannot be given together with 'context'`);
  if (given === undefined || given instanceof SslContext) return given;
  throw invalidType('secureContext', 'of createSecureContext of this package', given);
}

/**
 * Node's options of a context as this package's.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for what Node has and this package has not
 */
export function contextOptionsOf(options: NodeContextOptions): SslContextOptions {
  for (const name of Object.keys(picked(options, unsupported))) throw invalidValue(name, 'is not supported');
  const { secureProtocol, ALPNProtocols, ticketKeys, pfx } = options;
  return {
    ...(secureProtocol ? versionsOf(secureProtocol) : {}),
    ...picked(options, contextOptionNames),
    ALPNProtocols: ALPNProtocols ? protocolNames(ALPNProtocols) : undefined,
    ticketKeys: ticketKeys ? fullTicketKeys(ticketKeys) : undefined,
    pfx: pfx ? [pfx].flat().map(pfxOf) : undefined,
  };
}

function pfxOf(pfx: string | Uint8Array | NodePfx) {
  if (typeof pfx === 'string') return Buffer.from(pfx, 'latin1');
  if (pfx instanceof Uint8Array) return pfx;
  const { buf, passphrase } = pfx;
  return { buf: typeof buf === 'string' ? Buffer.from(buf, 'latin1') : buf, passphrase };
}

/** As `TLSv1_2_method`, which stands for one version, or `TLS_method`, for all. SSL_CTX_new(3). */
function versionsOf(method: string): SslContextOptions {
  const [, name] = /^(TLS|SSLv23|TLSv1|TLSv1_1|TLSv1_2)(?:_client|_server)?_method$/.exec(method) ?? [];
  if (name === 'TLS' || name === 'SSLv23') return { minVersion: 'TLSv1' };
  const version = { TLSv1: 'TLSv1', TLSv1_1: 'TLSv1.1', TLSv1_2: 'TLSv1.2' } as const;
  if (name === 'TLSv1' || name === 'TLSv1_1' || name === 'TLSv1_2') {
    return { minVersion: version[name], maxVersion: version[name] };
  }
  throw invalidValue('secureProtocol', 'is no method of OpenSSL that can be had');
}

/** Node also takes the wire format, in which each name stands behind its length. RFC 7301, section 3.1. */
export function protocolNames(protocols: NonNullable<TlsOptions['ALPNProtocols']>): string[] {
  if (!ArrayBuffer.isView(protocols)) return protocols.map((name) => (typeof name === 'string' ? name : latin1(name)));
  const names = alpnNames(Buffer.from(latin1(protocols), 'latin1'));
  if (names.length > 0 || protocols.byteLength === 0) return names;
  throw invalidValue('ALPNProtocols', 'is no list of names, each behind its length');
}

function latin1(bytes: NodeJS.ArrayBufferView): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/**
 * libssl's ticket keys have 80 bytes, Node's 48. Out of 48 the same 80 are made everywhere, so that servers that share them
 * open each other's tickets; those of Node's own servers they do not.
 */
export function fullTicketKeys(keys: Uint8Array): Uint8Array {
  if (!(keys instanceof Uint8Array) || keys.length !== 48) return keys;
  const derived = hkdfSync('sha256', keys.subarray(16), keys.subarray(0, 16), 'sslctx ticket keys', 64);
  return Buffer.concat([keys.subarray(0, 16), Buffer.from(derived)]);
}
