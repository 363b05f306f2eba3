// Links among the documents, to files of the repository, and to headings.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'bench/README.md'],
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A document without its code. */
function prose(path: string): string {
  return readFileSync(join(root, path), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
}

/** The anchors of a document, as GitHub makes them of its headings. */
function anchors(path: string): Set<string> {
  const headings = Array.from(prose(path).matchAll(/^#+ (.*)$/gm), ([, heading = '']) => heading);
  const plain = headings.map((heading) => heading.toLowerCase().replace(/[^\w\- ]/g, ''));
  return new Set(plain.map((heading) => heading.replaceAll(' ', '-')));
}

for (const path of documents) {
  test(`the links of ${path} lead somewhere`, (t) => {
    const links = Array.from(prose(path).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link);
    for (const link of links.filter((each) => !/^[a-z]+:/.test(each))) {
      const [file = '', fragment] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      t.true(existsSync(join(root, target)), link);
      if (fragment !== undefined) t.true(anchors(target).has(fragment), link);
    }
    t.pass();
  });
}
