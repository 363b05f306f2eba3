// Random calls in random order, with callbacks that make more of them from inside of libssl: typed errors or legal
// values, and never a crash. A failure names its seed and call; the same seed does the same again.
import test from 'ava';
import { report } from './children.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];
const CALLS = 20_000;

for (const seed of SEEDS) {
  test.serial(`${CALLS} calls of seed ${seed}`, async (t) => {
    const {
      calls = 0,
      callbacks = 0,
      nested = 0,
      finished = 0,
      resumed = 0,
    } = await report(t, 'sequence.ts', [seed, CALLS]);
    t.true(calls >= CALLS);
    t.true(
      callbacks > 500 && nested > 100 && finished > 100 && resumed > 10,
      `${callbacks} callbacks, ${nested} nested, ${finished} handshakes, ${resumed} resumed`,
    );
  });
}
