// Many sessions in and out of a context's cache, in slices that leave the event loop its time.
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as bulk from './capi/session_bulk.ts';
import { contextHandle, type SslContext } from './context.ts';

/** How long one slice may take, in microseconds. */
const slice = 4000;

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** The sessions that were in the cache when this was made. */
export class SessionExport {
  readonly #box: bulk.SessionExportBox;
  #sessions = 0;
  #expired = 0;
  #skipped = 0;

  constructor(context: SslContext) {
    this.#box = bulk.beginExport(contextHandle(context));
  }

  /** Writes as many as fit into `out`, for {@link SessionImport.read}; returns how many bytes that are, 0 at the end. */
  next(out: Uint8Array): number {
    const { bytes, sessions, expired, skipped } = bulk.exportNext(this.#box, out, now());
    this.#sessions += sessions;
    this.#expired = expired;
    this.#skipped = skipped;
    return bytes;
  }

  get counts(): { sessions: number; expired: number; skipped: number } {
    return { sessions: this.#sessions, expired: this.#expired, skipped: this.#skipped };
  }
}

/** Sessions on their way into the cache: first all are read, then all are added. */
export class SessionImport {
  readonly #box = bulk.beginImport();
  readonly #context: SslContext;
  readonly #anyIdContext: boolean;

  constructor(context: SslContext, anyIdContext: boolean) {
    this.#context = context;
    this.#anyIdContext = anyIdContext;
  }

  /** What {@link SessionExport.next} has written; false for something else. */
  read(bytes: Uint8Array): boolean {
    const how = { now: now(), anyIdContext: this.#anyIdContext };
    return bulk.importRead(this.#box, contextHandle(this.#context), bytes, how);
  }

  /** Adds what has been read. What a full cache evicts has its events. */
  async add(): Promise<void> {
    while (!this.#context.perform(() => bulk.importAdd(this.#box, contextHandle(this.#context), slice), 'add')) {
      await nextTurn();
    }
  }

  /** Gives back what has been read and not added. */
  async drop(): Promise<void> {
    while (!bulk.importDrop(this.#box, slice)) await nextTurn();
  }

  get counts(): bulk.ImportCounts {
    return bulk.importCounts(this.#box);
  }
}
