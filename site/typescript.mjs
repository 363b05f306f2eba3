// The exported functions of src/capi, as they are written there.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A doc comment without its stars, on one line. */
function words(comment) {
  return comment
    .replace(/^\s*\/?\*+\/?/gm, ' ')
    .replace(/\*\/\s*$/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The man page that a comment ends with. */
const pageIn = (about) => /\b(\w+)\(3\)[^(]*$/.exec(about)?.[1];

/**
 * Name, signature, comment, and the man page that the comment ends with.
 * @param {string} text the source of a module
 */
export function exportedFunctions(text) {
  const pattern =
    /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^export function (\w+)(<[^(]*>)?(\([\s\S]*?\): [^;]*?) \{\n/gm;
  return Array.from(text.matchAll(pattern), ([, comment = '', name, generics = '', rest]) => {
    const about = words(comment);
    const signature = `${name}${generics}${rest}`
      .replace(/\(\s+/, '(')
      .replace(/,?\s*\n\s*\)/, ')')
      .replace(/\s*\n\s*/g, ' ');
    return { name, signature, about, page: pageIn(about) };
  });
}

/** Those that not every libssl has: `export const name: (parameters => result) | undefined`. */
function optionalFunctions(text) {
  const pattern =
    /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^export const (\w+): \((\([^;]*?\)) => ([^;]*?)\) \| undefined =/gm;
  return Array.from(text.matchAll(pattern), ([, comment = '', name, parameters, result]) => {
    const about = words(comment);
    return { name, signature: `${name}${parameters}: ${result}`, about, page: pageIn(about) };
  });
}

/** Functions that have a second name, by `export { one as other }`. */
function aliases(text, functions) {
  return Array.from(text.matchAll(/\b(\w+) as (\w+)\b(?=[^;{}]*\};)/g), ([, name, alias]) => {
    const found = functions.find((each) => each.name === name);
    return found && { ...found, name: alias, target: name, signature: found.signature.replace(name, alias) };
  }).filter((each) => each !== undefined);
}

/** All functions of sslctx/capi that have the name of a C function. */
export function capiFunctions(folder) {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .sort();
  return files.flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const functions = [...exportedFunctions(text), ...optionalFunctions(text)];
    return [...functions, ...aliases(text, functions)]
      .filter(({ name }) => /^[A-Za-z0-9]+_[A-Za-z0-9_]+$/.test(name))
      .map((each) => ({ ...each, file }));
  });
}
