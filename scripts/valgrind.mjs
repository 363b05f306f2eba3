// `npm run test:valgrind [-- PROGRAM...]`: programs of test/ under valgrind's memcheck, for what sanitizers do not see:
// memory that is read before it is set, in the addon, in what it gives to Node, and in the system's own libssl.
// Node runs JavaScript here, without a compiler at run time: under valgrind a test runner would take its time for itself.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, root } from './threads-build.mjs';

const out = join(root, 'build', 'valgrind');
const logs = join(out, 'logs');
const suppressions = fileURLToPath(new URL('valgrind/node.supp', import.meta.url));

const memcheck = [
  ...['--tool=memcheck', '--smc-check=all-non-file', '--num-callers=40', '--fair-sched=yes', '--error-exitcode=9'],
  ...['--leak-check=full', '--show-leak-kinds=definite', '--errors-for-leak-kinds=none', '--xml=yes'],
  // JavaScript's own limit is above what valgrind gives by itself.
  ...['--main-stacksize=16777216', '--max-stackframe=4194304'],
  `--suppressions=${suppressions}`,
];
// Without code that V8 writes while it runs there is nothing of V8's that memcheck would take for an error.
const node = [process.execPath, '--jitless', '--no-expose-wasm', '--single-threaded', '--no-warnings', '--expose-gc'];

const journal = join(logs, 'journal');
const model = join(logs, 'model.json');
/** Arguments of node, or another program. */
const programs = {
  capi: () => [...node, script('valgrind/capi.js')],
  model: () => [...node, script('model/child.js'), model, journal],
  misuse: () => [...node, script('misuse/sequence.js'), '1', '400', journal],
  sockets: () => [...node, script('valgrind/sockets.js')],
  threads: () => [...node, script('valgrind/threads.js')],
  native: () => [join(build('none', 'sslctx_threads'), 'test', 'threads', 'sslctx_threads'), '3', '3', '40', '1'],
};

function script(file) {
  return join(out, 'test', file);
}

/** What counts: all errors, and of what is lost that which the addon or its OpenSSL have allocated. */
function findings(report) {
  const errors = report.match(/<error>.*?<\/error>/gs) ?? [];
  const isOurs = (error) => /<obj>[^<]*\/(sslctx|libssl|libcrypto)[^/<]*<\/obj>/.test(error);
  return errors.filter((error) => !error.includes('<kind>Leak_') || isOurs(error));
}

function text(error) {
  const [, what] = /<(?:what|text)>(.*?)</.exec(error) ?? [];
  const frames = Array.from(error.matchAll(/<frame>(.*?)<\/frame>/gs), ([, frame]) => {
    const [, fn = '?'] = /<fn>(.*?)</.exec(frame) ?? [];
    const [, object = '?'] = /<obj>(.*?)</.exec(frame) ?? [];
    return `    ${fn} (${object})`;
  });
  const entities = { lt: '<', gt: '>', amp: '&' };
  return [what, ...frames].join('\n').replaceAll(/&(lt|gt|amp);/g, (_all, name) => entities[name]);
}

async function check(name) {
  const began = Date.now();
  const log = join(logs, `${name}.xml`);
  const args = [...memcheck, `--xml-file=${log}`, ...programs[name]()];
  rmSync(log, { force: true });
  const child = spawn('valgrind', args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  const [code, signal] = await once(child, 'close');
  const report = existsSync(log) ? readFileSync(log, 'utf8') : '';
  const found = findings(report);
  // What the program of the model finds, it tells and ends as usual.
  const failed = (code !== 0 && code !== 9) || /"failure":|"problems":\[[^\]]/.test(said);
  const isWhole = report.includes('</valgrindoutput>');
  if (failed || !isWhole) console.log(said);
  for (const error of found) console.log(text(error));
  const verdict = failed || !isWhole ? `failed: ${signal ?? `exit code ${code}`}` : `${found.length} errors`;
  console.log(`valgrind: ${name}: ${verdict}, ${Math.round((Date.now() - began) / 1000)} seconds`);
  return !failed && isWhole && found.length === 0;
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(programs);
const unknown = names.find((name) => !Object.hasOwn(programs, name));
if (unknown !== undefined) {
  console.error(`no program ${unknown}; there are: ${Object.keys(programs).join(', ')}`);
  process.exit(1);
}
execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(root, 'test', 'valgrind')], { stdio: 'inherit' });
mkdirSync(logs, { recursive: true });
// Threads are the subject of `threads`; the model's own are started through a loader of TypeScript.
const { WEIGHTS } = await import(script('model/weights.js'));
const { beginSharing, workTogether, endSharing, startWorker, terminateWorker, ...weights } = WEIGHTS;
writeFileSync(model, JSON.stringify({ seed: 1, steps: 600, weights }));
let isClean = true;
for (const name of names) isClean = (await check(name)) && isClean;
process.exit(isClean ? 0 : 1);
