// The demo's words: for people on a terminal, plain everywhere else.
import { styleText } from 'node:util';
import type { ContextStats } from '../src/index.ts';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

const isTerminal = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

export function style(kind: Style, text: string): string {
  return isTerminal ? styleText(kind, text) : text;
}

export function line(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function heading(text: string): void {
  line();
  line(style('bold', text));
}

/** An explanation under a step. */
export function note(text: string): void {
  line(`      ${style('dim', text)}`);
}

let failures = 0;

/** How many outcomes were wrong. */
export function failureCount(): number {
  return failures;
}

/** One step: what was done, what came of it, whether that is right, and what it did to the counters. */
export function step(what: string, outcome: string, expected: string, details = ''): void {
  const isRight = outcome === expected;
  if (!isRight) failures++;
  const mark = isRight ? style('green', '✓') : style('red', '✗');
  const shown = style(outcome === 'Reused' || outcome === 'true' ? 'green' : 'yellow', outcome.padEnd(7));
  const wrong = isRight ? '' : style('red', `  expected ${expected}`);
  line(`  ${mark} ${what.padEnd(34)} ${shown} ${style('dim', details)}${wrong}`);
}

/** Those of libssl's twelve counters that have changed: `hits 0→1`. */
export function changes(before: ContextStats, after: ContextStats): string {
  const earlier = new Map(Object.entries(before));
  return Object.entries(after)
    .filter(([name, value]) => earlier.get(name) !== value)
    .map(([name, value]) => `${name} ${earlier.get(name)}→${value}`)
    .join('  ');
}

/** The beginning of an ID. */
export function short(id: Uint8Array): string {
  return `${Buffer.from(id.subarray(0, 4)).toString('hex')}…`;
}
