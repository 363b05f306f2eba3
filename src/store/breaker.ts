// Stops asking a store that does not answer, and finds out when it does again.

/**
 * Closed: all may ask. After `threshold` failures in a row it opens: nobody may, for `retryAfter` milliseconds, then one;
 * its success closes the breaker, its failure doubles the time, up to thirty times.
 */
export class Breaker {
  readonly #threshold: number;
  readonly #retryAfter: number;
  readonly #onRetry: () => void;
  #failures = 0;
  #wait: number;
  #timer: NodeJS.Timeout | undefined;
  #state: 'closed' | 'open' | 'half-open' = 'closed';
  #hasProbe = false;

  /** `onRetry`: one may try now. */
  constructor(threshold: number, retryAfter: number, onRetry: () => void) {
    this.#threshold = threshold;
    this.#retryAfter = retryAfter;
    this.#wait = retryAfter;
    this.#onRetry = onRetry;
  }

  get state(): 'closed' | 'open' | 'half-open' {
    return this.#state;
  }

  /** Whether a request may be made now. Whoever gets true tells how it went. */
  allows(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'open' || this.#hasProbe) return false;
    this.#hasProbe = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    // What was asked before the breaker opened says nothing about now.
    if (this.#state === 'open') return;
    const wasClosed = this.#state === 'closed';
    this.#state = 'closed';
    this.#hasProbe = false;
    this.#wait = this.#retryAfter;
    if (!wasClosed) this.#onRetry();
  }

  failed(): void {
    this.#failures++;
    if (this.#state === 'half-open') {
      this.#wait = Math.min(this.#wait * 2, this.#retryAfter * 30);
      this.#open();
    } else if (this.#state === 'closed' && this.#failures >= this.#threshold) {
      this.#open();
    }
  }

  /** Forgets all failures. */
  close(): void {
    clearTimeout(this.#timer);
    this.#state = 'closed';
    this.#failures = 0;
    this.#hasProbe = false;
    this.#wait = this.#retryAfter;
  }

  #open(): void {
    this.#state = 'open';
    this.#hasProbe = false;
    this.#timer = setTimeout(() => {
      this.#state = 'half-open';
      this.#onRetry();
    }, this.#wait).unref();
  }
}
