import { getHeapSpaceStatistics } from 'node:v8';
import test from 'ava';
import { type Place, Roster } from '../src/roster.ts';

test('members leave in any order, once', (t) => {
  let left = 0;
  const roster = new Roster<string>(() => left++);
  const a = roster.add('a');
  const b = roster.add('b');
  const c = roster.add('c');
  const d = roster.add('d');
  b.leave();
  t.deepEqual([...roster].sort(), ['a', 'c', 'd']);
  t.deepEqual([a.isTaken, b.isTaken], [true, false]);
  b.leave();
  t.deepEqual([roster.size, left], [3, 1]);
  d.leave();
  a.leave();
  t.deepEqual([...roster], ['c']);
  c.leave();
  t.deepEqual([roster.size, left], [0, 4]);
});

test('all of those at the beginning are seen, though they leave meanwhile', (t) => {
  const roster = new Roster<{ place?: Place<unknown> }>();
  for (let count = 0; count < 10; count++) {
    const member: { place?: Place<unknown> } = {};
    member.place = roster.add(member);
  }
  let seen = 0;
  for (const { place } of roster) {
    seen++;
    place?.leave();
  }
  t.deepEqual([seen, roster.size], [10, 0]);
});

/** Bytes in use where V8 keeps what has survived scavenges. */
function oldSpace(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
}

test.serial('members that have left do not wait for a full garbage collection', (t) => {
  const { gc } = globalThis;
  if (gc === undefined) return t.fail('needs --expose-gc');
  const roster = new Roster<number[]>();
  const present: Place<number[]>[] = [];
  let before = 0;
  let most = 0;
  for (let count = 0; count < 100_000; count++) {
    // 16 at a time, of two kilobytes.
    present.push(roster.add(new Array(256).fill(count)));
    if (present.length > 16) present.shift()?.leave();
    if (count === 1000) {
      // What is there now grows old by that.
      gc();
      before = oldSpace();
    }
    if (count > 1000 && count % 100 === 0) most = Math.max(most, oldSpace() - before);
  }
  // A Set comes to some ten megabytes.
  t.true(most < 4e6, `${most} bytes`);
});
