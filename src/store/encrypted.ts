// Any store, with nothing in it that its owner could read or forge.
import { invalidType } from '../errors.ts';
import { KeyRing } from './key-ring.ts';
import type { Awaitable, SessionStore, StoreEntry, StoreListener } from './session-store.ts';

/** Messages that are older are not obeyed again, in milliseconds. */
const messageAge = 120_000;

function sessionContext(id: Buffer, context: string): Buffer {
  return Buffer.from(`session\0${id.toString('hex')}\0${context}`);
}

const messageContext = Buffer.from('message');

/**
 * Encrypts what goes into another store, with AES-256-GCM and a {@link KeyRing}: bound to the session ID and to the
 * context, so that an entry that was changed, moved or made by somebody else is no entry. Tags become names that say
 * nothing, and messages are encrypted too.
 *
 * What remains for somebody who can write to the store: to delete entries, and to put back what was deleted.
 */
export class EncryptedSessionStore implements SessionStore {
  readonly #store: SessionStore;
  readonly keys: KeyRing;
  /** What was read and could not be opened: sealed with a key that is gone, or forged. */
  unreadable = 0;
  readonly take?: (id: Buffer, context: string) => Promise<Buffer | undefined>;
  readonly tagged?: (tag: string) => Promise<Buffer[]>;
  readonly entries?: () => AsyncGenerator<StoreEntry, void, undefined>;
  readonly subscribe?: (listener: StoreListener) => Awaitable<() => Awaitable<void>>;
  readonly broadcast?: (message: Buffer, from?: StoreListener) => Awaitable<void>;
  /** The other side of each listener, by which the store knows it. */
  readonly #listeners = new WeakMap<StoreListener, StoreListener>();

  /**
   * @param keys - a ring, or keys of 32 bytes, that to use first
   * @throws {TypeError} what {@link KeyRing} throws
   */
  constructor(store: SessionStore, keys: KeyRing | Uint8Array | readonly Uint8Array[]) {
    if (typeof store !== 'object' || store === null) throw invalidType('store', 'a SessionStore', store);
    this.#store = store;
    this.keys = keys instanceof KeyRing ? keys : new KeyRing(keys);
    if (store.take) this.take = async (id, context) => this.#open(await store.take?.(id, context), id, context);
    if (store.tagged) this.tagged = (tag) => this.#tagged(tag);
    if (store.entries) this.entries = () => this.#entries();
    if (store.subscribe) this.subscribe = (listener) => this.#subscribe(listener);
    if (store.broadcast) this.broadcast = (message, from) => this.#broadcast(message, from);
  }

  get idKeys(): readonly Uint8Array[] {
    return this.keys.idKeys;
  }

  async get(id: Buffer, context: string): Promise<Buffer | undefined> {
    return this.#open(await this.#store.get(id, context), id, context);
  }

  set(entry: StoreEntry): Awaitable<unknown> {
    const data = this.keys.seal(entry.data, sessionContext(entry.id, entry.context));
    return this.#store.set({ ...entry, data, tags: entry.tags.map((tag) => this.keys.blind(tag)[0]) });
  }

  delete(id: Buffer): Awaitable<unknown> {
    return this.#store.delete(id);
  }

  #open(data: Uint8Array | null | undefined, id: Buffer, context: string): Buffer | undefined {
    if (data === null || data === undefined) return undefined;
    const opened = this.keys.open(data, sessionContext(id, context));
    if (opened === undefined) this.unreadable++;
    return opened;
  }

  async #tagged(tag: string): Promise<Buffer[]> {
    const found = await Promise.all(this.keys.blind(tag).map((name) => this.#store.tagged?.(name) ?? []));
    return found.flat();
  }

  async *#entries(): AsyncGenerator<StoreEntry, void, undefined> {
    for await (const entry of this.#store.entries?.() ?? []) {
      const data = this.#open(entry.data, entry.id, entry.context);
      if (data !== undefined) yield { ...entry, data, tags: [] };
    }
  }

  #subscribe(listener: StoreListener): Awaitable<() => Awaitable<void>> {
    const inner: StoreListener = {
      onMessage: async (sealed) => {
        const message = this.keys.open(sealed, messageContext);
        // Not `unreadable` alone: who sends it waits for all others to obey.
        if (message === undefined) {
          this.unreadable++;
          throw new Error('a message that no key opens');
        }
        if (Date.now() - message.readDoubleBE() > messageAge) return;
        await listener.onMessage(message.subarray(8));
      },
      onLost: () => listener.onLost(),
      onFound: () => listener.onFound(),
    };
    this.#listeners.set(listener, inner);
    return this.#store.subscribe?.(inner) ?? (() => {});
  }

  #broadcast(message: Buffer, from: StoreListener | undefined): Awaitable<void> {
    const time = Buffer.alloc(8);
    time.writeDoubleBE(Date.now());
    const sealed = this.keys.seal(Buffer.concat([time, message]), messageContext);
    return this.#store.broadcast?.(sealed, from === undefined ? undefined : this.#listeners.get(from));
  }
}
