// npm run oracle -- --operations 1000000 --seeds 20 [--seed 1]
import { parseArgs } from 'node:util';
import { openssl } from '../src/capi/index.ts';
import { buildOracle, compare, explain } from '../test/oracle/compare.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const seeds = Number(values.seeds);
const first = Number(values.seed);
const perSeed = Math.ceil(Number(values.operations) / seeds);
if (!(seeds >= 1 && first >= 1 && perSeed >= 1)) throw new RangeError('--operations, --seeds and --seed are positive');

const oracle = buildOracle();
try {
  console.log(`${openssl.version}, ${openssl.libssl}`);
  let differences = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const difference = await compare(oracle, seed, perSeed);
    if (difference !== undefined) differences++;
    console.log(difference === undefined ? `seed ${seed}: ${perSeed} operations, no difference` : explain(difference));
  }
  console.log(`${seeds * perSeed} operations, ${seeds} seeds, ${differences} differences`);
  process.exitCode = differences === 0 ? 0 : 1;
} finally {
  oracle.remove();
}
