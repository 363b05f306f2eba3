// Sessions made of parts instead of by a handshake.
import { randomFillSync } from 'node:crypto';
import * as capi from './capi/index.ts';
import { allCiphers } from './ciphers.ts';
import { type TlsVersion, versionNumber } from './constants.ts';
import { invalidValue, mustBeOne } from './errors.ts';

/** The parts of a session; see {@link SslSession.create}. */
export interface SslSessionFields {
  /** Default `TLSv1.3`. */
  protocol?: TlsVersion | undefined;
  /** OpenSSL's name of the cipher suite. Default: the first one that libssl has for the protocol. */
  cipher?: string | undefined;
  /** 1 to 32 bytes, random at the beginning, because libssl hashes the first four. Default: 32 random bytes. */
  id?: Uint8Array | undefined;
  /** 1 to 512 bytes; 48 in TLS 1.2. Default: 48 random bytes. */
  masterKey?: Uint8Array | undefined;
  /** At most 32 bytes. Default: empty. */
  idContext?: Uint8Array | undefined;
  /** Seconds since the epoch. Default: now. */
  time?: number | undefined;
  /** Seconds, 0 to 2147483647. Default: libssl's 304. */
  timeout?: number | undefined;
  /** At most 255 bytes. Default: none. */
  hostname?: string | undefined;
  /** At most 255 bytes. Default: none. */
  alpn?: string | undefined;
  /** Bytes of early data that the session allows. Default 0. */
  maxEarlyData?: number | undefined;
}

const found = new Map<string, capi.SSL_CIPHER>();

function cipherFor(name: string | undefined, protocol: TlsVersion): capi.SSL_CIPHER {
  const key = `${protocol} ${name ?? ''}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  const cipher = findCipher(name, protocol);
  found.set(key, cipher);
  return cipher;
}

function findCipher(name: string | undefined, protocol: TlsVersion): capi.SSL_CIPHER {
  const isTls13 = protocol === 'TLSv1.3';
  const cipher = allCiphers().find((each) =>
    name === undefined
      ? (capi.SSL_CIPHER_get_version(each) === 'TLSv1.3') === isTls13
      : capi.SSL_CIPHER_get_name(each) === name,
  );
  if (cipher === undefined) throw invalidValue('cipher', 'is no cipher suite of this libssl');
  if ((capi.SSL_CIPHER_get_version(cipher) === 'TLSv1.3') !== isTls13) {
    throw invalidValue('cipher', `is no cipher suite of ${protocol}`);
  }
  return cipher;
}

const idLength = 32;
const keyLength = 48;
// To ask for random bytes takes longer than to make the session.
const pool = new Uint8Array(64 * (idLength + keyLength));
let left = 0;

/** Good until they are asked for 64 times more, or erased. */
function randomBytes(length: number): Uint8Array {
  if (left < length) left = randomFillSync(pool).length;
  left -= length;
  return pool.subarray(left, left + length);
}

/** An SSL_SESSION that nobody shares yet, complete enough for a cache. */
export function createSession(fields: SslSessionFields): capi.SSL_SESSION {
  const { protocol = 'TLSv1.3', id = randomBytes(idLength), masterKey = randomBytes(keyLength) } = fields;
  if (id.length === 0) throw invalidValue('id', 'must not be empty');
  if (masterKey.length === 0) throw invalidValue('masterKey', 'must not be empty');
  const version = versionNumber(protocol, 'protocol');
  const cipher = cipherFor(fields.cipher, protocol);
  capi.ERR_clear_error();
  const session = capi.SSL_SESSION_new();
  try {
    mustBeOne('SSL_SESSION_set_protocol_version', capi.SSL_SESSION_set_protocol_version(session, version));
    mustBeOne('SSL_SESSION_set_cipher', capi.SSL_SESSION_set_cipher(session, cipher));
    mustBeOne('SSL_SESSION_set1_id', capi.SSL_SESSION_set1_id(session, id));
    mustBeOne('SSL_SESSION_set1_master_key', capi.SSL_SESSION_set1_master_key(session, masterKey));
    setOptional(session, fields);
    return session;
  } catch (error) {
    capi.SSL_SESSION_free(session);
    throw error;
  } finally {
    if (fields.masterKey === undefined) masterKey.fill(0);
  }
}

function setOptional(session: capi.SSL_SESSION, fields: SslSessionFields): void {
  const { idContext, time, timeout, hostname, alpn, maxEarlyData } = fields;
  if (idContext !== undefined) {
    mustBeOne('SSL_SESSION_set1_id_context', capi.SSL_SESSION_set1_id_context(session, idContext));
  }
  if (time !== undefined) capi.SSL_SESSION_set_time(session, time);
  if (timeout !== undefined) mustBeOne('SSL_SESSION_set_timeout', capi.SSL_SESSION_set_timeout(session, timeout));
  if (hostname !== undefined) mustBeOne('SSL_SESSION_set1_hostname', capi.SSL_SESSION_set1_hostname(session, hostname));
  if (alpn !== undefined) {
    mustBeOne('SSL_SESSION_set1_alpn_selected', capi.SSL_SESSION_set1_alpn_selected(session, Buffer.from(alpn)));
  }
  if (maxEarlyData !== undefined) {
    mustBeOne('SSL_SESSION_set_max_early_data', capi.SSL_SESSION_set_max_early_data(session, maxEarlyData));
  }
}
