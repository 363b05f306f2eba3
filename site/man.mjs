// The C declarations of the man pages that are installed: the text between SYNOPSIS and the next heading.
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { manFolders } from '../scripts/requirements.mjs';

/** Page names and their files; several names may lead to one file. */
export function installedPages(where = manFolders()) {
  const pages = new Map();
  for (const folder of where) {
    for (const file of readdirSync(folder)) {
      const name = /^(\w+)\.3\w*(?:\.gz)?$/.exec(file)?.[1];
      if (name !== undefined && !pages.has(name)) pages.set(name, join(folder, file));
    }
  }
  return pages;
}

/** The troff source of a page, wherever links and `.so` lead; with the name of the page that it is. */
export function readPage(path) {
  const file = realpathSync(path);
  const bytes = readFileSync(file);
  const source = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const other = /^\.so\s+(\S+)/.exec(source)?.[1];
  if (other === undefined) return { source, title: /([^/]+)\.3\w*(?:\.gz)?$/.exec(file)?.[1] ?? '' };
  const target = join(dirname(dirname(file)), other);
  return readPage(existsSync(target) ? target : `${target}.gz`);
}

/** What the troff of pod2man stands for, as far as declarations have it. */
function plain(line) {
  return line
    .replace(/\\&|\\f[A-Z]|\\\|/g, '')
    .replace(/\\-/g, '-')
    .replace(/\\e/g, '\\')
    .replace(/\\\(aq/g, "'");
}

/** The literal lines of the SYNOPSIS. */
export function synopsis(source) {
  const section = /^\.SH "?SYNOPSIS"?\n([\s\S]*?)^\.SH /m.exec(source)?.[1] ?? '';
  const blocks = [...section.matchAll(/^\.Vb.*\n([\s\S]*?)^\.Ve/gm)].map(([, block]) => plain(block));
  return blocks.join('\n').replace(/^ /gm, '');
}

/** The function that a declaration declares; `int (*f(X *x))(Y *y)` declares f. */
export function declaredName(text) {
  return /^[^(]*\(\s*\*\s*(\w+)\s*\(/.exec(text)?.[1] ?? /(\w+)\s*\(/.exec(text)?.[1];
}

/** Functions and their declarations, in the order of the page. */
export function declarations(text) {
  const found = new Map();
  const code = text.replace(/^\s*#.*$/gm, '').replace(/\/\*[\s\S]*?\*\//g, '');
  let depth = 0;
  let start = 0;
  for (let at = 0; at < code.length; at++) {
    if ('({'.includes(code[at])) depth++;
    else if (')}'.includes(code[at])) depth--;
    else if (code[at] === ';' && depth === 0) {
      const declaration = code
        .slice(start, at + 1)
        .trim()
        .replace(/\s*\n\s*/g, ' ')
        .replace(/ {2,}/g, ' ');
      start = at + 1;
      const name = declaration.startsWith('typedef') ? undefined : declaredName(declaration);
      if (name !== undefined) found.set(name, declaration);
    }
  }
  return found;
}
