// What a context can be told, and the check of its names.
import type { SessionCacheModeName, TlsVersion } from './constants.ts';
import { invalidType, invalidValue } from './errors.ts';
import type { TicketKeyRing } from './ticket-key-ring.ts';

/** PEM text, as a string or its bytes. */
export type Pem = string | Uint8Array;

/** A private key with a passphrase of its own. */
export interface KeyWithPassphrase {
  pem: Pem;
  passphrase?: string | undefined;
}

/** A PKCS#12 file with a passphrase of its own. */
export interface PfxWithPassphrase {
  buf: Uint8Array;
  passphrase?: string | undefined;
}

/** The internal cache of a context. */
export interface SessionCacheOptions {
  /**
   * The bits of `SessionCacheMode`, as their sum or by name. Default `['server']`, as in libssl.
   *
   * @see SSL_CTX_set_session_cache_mode(3)
   */
  mode?: number | readonly SessionCacheModeName[] | undefined;
  /**
   * How many sessions, 0 for no limit. libssl keeps one less than this (and at least one). Default 20480.
   *
   * @see SSL_CTX_sess_set_cache_size(3)
   */
  size?: number | undefined;
}

/**
 * What {@link SslContext} can be told. Names and units are those of Node's `tls.createSecureContext` where it has the
 * option; the defaults are libssl's unless said.
 */
export interface SslContextOptions {
  /** Certificate chains in PEM, own certificate first. One for each type of key, such as RSA and ECDSA. */
  cert?: Pem | readonly Pem[] | undefined;
  /** The private keys of `cert` in PEM. */
  key?: Pem | KeyWithPassphrase | ReadonlyArray<Pem | KeyWithPassphrase> | undefined;
  /** For encrypted `key` and `pfx`. libssl never asks for one on the terminal. */
  passphrase?: string | undefined;
  /** Certificate, key and chain in PKCS#12, in place of `cert` and `key`. Its further certificates are sent, not trusted. */
  pfx?: Uint8Array | PfxWithPassphrase | ReadonlyArray<Uint8Array | PfxWithPassphrase> | undefined;
  /** The certificates to trust, PEM. Default: what the system's OpenSSL trusts, asked for when first needed. */
  ca?: Pem | readonly Pem[] | undefined;
  /** Revocation lists in PEM. Once there is one, each certificate of a chain needs the list of its issuer. */
  crl?: Pem | readonly Pem[] | undefined;
  /**
   * Cipher suites, separated by colons. Those of TLS 1.3 (`TLS_...`) go to SSL_CTX_set_ciphersuites(3), the others to
   * SSL_CTX_set_cipher_list(3). A list with suites of one kind only switches the other kind's protocol versions off.
   */
  ciphers?: string | undefined;
  /** Groups for the key exchange, separated by colons; `auto` for libssl's. SSL_CTX_set1_groups_list(3). */
  ecdhCurve?: string | undefined;
  /** Signature algorithms, separated by colons. SSL_CTX_set1_sigalgs_list(3). */
  sigalgs?: string | undefined;
  /** Default `TLSv1.2`, or what the system's openssl.cnf demands where that is later. */
  minVersion?: TlsVersion | undefined;
  /** Default: the latest that libssl has. */
  maxVersion?: TlsVersion | undefined;
  /** Further SSL_OP_* bits, the numbers of OpenSSL's headers (`sslctx/capi` has them). SSL_CTX_set_options(3). */
  secureOptions?: number | undefined;
  /** Whether a server chooses the cipher suite by its own preference. Default true, as `tls.createServer`. */
  honorCipherOrder?: boolean | undefined;
  /**
   * For DHE cipher suites: parameters in PEM, or `auto` for some that fit the certificate's key. Default: no DHE.
   *
   * @see SSL_CTX_set0_tmp_dh_pkey(3), SSL_CTX_set_dh_auto(3)
   */
  dhparam?: 'auto' | Pem | undefined;
  /**
   * Application protocols, best first. A server refuses clients that offer only others; a client offers them.
   *
   * @see SSL_CTX_set_alpn_select_cb(3)
   */
  ALPNProtocols?: readonly string[] | undefined;
  /** Whether a server asks clients for a certificate. Default false. SSL_CTX_set_verify(3). */
  requestCert?: boolean | undefined;
  /**
   * With `requestCert`: whether a client must have a certificate that is trusted. If not, `verifyError` of the connection
   * tells. Default true.
   */
  rejectUnauthorized?: boolean | undefined;
  /** Whether a certificate in `ca` that is not self-signed is trusted for itself. Default false. */
  allowPartialTrustChain?: boolean | undefined;
  /**
   * What sessions are good for: they are resumed only where this is the same. At most 32 bytes. Default: empty, or, with
   * `requestCert`, a digest of `cert`, `pfx`, `ca` and `crl`, because libssl resumes no verified session without one.
   *
   * @see SSL_CTX_set_session_id_context(3)
   */
  sessionIdContext?: string | Uint8Array | undefined;
  /** Lifetime of new sessions in seconds, 0 (for the default) to 2147483647. Default 7200. SSL_CTX_set_timeout(3). */
  sessionTimeout?: number | undefined;
  /** The internal session cache. */
  sessionCache?: SessionCacheOptions | undefined;
  /**
   * How a server's sessions are resumed. Default `stateless`.
   * - `stateless`: tickets hold the whole session, encrypted; the cache is not used, and `removeSession` revokes nothing.
   * - `stateful`: sessions are in the cache. In TLS 1.2 the client has their ID, in TLS 1.3 a ticket with their ID.
   * - `none`: no tickets. TLS 1.2 clients resume by session ID, TLS 1.3 clients do not.
   *
   * @see SSL_CTX_set_options(3), SSL_OP_NO_TICKET; SSL_CTX_set_num_tickets(3)
   */
  tickets?: 'stateful' | 'stateless' | 'none' | undefined;
  /** How many tickets a TLS 1.3 client gets after a full handshake, 0 to 32. Default 2. SSL_CTX_set_num_tickets(3). */
  numTickets?: number | undefined;
  /**
   * The keys of stateless tickets: 80 bytes (a name of 16, HMAC and AES keys of 32 each; Node's 48 are of another
   * format). Servers with the same keys resume each other's sessions. Default: random. SSL_CTX_set_tlsext_ticket_keys(3).
   */
  ticketKeys?: Uint8Array | undefined;
  /**
   * Bytes of early data (0-RTT) that a client may send when it resumes a session of TLS 1.3, 0 to 4294967295. Default 0:
   * none. A server's sockets are announced as soon as it comes: see `socket.isEarly`. SSL_CTX_set_max_early_data(3).
   */
  maxEarlyData?: number | undefined;
  /**
   * Whether each session is resumed only once where there is early data, by way of the cache, which tickets need then
   * whatever `tickets` says. Default true. What without it keeps replays away must be the application's.
   * SSL_OP_NO_ANTI_REPLAY of SSL_CTX_set_options(3).
   */
  antiReplay?: boolean | undefined;
  /** Keys of stateless tickets that rotate, and tickets that can be revoked: in place of `ticketKeys`. */
  ticketKeyRing?: TicketKeyRing | undefined;
}

