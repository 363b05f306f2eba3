// npm run soak -- --handshakes 1000000 [--minutes 30] [--slice 3] [--json]
import { parseArgs } from 'node:util';
import type { Measured } from './report.ts';
import { soak } from './run.ts';
import { mib } from './verdict.ts';

const { values } = parseArgs({
  options: {
    handshakes: { type: 'string' },
    minutes: { type: 'string' },
    /** Seconds of one load, before the next one follows. */
    slice: { type: 'string', default: '3' },
    /** All that was measured, in place of the lines. */
    json: { type: 'boolean', default: false },
  },
});

const { handshakes, minutes } = values;
const slice = Number(values.slice);
const most = {
  handshakes: Number(handshakes ?? (minutes === undefined ? 100_000 : Number.POSITIVE_INFINITY)),
  minutes: Number(minutes ?? Number.POSITIVE_INFINITY),
};
if (!(most.handshakes > 0 && most.minutes > 0 && slice > 0)) throw new RangeError('numbers must be positive');

function line(point: Measured, share: number): string {
  const { rss, native, heap, workers, terminated, rounds, resumed } = point;
  const objects = (['SSL_CTX', 'SSL', 'SSL_SESSION', 'handles', 'fds'] as const).map(
    (what) => `${what} ${point[what]}`,
  );
  const caches = point.caches.map(({ name, entries, most: size }) => `${name} ${entries}/${size}`);
  return [
    `${Math.floor(share * 100)} %: ${point.handshakes} handshakes, ${resumed} of them resumed; ${rounds} rounds`,
    `  RSS ${mib(rss)}, native heap ${mib(native)}, JavaScript heap ${mib(heap)}`,
    `  ${objects.join(', ')}, workers ${workers} (${terminated} terminated)`,
    `  ${caches.join(', ')}`,
  ].join('\n');
}

const result = await soak({
  ...most,
  slice,
  library: new URL('../../dist/index.js', import.meta.url),
  onPoint: (point, share) => {
    if (!values.json) console.log(line(point, share));
  },
});
if (values.json) {
  console.log(JSON.stringify(result, null, 2));
} else {
  const { seconds, connections, lost, final, before, after } = result;
  console.log(`${Math.round(seconds)} s; ${connections} connections of the load, ${lost} lost with their thread`);
  console.log(`before ${JSON.stringify(before)}`);
  console.log(`after  ${JSON.stringify(after)}, RSS ${mib(final.rss)}, native heap ${mib(final.native)}`);
  console.log(result.wrong.length === 0 ? 'flat' : result.wrong.join('\n'));
}
if (result.wrong.length > 0) process.exitCode = 1;
