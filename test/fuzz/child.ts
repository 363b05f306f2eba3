// One target, in a process of its own: TARGET MILLISECONDS SEED LIMIT JOURNAL
import { ftruncateSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { fuzz, type Progress } from './engine/fuzz.ts';
import { nativeTargets, scriptTargets } from './targets/index.ts';

const [name = '', time, seed, limit, journal = ''] = process.argv.slice(2);
const target = [...scriptTargets, ...nativeTargets].find((each) => each.name === name);
if (target === undefined || process.send === undefined) throw new Error(`there is no target ${name}, or no parent`);
const send = process.send.bind(process);

function filesIn(folder: string): Buffer[] {
  try {
    return readdirSync(folder)
      .sort()
      .filter((each) => !each.startsWith('.'))
      .map((each) => readFileSync(join(folder, each)));
  } catch {
    return [];
  }
}

const own = (kind: string): string => fileURLToPath(new URL(`${kind}/${name}`, import.meta.url));
const seeds = [...filesIn(own('corpus')), ...filesIn(own('crashes')), ...filesIn(dirname(journal))];
const file = openSync(journal, 'w');
const describe = ({ runs, corpus, covered }: Progress): string =>
  `${runs} runs, ${corpus} inputs in the corpus, ${covered} characters of src/ have run`;

const outcome = await fuzz(target, {
  seeds: seeds.length > 0 ? seeds : [Buffer.alloc(0)],
  time: Number(time),
  seed: Number(seed),
  limit: Number(limit),
  onInput: (bytes) => {
    writeSync(file, bytes, 0, bytes.length, 0);
    ftruncateSync(file, bytes.length);
  },
  // Silence is what tells the parent of a hang.
  onProgress: () => send({}),
}).catch((error: unknown) => {
  console.error(error);
  process.exit(2);
});
const { found, failure } = outcome;
await target.close?.();
send(
  {
    progress: describe(outcome),
    found: found.map((each) => each.toString('base64')),
    failure: failure && { bytes: failure.bytes.toString('base64'), error: inspect(failure.error) },
  },
  () => process.exit(failure === undefined ? 0 : 1),
);
