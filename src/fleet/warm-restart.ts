// A cache in an encrypted file: a server that starts anew goes on with the sessions of the one before.
import { open } from 'node:fs/promises';
import { writeAtomically } from '../atomic-file.ts';
import type { SslContext } from '../context.ts';
import { checkOptionNames, ownOptions } from '../context-options.ts';
import { invalidType, invalidValue, SslctxError } from '../errors.ts';
import { SessionExport, SessionImport } from '../session-bulk.ts';
import { keyLength, maxChunk, readSealed, SealedWriter } from './sealed-file.ts';

/** What {@link saveSessions} can be told. */
export interface SaveSessionsOptions {
  /** 32 random bytes. **Who has them and the file reads and forges the connections that resume its sessions.** */
  key: Uint8Array;
  /** Stops it: the file that was there before stays. */
  signal?: AbortSignal | undefined;
}

/** What {@link saveSessions} has done. */
export interface SavedSessions {
  /** How many the file holds. */
  readonly sessions: number;
  /** How many were left out because their time was over. */
  readonly expired: number;
  /** How many were left out because they have no DER, or more than 256 KiB of it. */
  readonly skipped: number;
  /** The size of the file. */
  readonly bytes: number;
}

/** What {@link loadSessions} can be told. */
export interface LoadSessionsOptions {
  /** The key of the file, or several, one of which is. */
  key: Uint8Array | readonly Uint8Array[];
  /**
   * Take sessions of other session ID contexts too. Default false: connections of the context would not resume them.
   */
  anyIdContext?: boolean | undefined;
  /** Stops it as long as nothing has been added. */
  signal?: AbortSignal | undefined;
}

/** What {@link loadSessions} has done with each of the sessions in the file. */
export interface LoadedSessions {
  /** How many are in the cache now. */
  readonly added: number;
  /** Their time is over. */
  readonly expired: number;
  /** They were made in another session ID context: see `anyIdContext`. */
  readonly otherIdContext: number;
  /** The cache has one with the same protocol version and ID, which stays. */
  readonly duplicate: number;
  /** The cache is full: those that expire first are left out. */
  readonly noRoom: number;
  /** This libssl cannot read them: it has not got their cipher suite, for example. */
  readonly unreadable: number;
}

/**
 * Writes the sessions that are in the cache now to a file, in AES-256-GCM. The file takes the place of `path` when it is
 * whole and on the disk; its mode is 0600. The event loop goes on meanwhile, except for one walk through the cache at the
 * start: libssl's table must not change during it.
 *
 * Connections and the cache may be used meanwhile. What they add is not in the file; what they remove is.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @throws {SslctxError} `ERR_SSLCTX_FREED`
 * @throws the system's errors, and the reason of `signal`
 * @see i2d_SSL_SESSION(3)
 */
export async function saveSessions(
  context: SslContext,
  path: string,
  options: SaveSessionsOptions,
): Promise<SavedSessions> {
  checkOptionNames(options, ['key', 'signal']);
  const { signal } = options;
  const key = checkKey(options.key);
  const sessions = new SessionExport(context);
  const text = Buffer.allocUnsafeSlow(maxChunk);
  try {
    const bytes = await writeAtomically(path, async (file) => {
      const sealed = await SealedWriter.create(file, key);
      for (let length = sessions.next(text); length > 0; length = sessions.next(text)) {
        signal?.throwIfAborted();
        await sealed.write(text.subarray(0, length));
      }
      await sealed.end();
      return sealed.bytes;
    });
    return { ...sessions.counts, bytes };
  } finally {
    text.fill(0);
  }
}

/**
 * Adds the sessions of a file of {@link saveSessions} to the cache. All or nothing: the first is added when the whole file
 * has been read and found to be genuine; until then they take the memory that they will take in the cache.
 *
 * They are added in the order of their expiry, some milliseconds' worth at a time. **Load before the first handshake**:
 * libssl's list is sorted, and with each insertion it walks past all sessions in the cache that expire later.
 *
 * @throws {SslctxError} `ERR_SSLCTX_FILE_FORMAT` for a file of another kind, `ERR_SSLCTX_FILE_KEY` for one of another key,
 *   `ERR_SSLCTX_FILE_DAMAGED` for one that was changed, cut off, put together in another order, or continued;
 *   `ERR_SSLCTX_FREED`
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @throws the system's errors (`ENOENT` where there is no file), and the reason of `signal`
 * @see d2i_SSL_SESSION(3), SSL_CTX_add_session(3)
 */
export async function loadSessions(
  context: SslContext,
  path: string,
  options: LoadSessionsOptions,
): Promise<LoadedSessions> {
  const names = ['key', 'anyIdContext', 'signal'];
  checkOptionNames(options, names);
  const { key, anyIdContext = false, signal } = ownOptions(options, names);
  const keys = (Array.isArray(key) ? key : [key]).map(checkKey);
  if (keys.length === 0) throw invalidValue('key', 'is an empty list');
  const sessions = new SessionImport(context, anyIdContext);
  try {
    const file = await open(path, 'r');
    try {
      for await (const text of readSealed(file, keys)) {
        signal?.throwIfAborted();
        if (!sessions.read(text)) throw new SslctxError('ERR_SSLCTX_FILE_FORMAT', 'the file holds something else');
      }
    } finally {
      await file.close();
    }
    await sessions.add();
    const { staged: _, ...counts } = sessions.counts;
    return counts;
  } finally {
    await sessions.drop();
  }
}

function checkKey(key: unknown): Uint8Array {
  if (!(key instanceof Uint8Array)) throw invalidType('key', 'a Uint8Array', key);
  if (key.length !== keyLength) throw invalidValue('key', `must have ${keyLength} bytes`);
  return Uint8Array.from(key);
}
