// Random numbers from a seed, the same on every machine: xorshift, 32 bits.

export class Random {
  #state: number;

  constructor(seed: number) {
    // 0 would stay 0; neighbouring seeds must not start alike.
    this.#state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.below(2);
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % limit;
  }

  of<T>(list: readonly T[]): T {
    const place = this.below(list.length);
    for (const item of list.slice(place, place + 1)) return item;
    throw new RangeError('an empty list');
  }
}
