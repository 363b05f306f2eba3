// One binary for all Nodes: packs the package, installs the tarball once into an empty project, and uses it there with
// each Node that is supported. With --suite, the tests are run with each of them as well.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const lines = ['20', '22', '24', '26'];
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
  if (process.argv.includes('--suite')) failures += runSuite(node) ? 0 : 1;
}
if (seen.size > 1) {
  failures++;
  console.log('the Nodes do not agree on the library');
}
console.log(`${lines.length} Nodes, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

function runSuite(node) {
  const ava = join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
  // Tests start programs that are scripts of Node, which must run with this Node too.
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
  return spawnSync(node, [ava], { cwd: root, env, stdio: 'inherit' }).status === 0;
}
