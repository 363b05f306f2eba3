// What docs/man-pages.md says that a page promises, and where the tests are that hold libssl to it.
import { readFileSync } from 'node:fs';

/** The line of a test file that has a title, of which only what follows a colon may be constant; 0 when there is none. */
function lineOf(source, title) {
  const lines = source.split('\n');
  const starts = [0, ...Array.from(title.matchAll(/: /g), ({ index }) => index + 2)];
  const texts = starts.map((start) => title.slice(start).replaceAll('`', ''));
  const found = texts.map((text) => lines.findIndex((line) => line.replaceAll('`', '').includes(text)));
  return (found.find((at) => at !== -1) ?? -1) + 1;
}

/**
 * Page names, and for each what it promises: text, test file, line.
 * @param {string} markdown docs/man-pages.md
 * @param {(path: string) => string} read a file of the repository
 */
export function promises(markdown, read) {
  const pages = new Map();
  for (const section of markdown.split(/^## /m).slice(1)) {
    const name = /^(\w+)\(3\)/.exec(section)?.[1];
    const file = /^`(test\/\S+)`$/m.exec(section)?.[1];
    if (name === undefined || file === undefined) continue;
    // A promise whose test is in another file ends with the name of that file.
    const items = Array.from(section.matchAll(/^- (.+?)(?: \(`(test\/\S+)`\))?$/gm), ([, text, elsewhere = file]) => ({
      text,
      file: elsewhere,
      line: lineOf(read(elsewhere), text),
    }));
    pages.set(name, items);
  }
  return pages;
}

/** The tests of a file: title, first line, and what they call. */
export function testsOf(file, source) {
  const pieces = source.split(/^(?= *test(?:\.serial)?\()/m);
  let line = pieces[0].split('\n').length;
  return pieces.slice(1).map((text) => {
    const [, quote = "'"] = /\(\s*(['"`])/.exec(text) ?? [];
    const title = text.split(quote)[1] ?? '';
    const calls = new Set(text.match(/\b[A-Za-z0-9]+_[A-Za-z0-9_]+(?=\()/g));
    const found = {
      file,
      line,
      title: title.replace(/\$\{name\}/, 'TLS 1.2 and 1.3').replace(/\$\{(\w+)\}/g, '<$1>'),
      calls,
    };
    line += text.split('\n').length - 1;
    return found;
  });
}

/** The tests of these files that call one of these functions themselves, and not by a helper. */
export function testIndex(files) {
  const all = files.flatMap((file) => testsOf(file, readFileSync(file, 'utf8')));
  return (names) => all.filter(({ calls }) => names.some((name) => calls.has(name)));
}
