// npm run soak:workers -- 100
import { parseArgs } from 'node:util';
import { terminateThreads } from './termination.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const count = Number(positionals[0] ?? 100);
if (!Number.isSafeInteger(count) || count < 2) throw new RangeError('how many threads? 2 or more');
const library = new URL('../../dist/index.js', import.meta.url);
for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
  const half = protocol === 'TLSv1.2' ? Math.floor(count / 2) : Math.ceil(count / 2);
  const { unexplained, refused, ...rest } = await terminateThreads({
    count: half,
    library,
    protocol,
    log: console.log,
  });
  console.log(protocol, rest);
  for (const [what, visits] of Object.entries({ unexplained, refused })) {
    console.log(`  ${what}: ${visits.length}`);
    for (const visit of visits.slice(0, 10)) console.log(`    ${JSON.stringify(visit)}`);
  }
  const isBack = JSON.stringify(rest.before) === JSON.stringify(rest.after);
  if (!isBack || unexplained.length > 0 || refused.length > 0 || rest.resumedOfGone === 0) process.exitCode = 1;
}
console.log(process.exitCode === 1 ? 'something is lost or leaked' : 'nothing is lost or leaked');
