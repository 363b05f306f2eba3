// Delta debugging: the shortest part of a program that still fails. Each attempt runs in a process of its own, because
// what fails may be the process.

import type { Op } from './program.ts';
import { type Outcome, opsOf, perform, type Task } from './runner.ts';

/** Whether two failures are one: numbers and addresses may differ. */
function isSame(a: string, b: string): boolean {
  const plain = (text: string) => text.split('\n')[0]?.replaceAll(/[0-9a-f]{4,}|\d+/g, '#');
  return plain(a) === plain(b);
}

export interface Shrunk {
  ops: readonly Op[];
  outcome: Outcome;
  attempts: number;
}

/** Without the operation's callbacks, and with fewer of them. */
function simpler(op: Op): Op[] {
  const { inside, throws, ...plain } = op;
  const variants: Op[] = [];
  if (inside !== undefined) {
    variants.push(throws === undefined ? plain : { ...plain, throws });
    if (inside.length > 1) variants.push({ ...op, inside: inside.slice(0, 1) });
  }
  if (throws !== undefined) variants.push(inside === undefined ? plain : { ...plain, inside });
  return variants;
}

/** Gives up after `limit` attempts, with the best so far. */
export async function shrink(task: Task, failed: Outcome, limit = 400): Promise<Shrunk> {
  const whole = opsOf(task).slice(0, failed.step + 1);
  let best: Shrunk = { ops: whole, outcome: failed, attempts: 0 };
  const attempt = async (ops: readonly Op[]): Promise<boolean> => {
    const attempts = best.attempts + 1;
    const outcome = await perform({ ops });
    const fails = outcome.failure !== undefined && isSame(outcome.failure, failed.failure ?? '');
    // What comes after the failure is not needed.
    best = fails ? { ops: ops.slice(0, outcome.step + 1), outcome, attempts } : { ...best, attempts };
    return fails;
  };
  // What does not fail twice depends on the clock or the collector: no part of it will tell more.
  if (!(await attempt(whole))) return best;
  for (let size = Math.ceil(whole.length / 2); best.attempts < limit; ) {
    let smaller = false;
    for (let end = best.ops.length; end > 0 && best.attempts < limit; end -= size) {
      const start = Math.max(0, end - size);
      const without = [...best.ops.slice(0, start), ...best.ops.slice(end)];
      if (without.length > 0 && (await attempt(without))) smaller = true;
    }
    if (size === 1 && !smaller) break;
    if (!smaller || size > best.ops.length) size = Math.max(1, Math.floor(Math.min(size, best.ops.length) / 2));
  }
  for (let place = best.ops.length - 1; place >= 0 && best.attempts < limit; place--) {
    const op = best.ops[place];
    if (op === undefined) continue;
    for (const variant of simpler(op)) {
      if (await attempt(best.ops.with(place, variant))) break;
    }
  }
  return best;
}
