// docs/differences.md and the tests name the same items.
import { readFileSync } from 'node:fs';
import test from 'ava';

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

function tags(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();
}

test('each item of docs/differences.md has a test with its tag, and the reverse', (t) => {
  const documented = tags(read('../../docs/differences.md'), /^\| ([ABC]\d+) \|/gm);
  const tested = ['a', 'b', 'c', 'd', 'e'].flatMap((section) =>
    tags(read(`differences-${section}.test.ts`), /test\.serial\(\s*['"`]([ABC]\d+): /g),
  );
  t.deepEqual(documented, tested.sort());
  t.is(documented.length, 13 + 13 + 31);
});
