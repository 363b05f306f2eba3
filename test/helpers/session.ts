// Sessions made by hand: complete enough for SSL_CTX_add_session, and of known identity and expiry.
import * as capi from '../../src/capi/index.ts';

export interface SessionFields {
  /** 1 to 32 bytes; a number stands for 32 bytes that begin with it, little endian. */
  id: number | Uint8Array;
  version?: number;
  /** Seconds since the epoch. */
  time?: number;
  /** Seconds. */
  timeout?: number;
}

let cipher: capi.SSL_CIPHER | null | undefined;

/** Any TLS 1.2 cipher of this libssl. */
export function anyCipher(): capi.SSL_CIPHER {
  if (!cipher) {
    const ctx = capi.SSL_CTX_new(capi.TLS_method());
    capi.SSL_CTX_set_cipher_list(ctx, 'ECDHE-RSA-AES128-GCM-SHA256');
    capi.SSL_CTX_set_ciphersuites(ctx, '');
    cipher = capi.SSL_CTX_get_ciphers(ctx).at(-1);
    if (!cipher) throw new Error('no cipher');
  }
  return cipher;
}

export function sessionId(id: number | Uint8Array): Uint8Array {
  if (typeof id !== 'number') return id;
  const bytes = Buffer.alloc(32, 0x5a);
  bytes.writeUInt32LE(id);
  return bytes;
}

export function makeSession({ id, version = capi.TLS1_2_VERSION, time, timeout }: SessionFields): capi.SSL_SESSION {
  const session = capi.SSL_SESSION_new();
  capi.SSL_SESSION_set_protocol_version(session, version);
  capi.SSL_SESSION_set1_id(session, sessionId(id));
  capi.SSL_SESSION_set_cipher(session, anyCipher());
  capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(48, 7));
  if (time !== undefined) capi.SSL_SESSION_set_time(session, time);
  if (timeout !== undefined) capi.SSL_SESSION_set_timeout(session, timeout);
  return session;
}

/** SSL_SESSION_dup, of a session that can be copied. */
export function copyOf(session: capi.SSL_SESSION): capi.SSL_SESSION {
  const copy = capi.SSL_SESSION_dup(session);
  if (copy === null) throw new Error('SSL_SESSION_dup failed');
  return copy;
}
