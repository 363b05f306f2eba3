// What a store of sessions has to do: the interface between servers and the places where sessions lie.

/** A value, now or later. */
export type Awaitable<T> = T | PromiseLike<T>;

/** One session as a store keeps it. */
export interface StoreEntry {
  /** The session ID, in TLS 1.3 the stateful ticket. At most 32 bytes. */
  readonly id: Buffer;
  /** To keep and to give back unchanged. **It holds the secrets of connections**: see {@link EncryptedSessionStore}. */
  readonly data: Uint8Array;
  /** Which context the session is for: an entry is good for no other. */
  readonly context: string;
  /** Milliseconds since the epoch. Afterwards nobody asks for the entry, and the store may forget it. */
  readonly expiresAt: number;
  /** Under which the entry can be found by `tagged`, to be revoked. */
  readonly tags: readonly string[];
}

/** Hears what other servers of the same store tell. */
export interface StoreListener {
  /** Resolves when this server has done what the message says. */
  onMessage(message: Buffer): Awaitable<void>;
  /** From now on, and since a time that nobody knows, messages may have been missed. */
  onLost(): void;
  /** After `onLost`: from now on messages are heard again. */
  onFound(): void;
}

/**
 * Where sessions lie. Every method may return a promise, and may reject: the server counts it, and goes on without.
 *
 * `get`, `set` and `delete` are enough to share sessions. For sessions that are good for one use there must be `take`;
 * for `revoke` by label, fingerprint or predicate, `tagged` and `entries`; and for `revoke` to hold on other servers,
 * `subscribe` and `broadcast`.
 */
export interface SessionStore {
  /** The `data` of the entry with this ID; nothing when there is none. */
  get(id: Buffer, context: string): Awaitable<Uint8Array | null | undefined>;
  /** Keeps an entry, in place of one with the same ID. */
  set(entry: StoreEntry): Awaitable<unknown>;
  /** Resolves to `false` or 0 when there was none. */
  delete(id: Buffer): Awaitable<unknown>;
  /** `get` and `delete` in one: of two at the same time, only one gets the entry, wherever in the world they are. */
  take?(id: Buffer, context: string): Awaitable<Uint8Array | null | undefined>;
  /** The IDs of entries with this tag. May have some that are gone. */
  tagged?(tag: string): Awaitable<readonly Buffer[]>;
  /** All entries; `tags` may be missing. Takes long in a large store. */
  entries?(): AsyncIterable<StoreEntry>;
  /** Calls `listener` for each `broadcast` of another server. Resolves to what ends it. */
  subscribe?(listener: StoreListener): Awaitable<() => Awaitable<void>>;
  /**
   * Tells all others who listen. Resolves when each of them has done what the message says, or may not resume any
   * session from its own memory.
   */
  broadcast?(message: Buffer, from?: StoreListener): Awaitable<void>;
  /** Keys of 32 bytes that all servers of the store have, best first: session IDs carry a tag made with the first. */
  readonly idKeys?: readonly Uint8Array[] | undefined;
}
