// The loop: mutants of what has led to new code lead to more of it.
//
// Ours, because no fuzzer of the registry does it. @jazzer.js/core 4.0.0 has all its parts in its package, but its native
// part needs glibc 2.38 (Debian 12 has 2.36), and 2.1.0, which does not, instruments CommonJS only. V8 counts blocks by
// itself, for modules and TypeScript as well.
import { createHash } from 'node:crypto';
import { Random } from '../../helpers/random.ts';
import type { Target } from '../target.ts';
import { Coverage } from './coverage.ts';
import { mutantOf } from './mutate.ts';

/** To ask V8 takes about as long as to run some dozens of inputs: it is asked once for so many. */
const batch = 40;

export interface FuzzOptions {
  readonly seeds: readonly Buffer[];
  readonly seed: number;
  /** Milliseconds. */
  readonly time: number;
  /** Bytes of an input, at most. */
  readonly limit: number;
  /** Hears each input before it runs, for the case that the process does not outlive it. */
  readonly onInput: (bytes: Buffer) => void;
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly runs: number;
  readonly corpus: number;
  /** Characters of the sources that have run. */
  readonly covered: number;
}

export interface Outcome extends Progress {
  /** What is new: led to code or to words that the seeds do not. */
  readonly found: readonly Buffer[];
  /** The input that broke a claim, as small as it could be made. */
  readonly failure: { readonly bytes: Buffer; readonly error: Error } | undefined;
}

class Fuzzer {
  readonly #target: Target;
  readonly #options: FuzzOptions;
  readonly #coverage = new Coverage();
  readonly #words = new Set<string>();
  readonly #corpus: Buffer[] = [];
  readonly #found: Buffer[] = [];
  #onUncaught: (error: unknown) => void = () => {};
  runs = 0;

  constructor(target: Target, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    process.on('uncaughtException', (error) => this.#onUncaught(error));
  }

  get progress(): Progress {
    return { runs: this.runs, corpus: this.#corpus.length, covered: this.#coverage.size };
  }

  /** The error of an input that breaks a claim; otherwise whether its word is new. */
  async #run(bytes: Buffer): Promise<Error | boolean> {
    this.runs++;
    this.#options.onInput(bytes);
    // Who waits for what has failed elsewhere would wait for ever.
    const failure = new Promise<never>((_resolve, reject) => {
      this.#onUncaught = reject;
    });
    try {
      // A copy: some targets overwrite what they were given, as they should.
      const word = await Promise.race([this.#target.run(Buffer.from(bytes)), failure]);
      const isNew = !this.#words.has(word);
      this.#words.add(word);
      return isNew;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async loop(): Promise<Outcome> {
    for (const seed of this.#options.seeds) {
      const result = await this.#run(seed);
      if (result instanceof Error) return this.#fail(seed, result);
      this.#coverage.isNew();
      this.#corpus.push(seed);
    }
    const random = new Random(this.#options.seed);
    const { words = [], isDer = false } = this.#target;
    const options = { words, isDer, limit: this.#options.limit };
    const end = performance.now() + this.#options.time;
    for (let told = performance.now(); performance.now() < end; ) {
      const inputs: Buffer[] = [];
      for (let count = 0; count < batch; count++) {
        const bytes = mutantOf(this.#corpus, random, options);
        const result = await this.#run(bytes);
        if (result instanceof Error) return this.#fail(bytes, result);
        if (result) this.#keep(bytes);
        else inputs.push(bytes);
      }
      if (this.#coverage.isNew(true)) await this.#findNew(inputs);
      if (performance.now() - told < 1000) continue;
      told = performance.now();
      this.#options.onProgress(this.progress);
    }
    return { ...this.progress, found: this.#found, failure: undefined };
  }

  /** Which of a batch it was. */
  async #findNew(inputs: readonly Buffer[]): Promise<void> {
    for (const bytes of inputs) {
      await this.#run(bytes);
      if (this.#coverage.isNew()) this.#keep(bytes);
    }
  }

  #keep(bytes: Buffer): void {
    this.#corpus.push(bytes);
    this.#found.push(bytes);
  }

  async #fail(bytes: Buffer, error: Error): Promise<Outcome> {
    const smallest = await this.#minimize(bytes, error.message);
    return { ...this.progress, found: this.#found, failure: { bytes: smallest, error } };
  }

  /** Leaves out what can be left out without another message. */
  async #minimize(bytes: Buffer, message: string): Promise<Buffer> {
    let smallest = bytes;
    for (let size = smallest.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at < smallest.length; ) {
        const smaller = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
        const result = await this.#run(smaller);
        if (result instanceof Error && result.message === message) smallest = smaller;
        else at += size;
      }
    }
    return smallest;
  }
}

/** Runs a target until the time is over or a claim is broken. */
export function fuzz(target: Target, options: FuzzOptions): Promise<Outcome> {
  return new Fuzzer(target, options).loop();
}

/** A name for a file with these bytes. */
export function nameOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
