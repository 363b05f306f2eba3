// Links of HTML pages: what leads nowhere within the site.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

function decoded(text) {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
}

function attributes(html, names) {
  // Examples in code are text, and have no tags of their own.
  const pattern = new RegExp(`<[a-z][^>]*?\\s(?:${names})="([^"]*)"`, 'g');
  return Array.from(html.matchAll(pattern), ([, value]) => decoded(value));
}

export function linksOf(html) {
  return attributes(html, 'href|src');
}

function idsOf(html) {
  return new Set(Array.from(html.matchAll(/\s(?:id|name)="([^"]*)"/g), ([, value]) => decoded(value)));
}

export function pagesOf(site) {
  return readdirSync(site, { recursive: true })
    .filter((name) => name.endsWith('.html'))
    .map((name) => join(site, name));
}

/** The links of all pages of a folder that lead to no file, or to no element of a page. */
export function brokenLinks(site) {
  const ids = new Map();
  const problems = [];
  for (const page of pagesOf(site)) {
    for (const link of new Set(linksOf(readFileSync(page, 'utf8')))) {
      if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(link)) continue;
      const [path = '', fragment = ''] = link.split('#');
      let target = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path.replace(/\?.*/, ''))));
      if (existsSync(target) && statSync(target).isDirectory()) target = join(target, 'index.html');
      if (!existsSync(target)) {
        problems.push(`${relative(site, page)}: ${link}`);
      } else if (fragment !== '' && target.endsWith('.html')) {
        if (!ids.has(target)) ids.set(target, idsOf(readFileSync(target, 'utf8')));
        if (!ids.get(target).has(decodeURIComponent(fragment))) problems.push(`${relative(site, page)}: ${link}`);
      }
    }
  }
  return problems;
}
