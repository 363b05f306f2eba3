// docs/interop.md says what the tests say.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { clientMatrix, serverMatrix } from './matrices.ts';
import { render } from './table.ts';

const page = readFileSync(new URL('../../docs/interop.md', import.meta.url), 'utf8');
const hint = 'write it anew: node scripts/run.mjs test/interop/matrix.ts';

for (const [name, matrix] of Object.entries({ serverMatrix, clientMatrix })) {
  test(`docs/interop.md has the cells and reasons of ${name}`, (t) => {
    t.true(page.includes(`\n\n${render(matrix)}\n\n`), hint);
  });
}
