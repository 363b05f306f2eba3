// Looking into a cache without making use of it.
import * as capi from './capi/index.ts';
import { versionNumbers } from './constants.ts';

/** The session with this ID, of the first of `versions` that has one. The key of a cache is version and ID together. */
export function findSession(
  ctx: capi.SSL_CTX,
  id: Uint8Array,
  versions: readonly number[] = versionNumbers,
): capi.SSL_SESSION | undefined {
  if (id.length === 0 || id.length > capi.SSL_MAX_SSL_SESSION_ID_LENGTH) return undefined;
  const key = capi.SSL_SESSION_new();
  try {
    capi.SSL_SESSION_set1_id(key, id);
    for (const version of versions) {
      capi.SSL_SESSION_set_protocol_version(key, version);
      const found = capi.lh_SSL_SESSION_retrieve(ctx, key);
      if (found !== null) return found;
    }
    return undefined;
  } finally {
    capi.SSL_SESSION_free(key);
  }
}
