// What the process under test tells the one that runs it.
import type { Counts, Memory } from './settle.ts';

/** One use of bench/c/load.c. */
export interface Load {
  readonly server: string;
  readonly port: number;
  readonly tls: '1.2' | '1.3';
  readonly resume: 'full' | 'id' | 'ticket' | 'rotating';
}

/** Memory and counts at one time, when no handshake is under way. */
export interface Measured extends Counts, Memory {
  /** Done by all servers since the start. */
  readonly handshakes: number;
  readonly resumed: number;
  readonly workers: number;
  /** Workers that were terminated, and replaced. */
  readonly terminated: number;
  /** Rounds of the clients of the process itself. */
  readonly rounds: number;
  /** How many entries there are, and how many there may be. */
  readonly caches: ReadonlyArray<{ readonly name: string; readonly entries: number; readonly most: number }>;
}

export type Question = 'count' | 'terminate' | 'measure' | 'end';

export type Answer =
  | { what: 'ready'; loads: Load[]; before: Counts }
  | { what: 'count'; handshakes: number }
  | { what: 'terminate' }
  | { what: 'measure'; measured: Measured }
  | { what: 'end'; after: Counts; memory: Memory }
  | { what: 'failed'; error: string };
