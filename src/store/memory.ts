// A store for one process: for tests, and for several servers or contexts on one machine's memory.
import { randomBytes } from 'node:crypto';
import { requireInteger } from '../errors.ts';
import { keyOf } from './connection.ts';
import type { SessionStore, StoreEntry, StoreListener } from './session-store.ts';

/** See {@link MemorySessionStore}. */
export interface MemorySessionStoreOptions {
  /** How many entries, 1 to 16777216; then the oldest goes. Default 100000. */
  size?: number | undefined;
}

/** Sessions in a `Map`. Give the same store to several servers: what one has made the others resume, and revoke. */
export class MemorySessionStore implements SessionStore {
  readonly idKeys: readonly Uint8Array[] = [randomBytes(32)];
  readonly #size: number;
  readonly #entries = new Map<string, StoreEntry>();
  readonly #tagged = new Map<string, Set<string>>();
  readonly #listeners = new Set<StoreListener>();

  /** @throws {RangeError} `ERR_OUT_OF_RANGE` */
  constructor({ size = 100_000 }: MemorySessionStoreOptions = {}) {
    requireInteger('size', size, 1, 1 << 24);
    this.#size = size;
  }

  /** How many entries there are, expired ones included. */
  get size(): number {
    return this.#entries.size;
  }

  get(id: Buffer, context: string): Uint8Array | undefined {
    const entry = this.#entries.get(keyOf(id));
    if (entry === undefined || entry.context !== context) return undefined;
    if (entry.expiresAt > Date.now()) return entry.data;
    this.delete(id);
    return undefined;
  }

  set(entry: StoreEntry): void {
    const key = keyOf(entry.id);
    this.delete(entry.id);
    this.#entries.set(key, entry);
    for (const tag of entry.tags) {
      const keys = this.#tagged.get(tag) ?? new Set();
      this.#tagged.set(tag, keys.add(key));
    }
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#size && oldest !== undefined) this.delete(Buffer.from(oldest, 'latin1'));
  }

  delete(id: Buffer): boolean {
    const key = keyOf(id);
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    for (const tag of entry.tags) {
      const keys = this.#tagged.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#tagged.delete(tag);
    }
    return true;
  }

  take(id: Buffer, context: string): Uint8Array | undefined {
    const data = this.get(id, context);
    if (data !== undefined) this.delete(id);
    return data;
  }

  tagged(tag: string): Buffer[] {
    return [...(this.#tagged.get(tag) ?? [])].map((key) => Buffer.from(key, 'latin1'));
  }

  async *entries(): AsyncGenerator<StoreEntry, void, undefined> {
    const now = Date.now();
    for (const entry of [...this.#entries.values()]) if (entry.expiresAt > now) yield entry;
  }

  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async broadcast(message: Buffer, from?: StoreListener): Promise<void> {
    const others = [...this.#listeners].filter((listener) => listener !== from);
    await Promise.all(others.map((listener) => listener.onMessage(message)));
  }
}
