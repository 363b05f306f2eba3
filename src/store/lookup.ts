// Asks a store for sessions: for a limited time, once for all who ask for the same, and not at all while it is down.

import type { SslContext } from '../context.ts';
import { SslctxError } from '../errors.ts';
import type { Breaker } from './breaker.ts';
import { keyOf } from './connection.ts';
import type { SessionStore } from './session-store.ts';
import type { Counters } from './statistics.ts';
import { traceLookup } from './trace.ts';
import { type WriteQueue, withDeadline } from './write-queue.ts';

type Data = Uint8Array | undefined;

export class Lookup {
  readonly #store: SessionStore;
  /** What the store calls the context. */
  readonly #name: string;
  readonly #context: SslContext;
  readonly #breaker: Breaker;
  readonly #queue: WriteQueue;
  readonly #counters: Counters;
  readonly #timeout: number;
  readonly #asking = new Map<string, Promise<Data>>();

  constructor(parts: {
    store: SessionStore;
    name: string;
    context: SslContext;
    breaker: Breaker;
    queue: WriteQueue;
    counters: Counters;
    timeout: number;
  }) {
    this.#store = parts.store;
    this.#name = parts.name;
    this.#context = parts.context;
    this.#breaker = parts.breaker;
    this.#queue = parts.queue;
    this.#counters = parts.counters;
    this.#timeout = parts.timeout;
  }

  /** Never rejects: what goes wrong is counted. */
  get(id: Buffer): Promise<Data> {
    this.#counters.lookups++;
    const key = keyOf(id);
    const known = this.#queue.peek(id);
    const asked = this.#asking.get(key);
    if (known !== undefined || asked !== undefined) {
      this.#counters.shared++;
      return known === undefined && asked !== undefined ? asked : Promise.resolve(known?.data);
    }
    const answer: Promise<Data> = this.#ask('get', async () => this.#store.get(id, this.#name)).finally(() => {
      if (this.#asking.get(key) === answer) this.#asking.delete(key);
    });
    this.#asking.set(key, answer);
    return answer;
  }

  /** Who asks from now on does not share an answer from before. */
  forget(): void {
    this.#asking.clear();
  }

  /** For one use: whoever else asks gets nothing. */
  take(id: Buffer): Promise<Data> {
    this.#counters.lookups++;
    const entry = this.#queue.takeBack(id);
    if (entry !== undefined) {
      this.#counters.shared++;
      return Promise.resolve(entry.data);
    }
    return this.#ask('take', async () => {
      await this.#queue.settled(id);
      return this.#store.take?.(id, this.#name);
    });
  }

  async #ask(operation: 'get' | 'take', request: () => Promise<Uint8Array | null | undefined>): Promise<Data> {
    if (!this.#breaker.allows()) {
      this.#counters.skipped++;
      return undefined;
    }
    try {
      const data = await traceLookup(this.#context, operation, withDeadline(request(), this.#timeout));
      this.#breaker.succeeded();
      return data ?? undefined;
    } catch (error) {
      const isLate = error instanceof SslctxError && error.code === 'ERR_SSLCTX_STORE_TIMEOUT';
      this.#counters[isLate ? 'timeouts' : 'failures']++;
      this.#breaker.failed();
      return undefined;
    }
  }
}