// A type, so that the compiler finds a name that is missing or too much.
const names: Readonly<Record<keyof SslContextOptions, true>> = {
  cert: true,
  key: true,
  passphrase: true,
  pfx: true,
  ca: true,
  crl: true,
  ciphers: true,
  ecdhCurve: true,
  sigalgs: true,
  minVersion: true,
  maxVersion: true,
  secureOptions: true,
  honorCipherOrder: true,
  dhparam: true,
  ALPNProtocols: true,
  requestCert: true,
  rejectUnauthorized: true,
  allowPartialTrustChain: true,
  sessionIdContext: true,
  sessionTimeout: true,
  sessionCache: true,
  tickets: true,
  numTickets: true,
  ticketKeys: true,
  maxEarlyData: true,
  antiReplay: true,
  ticketKeyRing: true,
};

/** The names of all options of a context. */
export const contextOptionNames: readonly string[] = Object.keys(names);

/**
 * Refuses what is no object, and option names that are not in `known`: a name with a typing error would be a setting that
 * silently does not apply.
 */
export function checkOptionNames(options: unknown, known: readonly string[], name = 'options'): void {
  if (typeof options !== 'object' || options === null) throw invalidType(name, 'an object', options);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const nearest = nearestName(key, known);
    throw invalidValue(
      `${name}.${key}`,
      nearest === undefined ? 'is no option' : `is no option. Is '${nearest}' meant?`,
    );
  }
}

/**
 * A copy of the options of these names that has nothing of Object.prototype: what a polluted one sets (such as
 * `rejectUnauthorized: false`) nobody has asked for.
 */
export function ownOptions<T extends object>(options: T, names: readonly string[]): T {
  const own: T = Object.create(null);
  for (const name of names) {
    if (name in Object.prototype && !Object.hasOwn(options, name)) continue;
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined) Reflect.set(own, name, value);
  }
  return own;
}

/** The known name with the fewest edits, unless that is a word of another kind. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const lowered = name.toLowerCase();
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(lowered, candidate.toLowerCase());
    if (best === undefined || distance < best.distance) best = { name: candidate, distance };
  }
  return best !== undefined && best.distance <= Math.max(2, name.length / 3) ? best.name : undefined;
}

/** Levenshtein's distance. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
