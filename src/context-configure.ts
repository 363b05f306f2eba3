// From options to an SSL_CTX.
import { createHash } from 'node:crypto';
import { alpnWire } from './alpn.ts';
import { setAlpnList, setLenientVerify } from './capi/channel.ts';
import * as capi from './capi/index.ts';
import { cacheModeBits, versionName, versionNumber } from './constants.ts';
import { applyCredentials, bytesOf } from './context-credentials.ts';
import {
  checkOptionNames,
  ownOptions,
  type Pem,
  type SessionCacheOptions,
  type SslContextOptions,
} from './context-options.ts';
import { invalidType, invalidValue, mustBeOne, notNull, requireInteger, takeOpenSslError } from './errors.ts';
import { withBio } from './memory.ts';
import { attachRing } from './ticket-key-ring.ts';

/** A new SSL_CTX with all of `options`, which have been checked for unknown names. */
export function createContext(options: SslContextOptions): capi.SSL_CTX {
  capi.ERR_clear_error();
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  try {
    applyProtocol(ctx, options);
    applyCredentials(ctx, options);
    applyVerification(ctx, options);
    applyAlpn(ctx, options.ALPNProtocols);
    applySessions(ctx, options);
    return ctx;
  } catch (error) {
    capi.SSL_CTX_free(ctx);
    throw error;
  }
}

