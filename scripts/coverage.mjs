// Which of OpenSSL's session functions does sslctx/capi have? Reads the installed headers through the compiler, so that
// functions made by macros (DECLARE_PEM_rw) count and those that are configured out do not.
//
//   node --import=tsx scripts/coverage.mjs            writes docs/coverage.md
//   node --import=tsx scripts/coverage.mjs --check    exits with 1 when a function is neither there nor explained,
//                                                     or when docs/coverage.md is stale
//   options: --reasons <file>, --output <file>
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as capi from '../src/capi/index.ts';

const ROOT = new URL('../', import.meta.url);

// The headers whose functions capi may hold.
const HEADERS = [
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

// In this order: the first that matches names the section.
const TOPICS = [
  ['ClientHello', /client_hello/],
  ['Pre-shared keys', /_psk_/],
  ['Early data', /early_data|_early$/],
  ['Tickets', /ticket/],
  ['Session IDs and their context', /session_id|_id_context|SESSION_(get|set1)_id$/],
  ['Time and timeouts', /^SSL_(CTX_|SESSION_)?[gs]et_(default_)?time(out)?(_ex)?$/],
  ['The cache', /^SSL_CTX_(sess_|sessions$|flush_sessions|(add|remove)_session$|[gs]et_session_cache_mode$)/],
  [
    'Sessions of a connection',
    /^(BIO_ssl|SSL)_.*session|^SSL_(CTX_)?set_.*session|^SSL_cache_hit$|^SSL_(clear|[gs]et_SSL_CTX)$/,
  ],
  ['The session object', /SSL_SESSION/],
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
  const text = execFileSync(process.env.CC ?? 'cc', [...flags, '-E', '-dD', '-x', 'c', '-'], {
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
    for (const part of `${line}\n`.split(/([{};])/)) {
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
function declared() {
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

/** @param {Declared} declaration */
function topicOf({ name, signature }) {
  if (/^(DTLS|OSSL_|SSL_CTRL|SSL_R_|PEM_STRING|DECLARE_|IMPLEMENT_)/.test(name)) return undefined;
  if (!/SSL|^BIO_ssl_/.test(name)) return undefined;
  const topic = TOPICS.find(([, pattern]) => pattern.test(name))?.[0];
  return topic ?? (/\bSSL_SESSION\b/.test(signature) ? 'Sessions of a connection' : undefined);
}

/** @param {string} name */
const inCapi = (name) => name in capi && typeof capi[name] === 'function';

const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    reasons: { type: 'string', default: new URL('test/coverage/reasons.json', ROOT).pathname },
    output: { type: 'string', default: new URL('docs/coverage.md', ROOT).pathname },
  },
});

const { absent, extra, newer } = JSON.parse(readFileSync(options.reasons, 'utf8'));
const all = declared();
/** @type {Map<string, Declared[]>} */
const sections = new Map(TOPICS.map(([topic]) => [topic, []]));
for (const declaration of [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
  const topic = topicOf(declaration);
  if (topic !== undefined) sections.get(topic).push(declaration);
}
const relevant = [...sections.values()].flat();
const names = new Set(relevant.map(({ name }) => name));
// Handles are classes: types, not functions.
const functions = Object.keys(capi).filter((name) => inCapi(name) && !String(capi[name]).startsWith('class'));
const others = functions.filter((name) => all.has(name) && !names.has(name)).sort();

const problems = [
  ...relevant
    .filter(({ name }) => !inCapi(name) && !(name in absent))
    .map(({ name, header }) => `${name} (${header}) is neither in capi nor explained`),
  ...Object.keys(absent)
    .filter(inCapi)
    .map((name) => `${name} is in capi and also explained as absent`),
  ...Object.keys(absent)
    .filter((name) => !names.has(name) && !(name in newer))
    .map((name) => `${name} is explained, but the headers have no such function`),
  ...functions
    .filter((name) => !all.has(name) && !(name in newer) && !(name in extra))
    .map((name) => `${name} is in capi, but in no header and not explained as an extra`),
  ...Object.keys(extra)
    .filter((name) => !inCapi(name))
    .map((name) => `${name} is listed as an extra, but not in capi`),
];

/** @param {string} name */
const mark = (name) => (inCapi(name) ? 'yes' : `no: ${absent[name] ?? '**not explained**'}`);

function render() {
  const present = relevant.filter(({ name }) => inCapi(name)).length;
  const lines = [
    "# What capi holds of OpenSSL's session API",
    '',
    `Made by \`npm run coverage\` from the headers of OpenSSL ${version()}; a test fails when it is stale. Of`,
    `${relevant.length} public functions and function-like macros that concern sessions, their cache, tickets, early data,`,
    `pre-shared keys and the ClientHello, ${present} are in \`sslctx/capi\` under their own names, and`,
    `${relevant.length - present} are not, for the reason given.`,
    '',
  ];
  for (const [topic, declarations] of sections) {
    lines.push(`## ${topic}`, '', '| function | header | in capi |', '|---|---|---|');
    for (const { name, header, macro } of declarations) {
      lines.push(`| \`${name}\`${macro ? ' (macro)' : ''} | ${header} | ${mark(name)} |`);
    }
    lines.push('');
  }
  lines.push('## Newer than these headers', '', '| function | since | in capi |', '|---|---|---|');
  for (const [name, since] of Object.entries(newer)) {
    lines.push(`| \`${name}\` | ${since} | ${name in capi ? 'where libssl has it' : mark(name)} |`);
  }
  lines.push('', '## Everything else in capi', '', 'What is needed to use the above, by header:', '');
  for (const header of HEADERS) {
    const here = others.filter((name) => all.get(name)?.header === header);
    if (here.length > 0) lines.push(`- ${header}: ${here.map((name) => `\`${name}\``).join(', ')}`);
  }
  lines.push('');
  lines.push('In no header:', '');
  for (const [name, why] of Object.entries(extra)) lines.push(`- \`${name}\`: ${why}`);
  return `${lines.join('\n').replace(/ +$/gm, '')}\n`;
}

/** Major and minor: a patch release adds no functions. */
function version() {
  const text = execFileSync('pkg-config', ['--modversion', 'libssl'], { encoding: 'utf8' });
  return text.trim().split('.').slice(0, 2).join('.');
}

const text = render();
if (options.check) {
  const written = readFileSync(options.output, 'utf8');
  // The table of another release is not stale: there, only the explanations are checked.
  const sameRelease = written.includes(`OpenSSL ${version()};`);
  if (sameRelease && written !== text) problems.push('docs/coverage.md is stale: run npm run coverage');
} else {
  writeFileSync(options.output, text);
}
for (const problem of problems) console.error(problem);
console.log(`${relevant.length} functions, ${relevant.filter(({ name }) => inCapi(name)).length} in capi`);
process.exitCode = problems.length === 0 ? 0 : 1;
