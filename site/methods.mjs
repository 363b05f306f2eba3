// The members of the classes that name their C function in their comment.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MEMBER = /^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(?:static |async |override |readonly |(get|set) )*(\w+)/gm;

/** Members by the man pages that they name: `{ name: 'SslContext', member: 'addSession' }`. */
export function methodsByPage(folder) {
  const pages = new Map();
  const exported = readFileSync(join(folder, 'index.ts'), 'utf8');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const source = readFileSync(join(folder, file), 'utf8');
    for (const { 1: comment, 2: accessor, 3: member, index } of source.matchAll(MEMBER)) {
      const name = [...source.slice(0, index).matchAll(/^export (?:abstract )?class (\w+)/gm)].at(-1)?.[1];
      // What is not exported has no page.
      if (name === undefined || !new RegExp(`\\b${name}\\b`).test(exported)) continue;
      for (const [, page] of comment.matchAll(/\b(\w+)\(3\)/g)) {
        const members = pages.get(page) ?? new Map();
        members.set(`${name}.${member}`, { name, member, isMethod: accessor === undefined });
        pages.set(page, members);
      }
    }
  }
  return pages;
}
