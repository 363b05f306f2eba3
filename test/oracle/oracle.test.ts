// The differential test: what libssl does by itself and what it does through sslctx must be the same, operation by operation.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { SLOWER } from '../helpers/limits.ts';
import { buildOracle, compare, explain, type Oracle } from './compare.ts';

let oracle: Oracle;

test.before(() => {
  oracle = buildOracle();
});

test.after.always(() => oracle?.remove());

for (const seed of [1, 2, 3, 4, 5]) {
  test.serial(`libssl and sslctx agree on 24,000 operations from seed ${seed}`, async (t) => {
    t.timeout(120_000 * SLOWER);
    const difference = await compare(oracle, seed, 24_000);
    t.is(difference && explain(difference), undefined);
    t.is(capi.ERR_peek_error(), 0);
    t.is(capi.debug.errorQueueDepth(), 0);
  });
}

test.serial('another seed is another sequence: the comparison can fail', async (t) => {
  const { drive } = await import('./driver.ts');
  const [one, two] = [Array.from(drive(1, 50)), Array.from(drive(2, 50))];
  t.notDeepEqual(one, two);
});
