// The examples of a document are complete programs: each must run, and print what its comments say.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { execute } from './process.ts';

const index = new URL('../../src/index.ts', import.meta.url).href;
const testing = new URL('../../src/testing/index.ts', import.meta.url).href;

/** Declares a test for each section of a file of docs/ that has an example, and one that there are `count` of them. */
export function testExamples(document: string, count: number): void {
  const text = readFileSync(new URL(`../../docs/${document}`, import.meta.url), 'utf8');
  const examples = text.split(/^## /m).flatMap((section) => {
    const [title = ''] = section.split('\n', 1);
    const code = /^```ts\n([\s\S]*?)^```$/m.exec(section)?.[1];
    if (code === undefined) return [];
    return [{ title, code: code.replaceAll("'sslctx/testing'", `'${testing}'`).replaceAll("'sslctx'", `'${index}'`) }];
  });

  test(`docs/${document} has examples`, (t) => {
    t.is(examples.length, count);
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
}
