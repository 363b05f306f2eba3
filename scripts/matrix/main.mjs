// `npm run matrix`: builds the addon against each OpenSSL, runs the tests with each Node, and writes
// docs/matrix.md and its table in README.md.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installNodes, runSuite, supportedNodes } from '../node-versions.mjs';
import { Results, scopes } from './cells.mjs';
import { openssl, supportedOpenssls, versionAtHand } from './openssl.mjs';
import { inReadme, page, table } from './table.mjs';
import { copyTree, filesOf, hashOf } from './tree.mjs';

const usage = `npm run matrix -- [OPTION...]
  --openssl=LIST   of ${supportedOpenssls.join(', ')}; all of them unless told
  --node=LIST      of ${supportedNodes.join(', ')}; all of them unless told
  --quick          a few test files in each cell, in place of all on the diagonal and a cut elsewhere
  --whole          all test files in each cell
  --only FILE...   these test files in each cell; nothing is written
  --again          runs what has passed with the same sources and versions once more
OpenSSLs, Nodes, builds and results are kept in $XDG_CACHE_HOME/sslctx/matrix: a run that was ended goes on there.`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sslctx', 'matrix');
const { values: options, positionals: only } = readArguments();
const rows = chosen('openssl', supportedOpenssls);
const columns = chosen('node', supportedNodes);

mkdirSync(join(cache, 'nodes'), { recursive: true });
writeFileSync(join(cache, 'nodes', 'package.json'), '{ "private": true }\n');
const nodes = installNodes(join(cache, 'nodes'), supportedNodes);
const versions = new Map([...nodes].map(([line, program]) => [line, run(program, ['--version']).slice(1)]));
const files = filesOf(root);
const results = new Results(cache, hashOf(root, files));

// What takes long comes last.
const jobs = rows
  .flatMap((row) => columns.map((column) => ({ row, column, scope: scopeOf(row, column) })))
  .sort((a, b) => Object.keys(scopes).indexOf(a.scope) - Object.keys(scopes).indexOf(b.scope));
const libraries = new Map(rows.map((row) => [row, openssl(row, cache)]));
const trees = new Map();
const outcomes = new Map();
for (const { row, column, scope } of jobs) {
  const library = libraries.get(row);
  const cell = { openssl: library.version, node: versions.get(column) };
  const title = `OpenSSL ${cell.openssl}, Node ${cell.node}`;
  const known = only.length === 0 && !options.again ? results.read(cell, scope) : undefined;
  const result = known?.ok ? known : await runCell(library, column, scope, title);
  if (result !== known && only.length === 0) results.write(cell, scope, result);
  outcomes.set(`${row} ${column}`, { scope, ...result });
  const counts = result.error ?? `${result.passed} passed, ${result.failed.length} failed`;
  console.log(`${title}, ${only.length === 0 ? scope : 'only'}: ${counts}${result === known ? ', as before' : ''}`);
}
report();
process.exitCode = [...outcomes.values()].every(({ ok }) => ok) ? 0 : 1;

async function runCell(library, column, scope, title) {
  try {
    const tree = treeOf(library);
    const env = { ...process.env, ...library.env };
    const node = nodes.get(column);
    prove(library, node, tree, env);
    const args = ['--timeout=10m', ...(only.length === 0 ? scopes[scope].files : only)];
    return await runSuite(node, { cwd: tree, args, env, print: (line) => console.log(`${title}: ${line}`) });
  } catch (error) {
    console.log(`${title}: ${error.message}`);
    return { ok: false, error: error.message.split('\n')[0], passed: 0, failed: [] };
  }
}

/** The copy of the repository whose addon is built for this OpenSSL. */
function treeOf(library) {
  const tree = trees.get(library.series) ?? join(cache, 'trees', library.version);
  if (!trees.has(library.series)) {
    copyTree(root, files, tree);
    console.log(`building the addon for OpenSSL ${library.version}`);
    run(process.execPath, [join('scripts', 'setup.mjs')], { cwd: tree, env: { ...process.env, ...library.env } });
    trees.set(library.series, tree);
  }
  return tree;
}

