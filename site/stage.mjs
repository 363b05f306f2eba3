// The Markdown of the site: that of the repository, its links made to lead to pages of the site.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/**
 * The guides, by group, in the order of the menu. What is in docs/ and not here comes last, under "Guides".
 * @type {Record<string, string[]>}
 */
export const groups = {
  Start: ['getting-started', 'guide', 'cache-modes', 'resumption', 'from-node-tls', 'troubleshooting', 'examples'],
  Guides: ['sockets', 'http', 'revocation', 'stores', 'fleet', 'threads', 'cli', 'metrics', 'testing', 'performance'],
  'libssl, exactly': [
    'man-pages',
    'differences',
    'hazards',
    'coverage',
    'interop',
    'matrix',
    'oracle',
    'model',
    'sslapitest',
  ],
  Project: ['architecture', '../CONTRIBUTING', '../SECURITY', '../CHANGELOG', '../bench/README'],
};

/** The files of these groups, as paths in the repository. */
export function guides() {
  const listed = Object.entries(groups).flatMap(([group, names]) =>
    names.map((name) => ({ group, path: normalize(`docs/${name}.md`) })),
  );
  const others = readdirSync('docs')
    .map((name) => ({ group: 'Guides', path: `docs/${name}` }))
    .filter(({ path }) => path.endsWith('.md') && !listed.some((each) => each.path === path));
  return [...listed, ...others];
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
    if (!existsSync(target)) return link;
    return `${toRoot}sources/${target.replace(/\/$/, '')}.html${fragment === undefined ? '' : `#${fragment}`}`;
  });
}

/** Links whose text is the name of a file have the title of the page instead. */
function withTitles(text, path) {
  return text.replace(/\[[\w-]+\.md\]\(([^)#]+)/g, (link, file) => {
    const target = join(dirname(path), file);
    return existsSync(target) ? `[${titleOf(readFileSync(target, 'utf8'))}](${file}` : link;
  });
}

/** The heading of a page, as menus show it. */
export function titleOf(text) {
  return (/^# (.+)$/m.exec(text)?.[1] ?? '').replaceAll('`', '');
}

function withFrontMatter(text, fields) {
  const title = titleOf(text);
  const lines = Object.entries({ title, ...fields }).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `---\n${lines.join('\n')}\n---\n${text}`;
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
  // TypeDoc puts the name of the project above it.
  const front = readFileSync('README.md', 'utf8').replace(/^# .+\n/, '');
  put(join(folder, 'README.md'), relink(front, 'README.md', pages, ''));
  cpSync(join('docs', 'images'), join(folder, 'docs', 'images'), { recursive: true });
  for (const { file, text } of manual) put(join(folder, 'man', file), withFrontMatter(text, {}));
  for (const { group, path } of all) {
    const children = path === 'docs/man-pages.md' ? manual.map(({ file }) => `../man/${file}`) : undefined;
    const text = relink(withTitles(readFileSync(path, 'utf8'), path), path, pages, '../');
    put(join(folder, path), withFrontMatter(text, { group, ...(children && { children }) }));
  }
  return all.map(({ path }) => relative('.', join(folder, path)));
}
