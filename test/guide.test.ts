// The examples of docs/guide.md are complete programs: each must run, and print what its comments say.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { execute } from './helpers/process.ts';

const guide = readFileSync(new URL('../docs/guide.md', import.meta.url), 'utf8');
const index = new URL('../src/index.ts', import.meta.url).href;
const testing = new URL('../src/testing/index.ts', import.meta.url).href;

/** Title and program of each example. */
const examples = guide.split(/^## /m).flatMap((section) => {
  const [title = ''] = section.split('\n', 1);
  const code = /^```ts\n([\s\S]*?)^```$/m.exec(section)?.[1];
  if (code === undefined) return [];
  return [{ title, code: code.replaceAll("'sslctx/testing'", `'${testing}'`).replaceAll("'sslctx'", `'${index}'`) }];
});

test('the guide has examples', (t) => {
  t.is(examples.length, 4);
});

for (const { title, code } of examples) {
  test(`the example of "${title}"`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sslctx-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'example.mts');
    writeFileSync(file, code);
    const result = await execute(process.execPath, [...process.execArgv, file]);
    t.is(result.stderr, '');
    t.is(result.code, 0);
    const lines = result.stdout.split('\n');
    for (const [, expected = ''] of code.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm))
      t.true(lines.includes(expected), expected);
  });
}
