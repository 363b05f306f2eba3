// The sessions that a client has got and nobody has taken yet.
import type { SslSession } from '../session.ts';

/** A server may send tickets without end. */
const maxWaiting = 32;

export class SessionQueue {
  #waiting: SslSession[] = [];
  #wake: Array<() => void> = [];
  #isEnded = false;

  /** The oldest goes when there are too many. */
  push(session: SslSession): void {
    this.#waiting.push(session);
    if (this.#waiting.length > maxWaiting) this.#waiting.shift();
    for (const wake of this.#wake.splice(0)) wake();
  }

  end(): void {
    this.#isEnded = true;
    for (const wake of this.#wake.splice(0)) wake();
  }

  async *take(): AsyncGenerator<SslSession, void, undefined> {
    while (true) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#isEnded) return;
      else await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}
