// The names of libssl's numbers, both ways.
import * as capi from './capi/index.ts';
import { invalidType, invalidValue } from './errors.ts';

/**
 * The bits of a session cache mode, for `sessionCache.mode` and {@link SslContext.sessionCacheMode}: add them up, or use
 * their names ({@link SessionCacheModeName}).
 *
 * @see SSL_CTX_set_session_cache_mode(3), SSL_SESS_CACHE_*
 */
export const SessionCacheMode = Object.freeze({
  /** Nothing is put into the cache. It is searched all the same. */
  OFF: capi.SSL_SESS_CACHE_OFF,
  /** Cache the sessions of connections made as a client. libssl itself never looks them up. */
  CLIENT: capi.SSL_SESS_CACHE_CLIENT,
  /** Cache the sessions of connections made as a server. libssl's default. */
  SERVER: capi.SSL_SESS_CACHE_SERVER,
  /** `CLIENT` and `SERVER`. */
  BOTH: capi.SSL_SESS_CACHE_BOTH,
  /** Do not remove expired sessions at every 255th or 256th handshake; call `flushSessions` instead. */
  NO_AUTO_CLEAR: capi.SSL_SESS_CACHE_NO_AUTO_CLEAR,
  /** Do not search the internal cache when a client asks for a session. */
  NO_INTERNAL_LOOKUP: capi.SSL_SESS_CACHE_NO_INTERNAL_LOOKUP,
  /** Do not put the sessions of handshakes into the internal cache. `addSession` still does. */
  NO_INTERNAL_STORE: capi.SSL_SESS_CACHE_NO_INTERNAL_STORE,
  /** `NO_INTERNAL_LOOKUP` and `NO_INTERNAL_STORE`. */
  NO_INTERNAL: capi.SSL_SESS_CACHE_NO_INTERNAL,
  /** Set a session's time to now when it is added to the cache. */
  UPDATE_TIME: capi.SSL_SESS_CACHE_UPDATE_TIME,
});

/** Names of the bits of {@link SessionCacheMode}. */
export type SessionCacheModeName =
  | 'off'
  | 'client'
  | 'server'
  | 'both'
  | 'no-auto-clear'
  | 'no-internal-lookup'
  | 'no-internal-store'
  | 'no-internal'
  | 'update-time';

const modeBits: Readonly<Record<SessionCacheModeName, number>> = {
  off: SessionCacheMode.OFF,
  both: SessionCacheMode.BOTH,
  client: SessionCacheMode.CLIENT,
  server: SessionCacheMode.SERVER,
  'no-auto-clear': SessionCacheMode.NO_AUTO_CLEAR,
  'no-internal': SessionCacheMode.NO_INTERNAL,
  'no-internal-lookup': SessionCacheMode.NO_INTERNAL_LOOKUP,
  'no-internal-store': SessionCacheMode.NO_INTERNAL_STORE,
  'update-time': SessionCacheMode.UPDATE_TIME,
};

function isModeName(name: string): name is SessionCacheModeName {
  return Object.hasOwn(modeBits, name);
}

const modeNames = Object.keys(modeBits).filter(isModeName);

/** A mode as a number; a number is left to libssl's own check. */
export function cacheModeBits(mode: number | readonly SessionCacheModeName[], name: string): number {
  if (typeof mode === 'number') return mode;
  if (!Array.isArray(mode)) throw invalidType(name, 'a number or an array of names', mode);
  let bits = 0;
  for (const each of mode) {
    if (typeof each !== 'string') throw invalidType(name, 'a number or an array of names', each);
    if (!isModeName(each)) throw invalidValue(name, `has '${each}', which is none of ${modeNames.join(', ')}`);
    bits |= modeBits[each];
  }
  return bits;
}

/** The shortest list of names for a mode; `cacheModeBits` makes the same number of it. */
export function cacheModeNames(mode: number): SessionCacheModeName[] {
  const names: SessionCacheModeName[] = (mode & SessionCacheMode.BOTH) === 0 ? ['off'] : [];
  let left = mode;
  // Both bits of a pair come before each of them in the table.
  for (const name of modeNames) {
    const bits = modeBits[name];
    if (bits === 0 || (left & bits) !== bits) continue;
    names.push(name);
    left &= ~bits;
  }
  return names;
}

/** Protocol versions, as Node's `tls` names them. */
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

const versions: Readonly<Record<TlsVersion, number>> = {
  'TLSv1.3': capi.TLS1_3_VERSION,
  'TLSv1.2': capi.TLS1_2_VERSION,
  'TLSv1.1': capi.TLS1_1_VERSION,
  TLSv1: capi.TLS1_VERSION,
};

function isTlsVersion(name: string): name is TlsVersion {
  return Object.hasOwn(versions, name);
}

const versionNames = Object.keys(versions).filter(isTlsVersion);

/** The number of a protocol version. */
export function versionNumber(version: unknown, name: string): number {
  if (typeof version !== 'string') throw invalidType(name, 'a string', version);
  if (!isTlsVersion(version)) throw invalidValue(name, `is '${version}', which is none of ${versionNames.join(', ')}`);
  return versions[version];
}

/** The name of a protocol version; other numbers as libssl prints them, 0 as an empty string. */
export function versionName(version: number): string {
  if (version === 0) return '';
  if (version === capi.SSL3_VERSION) return 'SSLv3';
  return versionNames.find((name) => versions[name] === version) ?? `0x${version.toString(16).padStart(4, '0')}`;
}
