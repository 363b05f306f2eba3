// The Markdown of the site: that of the repository, its links made to lead to pages of the site.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/**
 * The guides, by group, in the order of the menu. What is in docs/ and not here stops the build.
 * @type {Record<string, string[]>}
 */
export const groups = {
  Start: ['getting-started', 'guide', 'cache-modes', 'resumption', 'from-node-tls', 'troubleshooting', 'examples'],
  Guides: ['sockets', 'http', 'revocation', 'stores', 'fleet', 'threads', 'cli', 'metrics', 'testing', 'performance'],
  'libssl, exactly': ['man-pages', 'differences', 'hazards', 'coverage', 'interop', 'oracle', 'sslapitest'],
  Project: ['architecture', '../CONTRIBUTING', '../SECURITY', '../CHANGELOG', '../bench/README'],
};

/** The files of these groups, as paths in the repository. */
export function guides() {
  return Object.entries(groups).flatMap(([group, names]) =>
    names.map((name) => ({ group, path: normalize(`docs/${name}.md`) })),
  );
}

const LINK = /(?<=\]\()([^)\s]+)(?=\))/g;

/** The anchor of a heading, as GitHub makes it. */
export function anchor(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

/** GitHub's anchor of a heading as TypeDoc's, which leaves code out. What is no heading's stays as it is. */
function typedocAnchor(text, fragment) {
  const headings = Array.from(text.matchAll(/^##+ (.*)$/gm), ([, heading]) => heading);
  const found = headings.find((heading) => anchor(heading) === fragment);
  return found === undefined ? fragment : anchor(found.replace(/`[^`]*`/g, ''));
}

/**
 * Links to files that are no pages of the site lead to the pages of sources.
 * @param {string} text
 * @param {string} path of the file, in the repository
 * @param {Set<string>} pages paths that are pages
 * @param {string} toRoot from the page to the site's root
 */
export function relink(text, path, pages, toRoot) {
  return text.replace(LINK, (link) => {
    if (/^[a-z]+:/.test(link)) return link;
    const [file = '', fragment] = link.split('#');
    const target = file === '' ? path : normalize(join(dirname(path), file));
    if (pages.has(target)) {
      return fragment === undefined ? link : `${file}#${typedocAnchor(readFileSync(target, 'utf8'), fragment)}`;
    }
    if (/\.(?:svg|png)$/.test(target) || target.startsWith('..')) return link;
    // What does not exist stays, and the check of links says so.
    if (!existsSync(target) || !statSync(target).isFile()) return link;
    return `${toRoot}sources/${target}.html${fragment === undefined ? '' : `#${fragment}`}`;
  });
}

/** With the heading as title, which TypeDoc shows itself. */
export function withFrontMatter(text, fields) {
  const title = (/^# (.+)$/m.exec(text)?.[1] ?? '').replaceAll('`', '');
  const body = text.replace(/^# .+\n/m, '');
  const lines = Object.entries({ title, ...fields }).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `---\n${lines.join('\n')}\n---\n${body}`;
}

/** Writes a file and its folder. */
export function put(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * Writes the Markdown of the site into a folder; the paths of what TypeDoc is to take as documents.
 * @param {string} folder
 * @param {{ file: string, text: string }[]} manual the pages of functions
 */
export function stage(folder, manual) {
  const all = guides();
  const pages = new Set(['README.md', ...all.map(({ path }) => path)]);
  put(join(folder, 'README.md'), relink(readFileSync('README.md', 'utf8'), 'README.md', pages, ''));
  cpSync(join('docs', 'images'), join(folder, 'docs', 'images'), { recursive: true });
  for (const { file, text } of manual) put(join(folder, 'man', file), withFrontMatter(text, {}));
  for (const { group, path } of all) {
    const children = path === 'docs/man-pages.md' ? manual.map(({ file }) => `../man/${file}`) : undefined;
    const text = relink(readFileSync(path, 'utf8'), path, pages, '../');
    put(join(folder, path), withFrontMatter(text, { group, ...(children && { children }) }));
  }
  return all.map(({ path }) => relative('.', join(folder, path)));
}