function applyProtocol(ctx: capi.SSL_CTX, options: SslContextOptions): void {
  const { minVersion, maxVersion, ciphers, ecdhCurve, sigalgs, secureOptions, dhparam } = options;
  // What the system's configuration of OpenSSL demands is not lowered unasked.
  const policy = Math.max(capi.SSL_CTX_get_min_proto_version(ctx), capi.TLS1_2_VERSION);
  const min = minVersion === undefined ? policy : versionNumber(minVersion, 'minVersion');
  const max =
    maxVersion === undefined ? capi.SSL_CTX_get_max_proto_version(ctx) : versionNumber(maxVersion, 'maxVersion');
  if (max !== 0 && max < min) throw invalidValue('maxVersion', `is before minVersion, which is ${versionName(min)}`);
  mustBeOne('minVersion', capi.SSL_CTX_set_min_proto_version(ctx, min));
  mustBeOne('maxVersion', capi.SSL_CTX_set_max_proto_version(ctx, max));
  if (ciphers !== undefined) applyCiphers(ctx, ciphers, min, max === 0 ? capi.TLS1_3_VERSION : max);
  if (ecdhCurve !== undefined && ecdhCurve !== 'auto') {
    mustBeOne('ecdhCurve', capi.SSL_CTX_set1_groups_list(ctx, ecdhCurve));
  }
  if (sigalgs !== undefined) mustBeOne('sigalgs', capi.SSL_CTX_set1_sigalgs_list(ctx, sigalgs));
  if (options.honorCipherOrder ?? true) capi.SSL_CTX_set_options(ctx, capi.SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (dhparam !== undefined) applyDhParameters(ctx, dhparam);
  if (secureOptions !== undefined) capi.SSL_CTX_set_options(ctx, secureOptions);
}

function applyCiphers(ctx: capi.SSL_CTX, ciphers: string, min: number, max: number): void {
  if (typeof ciphers !== 'string') throw invalidType('ciphers', 'a string', ciphers);
  const suites = ciphers.split(':').filter((suite) => suite !== '');
  const tls13 = suites.filter((suite) => suite.startsWith('TLS_'));
  const others = suites.filter((suite) => !suite.startsWith('TLS_'));
  mustBeOne('ciphers', capi.SSL_CTX_set_ciphersuites(ctx, tls13.join(':')));
  if (others.length > 0) {
    mustBeOne('ciphers', capi.SSL_CTX_set_cipher_list(ctx, others.join(':')));
  }
  // Without a suite of its kind, a version must not be offered: the handshake would fail.
  const lowest = others.length > 0 ? min : Math.max(min, capi.TLS1_3_VERSION);
  const highest = tls13.length > 0 ? max : Math.min(max, capi.TLS1_2_VERSION);
  if (suites.length === 0 || lowest > highest) {
    throw invalidValue('ciphers', 'has no cipher suite for the protocol versions from minVersion to maxVersion');
  }
  if (lowest !== min) mustBeOne('ciphers', capi.SSL_CTX_set_min_proto_version(ctx, lowest));
  if (highest !== max) mustBeOne('ciphers', capi.SSL_CTX_set_max_proto_version(ctx, highest));
}

function applyDhParameters(ctx: capi.SSL_CTX, dhparam: Pem): void {
  if (dhparam === 'auto') {
    mustBeOne('dhparam', capi.SSL_CTX_set_dh_auto(ctx, 1));
    return;
  }
  const bytes = bytesOf('dhparam', dhparam);
  const parameters = withBio(bytes, (bio) => notNull('dhparam', capi.PEM_read_bio_Parameters(bio)));
  mustBeOne('dhparam', capi.SSL_CTX_set0_tmp_dh_pkey(ctx, parameters));
}

function applyVerification(ctx: capi.SSL_CTX, options: SslContextOptions): void {
  if (options.requestCert !== true) return;
  if (options.ca === undefined) trustSystem(ctx);
  if (options.rejectUnauthorized ?? true) {
    capi.SSL_CTX_set_verify(ctx, capi.SSL_VERIFY_PEER | capi.SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
  } else {
    setLenientVerify(ctx);
  }
}

/** Trusts what the system's OpenSSL trusts. Not for every context: the file may have 150 certificates. */
export function trustSystem(ctx: capi.SSL_CTX): void {
  mustBeOne('SSL_CTX_set_default_verify_paths', capi.SSL_CTX_set_default_verify_paths(ctx));
  // Missing files are no failure, but leave their errors.
  capi.ERR_clear_error();
}

/** A session ID context as bytes of its own. */
export function idContextBytes(value: string | Uint8Array): Buffer {
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value);
  throw invalidType('sessionIdContext', 'a string or a Uint8Array', value);
}

/** The session ID context to set: the user's own, or one that tells clients of different trust apart. */
export function idContextOf(options: SslContextOptions): Buffer {
  if (options.sessionIdContext !== undefined) return idContextBytes(options.sessionIdContext);
  if (options.requestCert !== true) return Buffer.alloc(0);
  const hash = createHash('sha256');
  for (const source of [options.cert, options.pfx, options.ca, options.crl]) {
    hash.update('|');
    for (const each of [source].flat()) {
      const bytes = typeof each === 'object' && 'buf' in each ? each.buf : (each ?? '');
      // With their lengths: no two lists must look alike.
      hash.update(`${bytes.length} `).update(bytes);
    }
  }
  return hash.digest();
}

function applyAlpn(ctx: capi.SSL_CTX, protocols: readonly string[] | undefined): void {
  const wire = alpnWire(protocols);
  if (wire === undefined) return;
  // The one function of libssl's that returns 0 on success.
  if (capi.SSL_CTX_set_alpn_protos(ctx, wire) !== 0) throw takeOpenSslError('SSL_CTX_set_alpn_protos');
  setAlpnList(ctx, wire);
}

function applySessions(ctx: capi.SSL_CTX, options: SslContextOptions): void {
  const { sessionTimeout, sessionCache, tickets, numTickets, ticketKeys } = options;
  mustBeOne('sessionIdContext', capi.SSL_CTX_set_session_id_context(ctx, idContextOf(options)));
  if (sessionTimeout !== undefined) capi.SSL_CTX_set_timeout(ctx, sessionTimeout);
  if (sessionCache !== undefined) applyCache(ctx, sessionCache);
  if (numTickets !== undefined) capi.SSL_CTX_set_num_tickets(ctx, numTickets);
  if (ticketKeys !== undefined) mustBeOne('ticketKeys', capi.SSL_CTX_set_tlsext_ticket_keys(ctx, ticketKeys));
  if (options.maxEarlyData !== undefined) {
    requireInteger('maxEarlyData', options.maxEarlyData, 0, 0xffffffff);
    mustBeOne('maxEarlyData', capi.SSL_CTX_set_max_early_data(ctx, options.maxEarlyData));
    mustBeOne('maxEarlyData', capi.SSL_CTX_set_recv_max_early_data(ctx, options.maxEarlyData));
  }
  if (options.antiReplay === false) capi.SSL_CTX_set_options(ctx, capi.SSL_OP_NO_ANTI_REPLAY);
  applyRing(ctx, options);
  if (tickets === undefined || tickets === 'stateless') return;
  if (tickets !== 'stateful' && tickets !== 'none') {
    throw invalidValue('tickets', `must be 'stateful', 'stateless' or 'none'`);
  }
  if (tickets === 'none' && numTickets !== undefined && numTickets !== 0) {
    throw invalidValue('numTickets', `must be 0 when 'tickets' is 'none'`);
  }
  capi.SSL_CTX_set_options(ctx, capi.SSL_OP_NO_TICKET);
  if (tickets === 'none') capi.SSL_CTX_set_num_tickets(ctx, 0);
}

function applyRing(ctx: capi.SSL_CTX, options: SslContextOptions): void {
  const { ticketKeyRing, ticketKeys, tickets, maxEarlyData = 0, antiReplay = true } = options;
  if (ticketKeyRing === undefined) return;
  if (maxEarlyData > 0 && antiReplay) {
    throw invalidValue(
      'ticketKeyRing',
      `needs 'antiReplay: false' with 'maxEarlyData': otherwise tickets are stateful`,
    );
  }
  if (ticketKeys !== undefined) throw invalidValue('ticketKeys', `cannot be given together with 'ticketKeyRing'`);
  if (tickets !== undefined && tickets !== 'stateless') {
    throw invalidValue('ticketKeyRing', `needs stateless tickets. 'tickets' is '${tickets}'`);
  }
  attachRing(ticketKeyRing, ctx);
}

function applyCache(ctx: capi.SSL_CTX, options: SessionCacheOptions): void {
  checkOptionNames(options, ['mode', 'size'], 'sessionCache');
  const { mode, size } = ownOptions(options, ['mode', 'size']);
  if (mode !== undefined) capi.SSL_CTX_set_session_cache_mode(ctx, cacheModeBits(mode, 'sessionCache.mode'));
  if (size !== undefined) capi.SSL_CTX_sess_set_cache_size(ctx, size);
}
