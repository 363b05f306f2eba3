// Which of OpenSSL's session functions does sslctx/capi have? Reads the installed headers.
//
//   node --import=tsx scripts/coverage.mjs            writes docs/coverage.md
//   node --import=tsx scripts/coverage.mjs --check    exits with 1 when a function is neither there nor explained,
//                                                     or when docs/coverage.md is stale
//   options: --reasons <file>, --output <file>
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as capi from '../src/capi/index.ts';
import { declared, HEADERS } from './headers.mjs';

const ROOT = new URL('../', import.meta.url);

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

/** @typedef {import('./headers.mjs').Declared} Declared */

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
    reasons: { type: 'string', default: new URL('scripts/coverage-reasons.json', ROOT).pathname },
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
