// A store whose lookups wait until the test lets them go.
import { MemorySessionStore, type SessionStore, type StoreEntry, type StoreListener } from '../../src/index.ts';

type Data = Uint8Array | null | undefined;

export class HeldStore implements SessionStore {
  readonly inner = new MemorySessionStore();
  /** How the lookups are answered; by the store itself in the beginning. */
  answer: (id: Buffer, honest: Data) => Data | Promise<Data> = (_id, honest) => honest;
  lookups = 0;
  #waiters: Array<() => void> = [];

  get idKeys(): readonly Uint8Array[] {
    return this.inner.idKeys;
  }

  /** Resolves when so many lookups have come. */
  async asked(count: number): Promise<void> {
    while (this.lookups < count) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  get(id: Buffer, context: string): Data | Promise<Data> {
    return this.#answer(id, this.inner.get(id, context));
  }

  take(id: Buffer, context: string): Data | Promise<Data> {
    return this.#answer(id, this.inner.take(id, context));
  }

  #answer(id: Buffer, honest: Data): Data | Promise<Data> {
    this.lookups++;
    for (const wake of this.#waiters.splice(0)) wake();
    return this.answer(id, honest);
  }

  set(entry: StoreEntry): void {
    this.inner.set(entry);
  }

  delete(id: Buffer): boolean | Promise<boolean> {
    return this.inner.delete(id);
  }

  tagged(tag: string): Buffer[] {
    return this.inner.tagged(tag);
  }

  entries(): AsyncGenerator<StoreEntry, void, undefined> {
    return this.inner.entries();
  }

  subscribe(listener: StoreListener): () => void {
    return this.inner.subscribe(listener);
  }

  broadcast(message: Buffer, from?: StoreListener): Promise<void> {
    return this.inner.broadcast(message, from);
  }
}
