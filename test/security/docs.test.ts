// SECURITY.md names a test for each threat.
import { readFileSync } from 'node:fs';
import test from 'ava';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** The beginnings of all titles of a test file, up to what is filled in. */
function titlesOf(file: string): string[] {
  const calls = read(`test/${file}.test.ts`).matchAll(/\btest(?:\.\w+)?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs);
  return Array.from(calls, ([, , title = '']) => title.replaceAll('\\', ''));
}

test('each test that SECURITY.md names is there', (t) => {
  const rows = read('SECURITY.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| threat'));
  t.true(rows.length > 30);
  let named = 0;
  for (const row of rows) {
    const [threat = '', , tests = ''] = row.split(/(?<!\\)\|/).slice(1, -1);
    t.is(row.split(/(?<!\\)\|/).length, 6, threat);
    for (const [, file = '', titles = ''] of tests.matchAll(/`([\w/-]+)`: ((?:"[^"]+"(?:, )?)+)/g)) {
      const known = titlesOf(file);
      for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) {
        named++;
        t.true(
          known.some((each) => each.startsWith(title)),
          `${file}: ${title}`,
        );
      }
    }
    // What is not named so is a mistake of the table's.
    t.is(tests.replaceAll(/`[\w/-]+`: (?:"[^"]+"(?:, )?)+/g, '').replaceAll(/[; ]/g, ''), '', threat);
    t.is(tests.trim() === '', threat.trim() === 'Timing', threat);
  }
  t.true(named > 60, `${named}`);
});
