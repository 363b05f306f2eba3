// Sessions in Redis or Valkey, alone or as a cluster.
import { checkOptionNames, ownOptions } from '../context-options.ts';
import { invalidType, invalidValue, requireInteger } from '../errors.ts';
import { EncryptedSessionStore } from './encrypted.ts';
import { KeyRing } from './key-ring.ts';
import type { RedisClient } from './redis-client.ts';
import { RedisEntries } from './redis-entries.ts';
import type { Awaitable, SessionStore, StoreEntry, StoreListener } from './session-store.ts';

/** See {@link RedisSessionStore}. */
export interface RedisSessionStoreOptions {
  /** `new Redis(...)` or `new Cluster(...)` of ioredis; iovalkey has the same. The store neither opens nor closes it. */
  client: RedisClient;
  /** What to encrypt with: a ring, or keys of 32 bytes, that to use first. The same on all servers. */
  keys?: KeyRing | Uint8Array | readonly Uint8Array[] | undefined;
  /** Instead of `keys`: Redis, its files, and the way there are as safe as the memory of this process. */
  plaintext?: boolean | undefined;
  /** In front of all keys. Default `sslctx:`. */
  prefix?: string | undefined;
  /**
   * Milliseconds, 1000 to 600000, after which a server that has lost Redis must not resume from its own memory, and for
   * which `revoke` waits for one that does not answer. Default 10000. The same on all servers.
   */
  lease?: number | undefined;
}

const optionNames = ['client', 'keys', 'plaintext', 'prefix', 'lease'];

/**
 * A store in Redis: `SET` with `PX` for a session, one `GET` or `GETDEL` for a lookup, an index of IDs for each tag, and
 * revocations by publish and subscribe.
 *
 * Sessions hold the secrets of connections: they are encrypted as {@link EncryptedSessionStore} does it, unless
 * `plaintext` says by name that they need not be.
 */
export class RedisSessionStore implements SessionStore {
  /** The key ring; `undefined` with `plaintext`. */
  readonly keys: KeyRing | undefined;
  readonly #store: RedisEntries | EncryptedSessionStore;

  /**
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` without `keys` and without `plaintext`, or with both;
   *   `ERR_INVALID_ARG_TYPE`
   * @throws {RangeError} `ERR_OUT_OF_RANGE`
   */
  constructor(options: RedisSessionStoreOptions) {
    checkOptionNames(options, optionNames);
    const { client, keys, plaintext = false, prefix = 'sslctx:', lease = 10_000 } = ownOptions(options, optionNames);
    if (typeof client?.getdelBuffer !== 'function') throw invalidType('client', 'a client of ioredis', client);
    if (typeof prefix !== 'string') throw invalidType('prefix', 'a string', prefix);
    requireInteger('lease', lease, 1000, 600_000);
    if (keys === undefined && plaintext !== true) {
      throw invalidValue('keys', `must be given, keys of 32 bytes, or else 'plaintext: true'`);
    }
    if (keys !== undefined && plaintext) throw invalidValue('plaintext', `cannot be given together with 'keys'`);
    const entries = new RedisEntries(client, prefix, lease);
    this.keys = keys === undefined || keys instanceof KeyRing ? keys : new KeyRing(keys);
    this.#store = this.keys === undefined ? entries : new EncryptedSessionStore(entries, this.keys);
  }

  get idKeys(): readonly Uint8Array[] | undefined {
    return this.keys?.idKeys;
  }

  get(id: Buffer, context: string): Awaitable<Uint8Array | undefined> {
    return this.#store.get(id, context);
  }

  set(entry: StoreEntry): Awaitable<unknown> {
    return this.#store.set(entry);
  }

  delete(id: Buffer): Awaitable<unknown> {
    return this.#store.delete(id);
  }

  async take(id: Buffer, context: string): Promise<Uint8Array | undefined> {
    return this.#store.take?.(id, context);
  }

  async tagged(tag: string): Promise<readonly Buffer[]> {
    return (await this.#store.tagged?.(tag)) ?? [];
  }

  async *entries(): AsyncGenerator<StoreEntry, void, undefined> {
    yield* this.#store.entries?.() ?? [];
  }

  async subscribe(listener: StoreListener): Promise<() => Awaitable<void>> {
    return (await this.#store.subscribe?.(listener)) ?? (() => {});
  }

  async broadcast(message: Buffer, from?: StoreListener): Promise<void> {
    await this.#store.broadcast?.(message, from);
  }
}
