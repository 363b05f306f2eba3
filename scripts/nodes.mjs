// One binary for all Nodes: packs the package, installs the tarball once into an empty project, uses it there with each
// Node that is supported, and runs the tests with each. Then Bun and Deno, which are not supported, say so.
//   node scripts/nodes.mjs [--node=22,24] [--no-suite] [AVA ARGUMENT...]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installNodes, npm, runSuite, supportedNodes } from './node-versions.mjs';
import { tryOtherRuntimes } from './other-runtimes.mjs';

const { lines, withSuite, avaArguments } = readArguments(process.argv.slice(2));
const root = fileURLToPath(new URL('..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'sslctx-nodes-'));
process.on('exit', () => rmSync(project, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

console.log('packing and installing the tarball');
writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, allowScripts: { sslctx: true } }));
const [{ filename }] = JSON.parse(npm(root, 'pack', '--json', '--silent', '--pack-destination', project));
npm(project, 'install', '--no-audit', '--no-fund', `./${filename}`);

console.log(`installing Node ${lines.join(', ')}`);
const nodes = installNodes(project, lines);

// Both module systems give the same objects, from each entry of the package, without a warning.
const program = `
const entries = Object.keys(require('sslctx/package.json').exports).filter((name) => !name.endsWith('.json'));
Promise.all(entries.map(async (entry) => {
  const name = 'sslctx' + entry.slice(1);
  const [required, imported] = [require(name), await import(name)];
  const names = Object.keys(imported);
  if (names.length === 0) throw new Error(name + ' is empty');
  for (const key of names) {
    if (required[key] !== imported[key]) throw new Error(name + ': require and import give two copies of ' + key);
  }
})).then(() => process.stdout.write(JSON.stringify(require('sslctx').openssl)));
`;

let failures = 0;
const seen = new Set();
for (const node of nodes.values()) {
  const version = execFileSync(node, ['-p', "process.version + ', own OpenSSL ' + process.versions.openssl"], {
    encoding: 'utf8',
  }).trim();
  const result = spawnSync(node, ['-e', program], { cwd: project, encoding: 'utf8' });
  if (result.status !== 0 || result.stderr !== '') {
    failures++;
    console.log(`Node ${version}: FAILED\n${result.stderr}`);
    continue;
  }
  const { version: text, libssl, libcrypto } = JSON.parse(result.stdout);
  seen.add(JSON.stringify({ text, libssl, libcrypto }));
  console.log(`Node ${version}: ${text}, ${libssl}`);
  if (!withSuite) continue;
  const { ok, passed, failed, minutes, end } = await runSuite(node, { cwd: root, args: avaArguments });
  if (!ok) failures++;
  const counts = `${passed} tests passed, ${failed.length} failed in ${minutes.toFixed(1)} minutes`;
  console.log(`Node ${version}: ${counts}${ok ? '' : `, ended with ${end}`}`);
}
const { libssl } = JSON.parse([...seen][0] ?? '{}');
for (const failure of tryOtherRuntimes(project, libssl)) {
  failures++;
  console.log(`FAILED: ${failure}`);
}
if (seen.size > 1) {
  failures++;
  console.log('the Nodes do not agree on the library');
}
console.log(`${lines.length} Nodes, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

function readArguments(all) {
  const option = '--node=';
  const chosen =
    all
      .find((each) => each.startsWith(option))
      ?.slice(option.length)
      .split(',') ?? supportedNodes;
  const unknown = chosen.find((line) => !supportedNodes.includes(line));
  if (unknown !== undefined) {
    console.error(`${option}${unknown}: there are ${supportedNodes.join(', ')}`);
    process.exit(1);
  }
  return {
    lines: chosen,
    withSuite: !all.includes('--no-suite'),
    avaArguments: all.filter((each) => !each.startsWith(option) && each !== '--no-suite'),
  };
}