/** Throws unless this Node, in this copy, runs this libssl, and the tests will talk to the openssl program beside it. */
function prove({ version, prefix }, node, cwd, env) {
  const program = "import { openssl } from 'sslctx'; console.log(JSON.stringify(openssl));";
  const loaded = JSON.parse(run(node, ['--input-type=module', '-e', program], { cwd, env }));
  if (loaded.versionString !== version || !loaded.headerVersion.startsWith(`OpenSSL ${version} `)) {
    throw new Error(`expected OpenSSL ${version}: ${JSON.stringify(loaded)}`);
  }
  for (const file of [loaded.libssl, loaded.libcrypto]) {
    if (prefix !== undefined && dirname(file) !== realpathSync(join(prefix, 'lib'))) {
      throw new Error(`expected a library of ${prefix}: ${file}`);
    }
  }
  const spoken = run('openssl', ['version', '-v'], { cwd, env });
  // The system's program may be of a build with another suffix than the library, but not of another version.
  if (!spoken.startsWith(`OpenSSL ${version} `) || !spoken.includes(`Library: OpenSSL ${version} `)) {
    throw new Error(`expected the openssl program of ${version}: ${spoken}`);
  }
}

function report() {
  if (only.length > 0) {
    const cells = (row) => columns.map((column) => outcomes.get(`${row} ${column}`));
    const lines = rows.map((row) => ({ name: nameOf(row, libraries.get(row).version), cells: cells(row) }));
    console.log(`\n${table(lines, columns.map(titleOf))}`);
    return;
  }
  // All that is known of these sources, from this run and others.
  const lines = supportedOpenssls.map((row) => {
    const version = libraries.get(row)?.version ?? versionAtHand(row, cache);
    const cells = supportedNodes.map((column) => results.best({ openssl: version, node: versions.get(column) }));
    return { name: nameOf(row, version ?? row), cells };
  });
  const titles = supportedNodes.map(titleOf);
  console.log(`\n${table(lines, titles)}`);
  writeFileSync(join(root, 'docs', 'matrix.md'), page(lines, titles));
  const readme = join(root, 'README.md');
  writeFileSync(readme, inReadme(readFileSync(readme, 'utf8'), table(lines, titles)));
  console.log('\nwritten: docs/matrix.md, README.md');
}

function nameOf(row, version) {
  return `${version}${row === 'system' ? " (the system's)" : ''}`;
}

function titleOf(column) {
  return `Node ${versions.get(column)}`;
}

function scopeOf(row, column) {
  if (options.whole) return 'whole';
  if (options.quick) return 'quick';
  return supportedOpenssls.indexOf(row) === supportedNodes.indexOf(column) ? 'whole' : 'cut';
}

function readArguments() {
  try {
    const string = { type: 'string' };
    const boolean = { type: 'boolean' };
    const parsed = parseArgs({
      allowPositionals: true,
      options: {
        openssl: string,
        node: string,
        quick: boolean,
        whole: boolean,
        only: boolean,
        again: boolean,
        help: boolean,
      },
    });
    if (parsed.values.help) {
      console.log(usage);
      process.exit(0);
    }
    if (parsed.values.quick && parsed.values.whole) throw new Error('either --quick or --whole');
    if (Boolean(parsed.values.only) !== parsed.positionals.length > 0) throw new Error('test files come after --only');
    return parsed;
  } catch (error) {
    return refuse(error.message);
  }
}

function chosen(name, all) {
  const list = options[name]?.split(',') ?? all;
  const unknown = list.find((each) => !all.includes(each));
  if (unknown !== undefined) refuse(`--${name}=${unknown}: there are ${all.join(', ')}`);
  return all.filter((each) => list.includes(each));
}

function refuse(message) {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function run(program, args, settings = {}) {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...settings }).trim();
}
