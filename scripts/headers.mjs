// What OpenSSL's headers declare, read through the compiler: functions made by macros (DECLARE_PEM_rw) count, and those that
// are configured out do not.
import { execFileSync } from 'node:child_process';

/** The headers whose functions capi may hold. */
export const HEADERS = [
  'ssl.h',
  'tls1.h',
  'ssl3.h',
  'pem.h',
  'bio.h',
  'err.h',
  'x509.h',
  'x509_vfy.h',
  'evp.h',
  'crypto.h',
  'pkcs12.h',
];

// Type-safe wrappers that headers make for stacks and hash tables.
const CONTAINERS = /^(sk|lh|ossl_check|OSSL_CHECK)_/;

/** @typedef {{ name: string, header: string, macro: boolean, signature: string }} Declared */

/**
 * The text of the headers after preprocessing, with the header that each line came from.
 * @returns {{ header: string, line: string }[]}
 */
function preprocess() {
  const flags = execFileSync('pkg-config', ['--cflags', 'libssl'], { encoding: 'utf8' }).split(/\s+/).filter(Boolean);
  const source = HEADERS.map((header) => `#include <openssl/${header}>\n`).join('');
  // $CC may hold options and a launcher, as in "ccache gcc".
  const [compiler, ...options] = (process.env.CC || 'cc').split(/\s+/);
  const text = execFileSync(compiler, [...options, ...flags, '-E', '-dD', '-x', 'c', '-'], {
    input: source,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const lines = [];
  let header = '';
  for (const line of text.split('\n')) {
    const marker = /^# \d+ "([^"]*)"/.exec(line);
    if (marker) header = /[\\/]openssl[\\/]([^\\/]+)$/.exec(marker[1])?.[1] ?? '';
    else if (header !== '') lines.push({ header, line });
  }
  return lines;
}

/**
 * Declarations at file scope, without what is between braces.
 * @param {{ header: string, line: string }[]} lines
 */
function* declarations(lines) {
  let depth = 0;
  let text = '';
  for (const { header, line } of lines) {
    if (line.startsWith('#')) continue;
    // Since 3.4, the reasons why a function is deprecated have semicolons in them.
    const code = line.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    for (const part of `${code}\n`.split(/([{};])/)) {
      if (part === '{') depth++;
      else if (part === '}') {
        depth--;
        // The end of an inline function: no semicolon follows.
        if (depth === 0 && /\)\s*$/.test(text)) {
          yield { header, text };
          text = '';
        }
      } else if (part === ';' && depth === 0) {
        yield { header, text };
        text = '';
      } else if (depth === 0) text += part;
    }
  }
}

/** @param {string} text a declaration */
function functionName(text) {
  const plain = text.replace(/__attribute__\s*\(\(.*?\)\)(?=[\s;]|$)|__extension__/gs, ' ').trim();
  if (/^typedef\b/.test(plain)) return undefined;
  // int (*SSL_CTX_sess_get_new_cb(SSL_CTX *ctx))(...): a function that returns a pointer to a function.
  const name = /^[^(]*\(\s*\*\s*(\w+)\s*\(/.exec(plain)?.[1] ?? /(\w+)\s*\(/.exec(plain)?.[1];
  return name === undefined || CONTAINERS.test(name) ? undefined : name;
}

/** @returns {Map<string, Declared>} */
export function declared() {
  const lines = preprocess();
  const found = new Map();
  for (const { header, text } of declarations(lines)) {
    const name = functionName(text);
    if (name !== undefined) {
      found.set(name, { name, header, macro: false, signature: text.replace(/\s+/g, ' ').trim() });
    }
  }
  for (const { header, line } of lines) {
    const macro = /^#define (\w+)(\([^)]*\))?\s*(.*)$/.exec(line);
    if (!macro || CONTAINERS.test(macro[1])) continue;
    const [, name, parameters, body] = macro;
    // Another name for a function (SSL_get0_session) counts; a constant does not.
    const isFunction = parameters !== undefined || (found.has(body.trim()) && body.trim() !== name);
    if (isFunction && !found.has(name)) found.set(name, { name, header, macro: true, signature: '' });
  }
  return found;
}
