// The guides: their programs run, and they are complete.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { testExamples } from '../helpers/examples.ts';

testExamples('cache-modes.md', 1);
testExamples('resumption.md', 1);
testExamples('from-node-tls.md', 1);
testExamples('revocation.md', 1);
testExamples('troubleshooting.md', 1);

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** The first cells of a table's rows, where they are code. */
function firstCells(section: string): string[] {
  return Array.from(section.matchAll(/^\| `([\w-]+)` \|/gm), ([, cell = '']) => cell).sort();
}

test('docs/troubleshooting.md has every reason of the explainer', (t) => {
  const [, list = ''] = /const refusals = \[([^\]]*)\]/.exec(read('src/resumption.ts')) ?? [];
  const reasons = Array.from(list.matchAll(/'([\w-]+)'/g), ([, reason = '']) => reason).sort();
  t.true(reasons.length > 10);
  const [, table = ''] = /\| `reason` \|([\s\S]*?)\n\n/.exec(read('docs/troubleshooting.md')) ?? [];
  t.deepEqual(firstCells(table), reasons);
});

test('docs/cache-modes.md has every name of a mode', (t) => {
  const [, list = ''] = /const modeBits[^{]*\{([^}]*)\}/.exec(read('src/constants.ts')) ?? [];
  const names = Array.from(list.matchAll(/^ {2}'?([\w-]+)'?:/gm), ([, name = '']) => name).sort();
  t.true(names.length > 7);
  const [, section = ''] = read('docs/cache-modes.md').split('## The bits');
  t.deepEqual(firstCells(section), names);
});

test('docs/from-node-tls.md names every option of a context', (t) => {
  const page = read('docs/from-node-tls.md');
  for (const [, name = ''] of read('src/context-options.ts').matchAll(/^ {2}(\w+)\?: /gm)) {
    // Parts of options, which stand in the options that they are part of.
    if (['mode', 'size'].includes(name)) continue;
    t.true(page.includes(`\`${name}\``), name);
  }
});
