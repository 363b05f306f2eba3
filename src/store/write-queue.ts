// Writes and deletions on their way to a store: bounded, and in order for each session.
import type { SslContext } from '../context.ts';
import { SslctxError } from '../errors.ts';
import type { Breaker } from './breaker.ts';
import { keyOf } from './connection.ts';
import type { SessionStore, StoreEntry } from './session-store.ts';
import type { Counters } from './statistics.ts';
import { traceWrite } from './trace.ts';

/** Requests at the same time: more would only wait in the client's own queue, which has no bound. */
const maxConcurrent = 64;

interface Write {
  readonly id: Buffer;
  /** Absent: delete. */
  readonly entry: StoreEntry | undefined;
  /** The store may have an older entry with this ID. */
  readonly isAgain: boolean;
}

/** A request that the store has not answered yet, whether or not anybody still waits for it. */
interface Sent extends Write {
  readonly answered: Promise<unknown>;
  isRevoked: boolean;
}

/** A promise that is not waited for longer than this. */
export function withDeadline<T>(promise: PromiseLike<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new SslctxError('ERR_SSLCTX_STORE_TIMEOUT', 'the session store takes too long'));
    const timer = setTimeout(late, milliseconds);
    promise.then(resolve, reject).then(() => clearTimeout(timer));
  });
}

export class WriteQueue {
  readonly #store: SessionStore;
  readonly #breaker: Breaker;
  readonly #counters: Counters;
  readonly #context: SslContext;
  readonly #limit: number;
  readonly #timeout: number;
  readonly #waiting = new Map<string, Write>();
  readonly #sending = new Set<string>();
  readonly #sent = new Set<Sent>();
  #idle: Array<() => void> = [];

  constructor(
    store: SessionStore,
    breaker: Breaker,
    counters: Counters,
    options: { context: SslContext; limit: number; timeout: number },
  ) {
    this.#store = store;
    this.#breaker = breaker;
    this.#counters = counters;
    this.#context = options.context;
    this.#limit = options.limit;
    this.#timeout = options.timeout;
  }

  get size(): number {
    return this.#waiting.size + this.#sending.size;
  }

  set(entry: StoreEntry): void {
    this.#add({ id: entry.id, entry, isAgain: false });
  }

  delete(id: Buffer): void {
    this.#add({ id, entry: undefined, isAgain: true });
  }

  /** What the store will have, as far as it is known here: `null` for a deletion. */
  peek(id: Buffer): StoreEntry | null | undefined {
    const key = keyOf(id);
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting.entry ?? null;
    for (const sent of this.#sent) if (sent.id.equals(id)) return sent.isRevoked ? null : (sent.entry ?? null);
    return undefined;
  }

  /** Takes back an entry of which the store has not heard, so that nobody else can have it. */
  takeBack(id: Buffer): StoreEntry | undefined {
    const key = keyOf(id);
    const waiting = this.#waiting.get(key);
    if (waiting?.entry === undefined || waiting.isAgain) return undefined;
    this.#waiting.delete(key);
    return waiting.entry;
  }

  /** Writes now, past all that waits. Rejects as the store does. */
  async put(entry: StoreEntry): Promise<void> {
    const request = (async () => this.#store.set(entry))();
    this.#track({ id: entry.id, entry, isAgain: true }, request);
    await traceWrite(this.#context, 'set', request);
    this.#counters.writes++;
  }

  /** Resolves when the store has answered all that it was told of this session. */
  async settled(id: Buffer): Promise<void> {
    for (const sent of [...this.#sent]) if (sent.id.equals(id)) await sent.answered;
  }

  /** Gives up the waiting entries that `isMeant`, and deletes those that are under way when they have arrived. */
  async revoke(isMeant: (entry: StoreEntry) => boolean): Promise<void> {
    for (const [key, { entry }] of this.#waiting) if (entry !== undefined && isMeant(entry)) this.#waiting.delete(key);
    const arriving = [...this.#sent].filter(({ entry }) => entry !== undefined && isMeant(entry));
    for (const sent of arriving) sent.isRevoked = true;
    await Promise.all(
      arriving.map(async (sent) => {
        await sent.answered;
        await this.#store.delete(sent.id);
      }),
    );
  }

  /** Tries again, when the store is back. */
  pump(): void {
    for (const [key, write] of this.#waiting) {
      if (this.#sending.size >= maxConcurrent) return;
      if (this.#sending.has(key)) continue;
      if (write.entry !== undefined && write.entry.expiresAt <= Date.now()) {
        this.#waiting.delete(key);
        this.#counters.dropped++;
      } else if (this.#breaker.allows()) {
        this.#waiting.delete(key);
        this.#send(key, write);
      } else {
        return;
      }
    }
  }

  /** Resolves when nothing waits, or when the store is not asked. */
  async flush(): Promise<void> {
    while (this.size > 0 && this.#breaker.state === 'closed') {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** Gives up all, also what is under way. */
  clear(): void {
    this.#counters.dropped += this.#waiting.size;
    this.#waiting.clear();
    // What cannot be deleted now expires.
    this.revoke(() => true).catch(() => {});
  }

  #add(write: Write): void {
    const key = keyOf(write.id);
    const before = this.#waiting.get(key);
    if (before !== undefined) this.#waiting.delete(key);
    const isAgain = write.isAgain || before?.isAgain === true || this.#sending.has(key);
    if (this.#waiting.size >= this.#limit && !this.#makeRoom(write)) {
      this.#counters.dropped++;
      return;
    }
    this.#waiting.set(key, { ...write, isAgain });
    this.pump();
  }

  /** A session that is lost costs a full handshake; a deletion that is lost, a session that should be gone. */
  #makeRoom(write: Write): boolean {
    if (write.entry !== undefined) return false;
    for (const [key, { entry }] of this.#waiting) {
      if (entry === undefined) continue;
      this.#waiting.delete(key);
      this.#counters.dropped++;
      return true;
    }
    return false;
  }

  #send(key: string, write: Write): void {
    this.#sending.add(key);
    const { entry, id } = write;
    const request = (async () => (entry === undefined ? this.#store.delete(id) : this.#store.set(entry)))();
    this.#track(write, request);
    traceWrite(this.#context, entry === undefined ? 'delete' : 'set', withDeadline(request, this.#timeout))
      .then(
        () => {
          if (entry === undefined) this.#counters.deletes++;
          else this.#counters.writes++;
          this.#breaker.succeeded();
        },
        () => {
          this.#counters.writeFailures++;
          this.#breaker.failed();
        },
      )
      .finally(() => {
        this.#sending.delete(key);
        this.pump();
        for (const wake of this.#idle.splice(0)) wake();
      });
  }

  #track(write: Write, request: Promise<unknown>): void {
    const forget = (): boolean => this.#sent.delete(sent);
    const sent: Sent = { ...write, answered: request.then(forget, forget), isRevoked: false };
    this.#sent.add(sent);
  }
}
