// Makes a fresh clone ready: system packages, npm packages, the addon, dist/. Does only what is missing.
//   node scripts/setup.mjs [PURPOSE...]     purposes: see requirements.mjs; `build` is always one of them
// Node built-ins only: node_modules may not be there yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeGyp } from './node-gyp.mjs';
import { pkgConfig, sources } from './openssl.mjs';
import { explain, family, installCommand, missing, requirements } from './requirements.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'build', 'setup.json');
process.chdir(root);

const purposes = ['build', ...process.argv.slice(2)];
const unknown = purposes.find((purpose) => !Object.hasOwn(requirements, purpose));
if (unknown !== undefined) fail(`unknown purpose ${unknown}; there are: ${Object.keys(requirements).join(', ')}`);

checkNode();
installSystemPackages();
installPackages();
buildAddon();
buildDist();

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`sslctx needs Node 20.19 or newer; this is ${process.version}`);
  }
}

function installSystemPackages() {
  const absent = missing(purposes);
  if (absent.length === 0) return;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const mayInstall = family() === 'debian' && (asRoot.length === 0 || spawnSync('sudo', ['-n', 'true']).status === 0);
  if (!mayInstall) fail(explain(absent));
  const command = installCommand(absent, 'debian');
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  run('updating the list of packages', [...asRoot, 'apt-get', 'update', '-q']);
  run(command, [...asRoot, ...environment, ...command.split(' '), '-q', '--no-install-recommends']);
  const still = missing(purposes);
  if (still.length > 0) fail(explain(still));
}

function installPackages() {
  if (packagesAreInstalled()) return;
  // No scripts: the only one that matters is this package's own, and the addon is built below.
  run('npm ci', [...npm(), 'ci', '--ignore-scripts', '--no-audit', '--no-fund']);
}

/** Whether node_modules holds what package-lock.json says, by npm's own record of what it has installed. */
function packagesAreInstalled() {
  const record = join('node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readJson(record).packages;
  return Object.entries(readJson('package-lock.json').packages).every(
    ([path, wanted]) => path === '' || wanted.optional || installed[path]?.version === wanted.version,
  );
}

function buildAddon() {
  const inputs = ['binding.gyp', 'package-lock.json', 'scripts/openssl.mjs', ...sources(), ...files('native', '.h')];
  const hash = hashOf(inputs, process.arch, pkgConfig('--modversion', '--libs', '--cflags', 'libssl'));
  if (existsSync(join('build', 'Release', 'sslctx.node')) && readStamps().addon === hash) return;
  const { command, args, env } = nodeGyp('configure', 'build', '--jobs', 'max');
  run('building the addon', [command, ...args], env);
  writeStamp('addon', hash);
}

function buildDist() {
  const inputs = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    join('scripts', 'dist.mjs'),
    ...files('src', ''),
  ];
  const hash = hashOf(inputs);
  if (existsSync(join('dist', 'index.js')) && readStamps().dist === hash) return;
  run('building dist/', [process.execPath, join('scripts', 'dist.mjs')]);
  writeStamp('dist', hash);
}

/** Runs a step without its output, which is shown when the step fails. */
function run(title, [command, ...args], env = process.env) {
  console.error(`setup: ${title}`);
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error || status !== 0)
    fail(`${stdout ?? ''}${stderr ?? ''}setup: "${title}" failed: ${error?.message ?? `exit code ${status}`}`);
}

function npm() {
  const running = process.env.npm_execpath;
  return running && basename(running) === 'npm-cli.js' ? [process.execPath, running] : ['npm'];
}

function files(folder, ending) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.startsWith(join('native', 'build')))
    .sort();
}

function hashOf(paths, ...more) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  return hash.update(more.join('\0')).digest('hex');
}

function readStamps() {
  return existsSync(stampFile) ? readJson(stampFile) : {};
}

function writeStamp(name, hash) {
  mkdirSync(join(root, 'build'), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ ...readStamps(), [name]: hash }));
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
