// Links between guides and reference: names of exports in code, and man pages wherever they are named.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const KINDS = ['classes', 'functions', 'interfaces', 'types', 'variables'];
// In these nothing becomes a link: they are links, or headings, or programs.
const CLOSED = /^<(\/?)(a|pre|h[1-6]|head|script|nav|svg|summary)\b/;

/** Names of exports and their pages; of those that several modules have, that of the first module. */
function exportsOf(site) {
  const pages = new Map();
  for (const kind of KINDS) {
    for (const file of readdirSync(join(site, kind)).sort()) {
      const [, module, name] = /^(sslctx\w*)\.(\w+)\.html$/.exec(file) ?? [];
      if (name !== undefined && module !== 'sslctx_capi' && !pages.has(name)) pages.set(name, `${kind}/${file}`);
    }
  }
  return pages;
}

/** Pieces of a page, tags and texts in turn, the latter changed where they are open. */
function changeTexts(html, change) {
  let closed = 0;
  return html
    .split(/(<[^>]+>)/)
    .map((piece, index) => {
      if (index % 2 === 0) return closed === 0 ? change(piece) : piece;
      const tag = CLOSED.exec(piece);
      if (tag) closed += tag[1] === '' ? 1 : -1;
      return piece;
    })
    .join('');
}

/**
 * Puts the links into all pages.
 * @param {string} site
 * @param {string[]} files
 * @param {Map<string, string>} manual pages of man pages, by the functions that they describe
 */
export function crosslink(site, files, manual) {
  const exports = exportsOf(site);
  for (const file of files) {
    const to = (page, text) => `<a href="${relative(dirname(file), join(site, page))}">${text}</a>`;
    const own = relative(site, file);
    const html = readFileSync(file, 'utf8');
    const withPages = changeTexts(html, (text) =>
      text.replace(/\b(\w+)\(3\)/g, (all, name) => {
        const page = manual.get(name);
        return page === undefined || page === own ? all : to(page, all);
      }),
    );
    const isGuide = own.startsWith('documents/') || own === 'index.html';
    const linked = isGuide ? withCode(withPages, new Map([...manual, ...exports]), own, to) : withPages;
    if (linked !== html) writeFileSync(file, linked);
  }
}

/** The first mention of each name in a page leads to its reference, that of a C function to its man page. */
function withCode(html, pages, own, to) {
  const mentioned = new Set();
  let closed = 0;
  return html.replace(/<code>(\w+)(\(\))?<\/code>|<[^>]+>/g, (all, name) => {
    const tag = CLOSED.exec(all);
    if (tag) closed += tag[1] === '' ? 1 : -1;
    const page = pages.get(name ?? '');
    if (page === undefined || page === own || closed > 0 || mentioned.has(name)) return all;
    mentioned.add(name);
    return to(page, all);
  });
}
