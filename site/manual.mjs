// One page for each man page whose functions sslctx/capi has: C beside TypeScript, what the page promises, the tests.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { declared } from '../scripts/headers.mjs';
import { declarations, installedPages, readPage, synopsis } from './man.mjs';
import { methodsByPage } from './methods.mjs';
import { promises, testIndex } from './promises.mjs';
import { capiFunctions } from './typescript.mjs';

/** Functions that every test needs would name all that differs. */
const MOST = 30;
const UNDOCUMENTED = 'Functions without a man page';

const functionLink = (name) => `../functions/sslctx_capi.${name}.html`;
const source = ({ file, line }) => `../sources/${file}.html#L${line}`;

/** In a table or list, and not as Markdown. */
const escaped = (text) => text.replace(/[<>&|_]/g, (character) => `&#${character.codePointAt(0)};`);

/** Breaks what is too long for half a page. */
function wrapped(text) {
  if (text.length <= 38) return text;
  const open = text.lastIndexOf('(', text.indexOf(',') === -1 ? undefined : text.indexOf(','));
  const parts = [];
  let depth = 0;
  let start = open + 1;
  let at = start;
  for (; at < text.length && depth >= 0; at++) {
    if ('({<['.includes(text[at])) depth++;
    else if (')}]'.includes(text[at]) || (text[at] === '>' && text[at - 1] !== '=')) depth--;
    if ((text[at] === ',' && depth === 0) || depth < 0) {
      parts.push(`${text.slice(start, at + (depth < 0 ? 0 : 1)).trim()}`);
      start = at + 1;
    }
  }
  return `${text.slice(0, open + 1)}\n  ${parts.join('\n  ')}\n${text.slice(at - 1)}`;
}

/** A comment without the reference to this very page. */
function sentences(name, about) {
  return about
    .replace(`${name}(3).`, '')
    .replace(/ *@throws (?:\{\w+\} ?)?/g, ' Throws ')
    .trim();
}

function functionSection({ name, signature, about, target = name }, c) {
  return [
    `## ${name}`,
    '',
    '<div class="pair">',
    '',
    '```c',
    wrapped(c),
    '```',
    '',
    '```ts',
    wrapped(signature),
    '```',
    '',
    '</div>',
    '',
    `${escaped(sentences(name, about))} <a href="${functionLink(target)}">Reference</a>`,
    '',
  ];
}

function methodSection(members) {
  const links = [...members.values()].map(({ name, member, isMethod }) =>
    member === 'constructor'
      ? `[new ${name}](../classes/sslctx.${name}.html#constructor)`
      : `[${name}.${member}${isMethod ? '()' : ''}](../classes/sslctx.${name}.html#${member.toLowerCase()})`,
  );
  return links.length === 0 ? [] : [`In the classes: ${links.join(', ')}`, ''];
}

function promiseSection(items) {
  if (items === undefined) return [];
  const lines = items.map((item) => `- ${escaped(item.text)} ([test](${source(item)}))`);
  return ['### What the page promises', '', 'Each sentence, and the test that holds libssl to it.', '', ...lines, ''];
}

/** The tests of docs/differences.md by their titles, which say what differs; the others by file. */
function testSection(tests) {
  const differences = tests.filter(({ file }) => file.startsWith('test/manpages/differences-'));
  const files = new Map();
  for (const each of tests) files.set(each.file, (files.get(each.file) ?? 0) + 1);
  return [
    ...list('Where page and library differ', differences.slice(0, MOST), (each) => [source(each), escaped(each.title)]),
    ...list('Tests that call it', [...files], ([file, count]) => [`../sources/${file}.html`, `${file}: ${count}`]),
  ];
}

function list(title, items, link) {
  if (items.length === 0) return [];
  const lines = items.map(link).map(([href, text]) => `- [${text}](${href})`);
  return [`## ${title}`, '', ...lines, ''];
}

function testFiles() {
  return ['test/manpages', 'test/sslapitest', 'test/hazards', 'test/security'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .sort()
      .map((name) => join(folder, name)),
  );
}

/** Functions by the page that describes them, with C's declarations, from the page and otherwise from the headers. */
function functionsByPage() {
  const installed = installedPages();
  const headers = declared();
  const pages = new Map();
  const problems = [];
  for (const each of capiFunctions('src/capi')) {
    const path = installed.get(each.name) ?? installed.get(each.page ?? '');
    const { source: text, title } = path === undefined ? { source: '', title: UNDOCUMENTED } : readPage(path);
    const inHeaders = headers.get(each.name);
    const inPage = declarations(synopsis(text)).get(each.name);
    const macro = inHeaders?.macro ? `/* a macro of <openssl/${inHeaders.header}> */ ${each.name}()` : undefined;
    const c = inPage ?? macro ?? (inHeaders && `${inHeaders.signature.replace(/^extern /, '')};`);
    // What is not C's is the package's own: raw calls of the addon, helpers.
    if (c === undefined) continue;
    const page = pages.get(title) ?? [];
    page.push({ ...each, c });
    pages.set(title, page);
  }
  return { pages, problems };
}

/** The pages: file name and Markdown of each. */
export function manual() {
  const promised = promises(readFileSync('docs/man-pages.md', 'utf8'), (path) => readFileSync(path, 'utf8'));
  const { pages, problems } = functionsByPage();
  const methods = methodsByPage('src');
  const tests = testIndex(testFiles());
  for (const [page, items] of promised) {
    if (![...pages.values()].flat().some(({ name }) => name === page))
      problems.push(`docs/man-pages.md: no man page ${page}`);
    for (const { text, file, line } of items) {
      if (line === 0) problems.push(`docs/man-pages.md: no test of ${file} has the title "${text}"`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return Array.from(pages, ([title, functions]) => {
    const names = functions.map(({ name }) => name);
    const members = new Map([title, ...names].flatMap((name) => [...(methods.get(name) ?? [])]));
    const lines = [
      `# ${title === UNDOCUMENTED ? title : `${title}(3)`}`,
      '',
      ...methodSection(members),
      ...functions.flatMap((each) => [...functionSection(each, each.c), ...promiseSection(promised.get(each.name))]),
      ...testSection(tests(names)),
    ];
    return { file: `${title.replaceAll(' ', '-')}.md`, names: [title, ...names], text: lines.join('\n') };
  }).sort((a, b) => (a.file < b.file ? -1 : 1));
}
