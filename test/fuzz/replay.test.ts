// The corpus of the fuzzers and all that has ever broken a claim, once: also those of libFuzzer, through the addon. To look
// for more: `npm run fuzz:bytes`.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import test from 'ava';
import { nativeTargets, scriptTargets } from './targets/index.ts';

const targets = [...nativeTargets, ...scriptTargets];

function inputsOf(kind: 'corpus' | 'crashes', target: string): Array<readonly [name: string, bytes: Buffer]> {
  const folder = new URL(`${kind}/${target}/`, import.meta.url);
  return readdirSync(folder).map((name) => [`${kind}/${target}/${name}`, readFileSync(new URL(name, folder))]);
}

const folders = (kind: 'corpus' | 'crashes'): string[] =>
  readdirSync(fileURLToPath(new URL(kind, import.meta.url))).sort();

for (const target of targets) {
  for (const kind of ['corpus', 'crashes'] as const) {
    if (!folders(kind).includes(target.name)) continue;
    test.serial(`${target.name}: ${kind}`, async (t) => {
      for (const [name, bytes] of inputsOf(kind, target.name)) {
        try {
          await target.run(bytes);
        } catch (error) {
          throw new Error(`${name}: ${inspect(error)}`);
        }
      }
      t.pass();
    });
  }
}

test('every target has a corpus, and every file a target', (t) => {
  const names = targets.map(({ name }) => name).sort();
  t.deepEqual(folders('corpus'), names);
  t.deepEqual(
    folders('crashes').filter((name) => !names.includes(name)),
    [],
  );
  for (const name of names) t.true(inputsOf('corpus', name).length > 0, name);
});

test.after.always(async () => {
  for (const target of targets) await target.close?.();
});
