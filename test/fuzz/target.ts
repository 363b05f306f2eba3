// What a fuzz target is, and what several of them claim.
import { isDeepStrictEqual } from 'node:util';
import * as capi from '../../src/capi/index.ts';

export interface Target {
  readonly name: string;
  /**
   * Uses bytes of which nothing is known, and throws when a claim does not hold. Tells what came of them in a word or two:
   * other words are as good as other code.
   */
  readonly run: (bytes: Buffer) => string | Promise<string>;
  /** Words of the format, for the mutator. */
  readonly words?: readonly string[];
  /** Mutates like DER as well. */
  readonly isDer?: true;
  /** Gives back what `run` keeps between its calls. */
  readonly close?: () => Promise<unknown>;
}

/** A claim of a target. */
export function claim(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`this does not hold: ${what}`);
}

export function claimSame(left: unknown, right: unknown, what: string): void {
  claim(isDeepStrictEqual(left, right), what);
}

/** The code of an error that says "no", which must be one of `codes` (`*` at the end for any). Rethrows all others. */
export function refusal(error: unknown, codes: readonly string[]): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const isExpected = codes.some((each) =>
    each.endsWith('*') ? code?.startsWith(each.slice(0, -1)) === true : code === each,
  );
  if (code === undefined || !isExpected) throw error;
  return code;
}

/** Runs `use`, after which OpenSSL's queue is empty, and no more sessions are alive than before. */
export async function balanced(use: () => Promise<string>): Promise<string> {
  const before = capi.debug.live().SSL_SESSION;
  const word = await use();
  claim(capi.debug.errorQueueDepth() === 0, "OpenSSL's error queue is empty");
  claim(capi.debug.live().SSL_SESSION === before, 'all sessions are given back');
  capi.ERR_clear_error();
  return word;
}
