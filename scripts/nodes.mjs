// One binary for all Nodes: packs the package, installs the tarball once into an empty project, uses it there with each
// Node that is supported, and runs the tests with each.
//   node scripts/nodes.mjs [--node=22,24] [--no-suite] [AVA ARGUMENT...]
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const supported = ['20', '22', '24', '26'];
const { lines, withSuite, avaArguments } = readArguments(process.argv.slice(2));
const root = fileURLToPath(new URL('..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'sslctx-nodes-'));
process.on('exit', () => rmSync(project, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

const npm = (cwd, ...args) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

console.log('packing and installing the tarball');
writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, allowScripts: { sslctx: true } }));
const [{ filename }] = JSON.parse(npm(root, 'pack', '--json', '--silent', '--pack-destination', project));
npm(project, 'install', '--no-audit', '--no-fund', `./${filename}`);

console.log(`installing Node ${lines.join(', ')}`);
const platform = `node-${process.platform}-${process.arch}`;
const aliases = lines.map((line) => `node${line}@npm:${platform}@^${line}`);
npm(project, 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', ...aliases);

// Both module systems give the same classes.
const program = `
const { SslContext, SslSession, openssl } = require('sslctx');
if (typeof SslContext !== 'function' || typeof SslSession !== 'function') throw new Error('the classes are missing');
import('sslctx').then((module) => {
  if (module.SslContext !== SslContext) throw new Error('import and require give two copies of the package');
  process.stdout.write(JSON.stringify(openssl));
});
`;

let failures = 0;
const seen = new Set();
for (const line of lines) {
  const node = join(project, 'node_modules', `node${line}`, 'bin', 'node');
  const version = execFileSync(node, ['-p', "process.version + ', own OpenSSL ' + process.versions.openssl"], {
    encoding: 'utf8',
  }).trim();
  const result = spawnSync(node, ['-e', program], { cwd: project, encoding: 'utf8' });
  if (result.status !== 0) {
    failures++;
    console.log(`Node ${version}: FAILED\n${result.stderr}`);
    continue;
  }
  const { version: text, libssl, libcrypto } = JSON.parse(result.stdout);
  seen.add(`${text} ${libssl} ${libcrypto}`);
  console.log(`Node ${version}: ${text}, ${libssl}`);
  if (!withSuite) continue;
  const suite = await runSuite(node);
  if (!suite.ok) failures++;
  console.log(`Node ${version}: ${suite.text}`);
}
if (seen.size > 1) {
  failures++;
  console.log('the Nodes do not agree on the library');
}
console.log(`${lines.length} Nodes, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

/** Runs the tests, shows what they print, and counts ava's marks, which begin a line when there are no colours. */
async function runSuite(node) {
  const ava = join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
  // Tests start programs that are scripts of Node, which must run with this Node too.
  const env = { ...process.env, NO_COLOR: '1', PATH: `${dirname(node)}:${process.env.PATH}` };
  const begin = Date.now();
  const child = spawn(node, [ava, ...avaArguments], { cwd: root, env, stdio: ['inherit', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const counts = { '✔': 0, '✘': 0 };
  for await (const text of createInterface({ input: child.stdout })) {
    console.log(text);
    const mark = /^ *([✔✘])/.exec(text)?.[1];
    if (mark !== undefined) counts[mark]++;
  }
  const [status, signal] = await closed;
  const minutes = ((Date.now() - begin) / 60_000).toFixed(1);
  // A file that crashed has no mark of its own: the status counts, too.
  const ok = status === 0 && counts['✔'] > 0;
  const end = ok ? '' : `, ended with ${signal ?? `status ${status}`}`;
  return { ok, text: `${counts['✔']} tests passed, ${counts['✘']} failed in ${minutes} minutes${end}` };
}

function readArguments(all) {
  const option = '--node=';
  const chosen =
    all
      .find((each) => each.startsWith(option))
      ?.slice(option.length)
      .split(',') ?? supported;
  const unknown = chosen.find((line) => !supported.includes(line));
  if (unknown !== undefined) {
    console.error(`${option}${unknown}: there are ${supported.join(', ')}`);
    process.exit(1);
  }
  return {
    lines: chosen,
    withSuite: !all.includes('--no-suite'),
    avaArguments: all.filter((each) => !each.startsWith(option) && each !== '--no-suite'),
  };
}
