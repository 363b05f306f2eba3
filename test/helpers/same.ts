// Handles of libssl's objects have nothing that can be compared: to t.deepEqual all sessions are alike.
import type { ExecutionContext } from 'ava';

/** The very same objects and values, in the same order. */
export function sameObjects(t: ExecutionContext, found: readonly unknown[], expected: readonly unknown[]): void {
  t.is(found.length, expected.length);
  for (const [at, one] of expected.entries()) t.true(Object.is(found[at], one), `item ${at}`);
}

/** The very same objects, each once, in any order. */
export function sameMembers(t: ExecutionContext, found: Iterable<unknown>, expected: Iterable<unknown>): void {
  const [members, wanted] = [new Set(found), new Set(expected)];
  t.is(members.size, wanted.size);
  for (const one of wanted) t.true(members.has(one));
}
