// OpenSSL of each series that Debian has a source package of, built outside of the repository: shared libraries, headers
// and the openssl program, each with a run path of its own. The system's libssl is left alone.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pkgConfig } from '../openssl.mjs';

/** The system's, and what is built: LTS, the newest of version 3, the next major version. */
export const supportedOpenssls = ['system', '3.5', '3.6', '4.0'];

const suites = [
  'debian trixie',
  'debian forky',
  'debian sid',
  'debian experimental',
  'debian-security trixie-security',
];

/**
 * What a cell of the matrix needs.
 * @returns {{ series: string, version: string, env: Record<string, string>, prefix?: string }}
 */
export function openssl(series, cache) {
  if (series === 'system') return { series, version: pkgConfig('--modversion', 'libssl'), env: {} };
  const version = newestBuilt(series, cache) ?? build(series, cache);
  const prefix = prefixOf(version, cache);
  return {
    series,
    version,
    prefix,
    env: {
      // Tests run the openssl program: it is the one of the same version.
      PATH: `${join(prefix, 'bin')}:${process.env.PATH}`,
      PKG_CONFIG_PATH: join(prefix, 'lib', 'pkgconfig'),
    },
  };
}

const prefixOf = (version, cache) => join(cache, 'openssl', version);

/** Of an OpenSSL that need not be built any more, or undefined. */
export function versionAtHand(series, cache) {
  return series === 'system' ? pkgConfig('--modversion', 'libssl') : newestBuilt(series, cache);
}

function newestBuilt(series, cache) {
  const folder = join(cache, 'openssl');
  if (!existsSync(folder)) return undefined;
  const isDone = (name) => name.startsWith(`${series}.`) && existsSync(join(folder, name, 'complete'));
  return readdirSync(folder).filter(isDone).sort(byVersion).at(-1);
}

function byVersion(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Returns the version that was built. */
function build(series, cache) {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'build-'));
  try {
    const { version, tarball } = download(series, work);
    const prefix = prefixOf(version, cache);
    const source = join(work, 'source');
    mkdirSync(source);
    step(`unpacking ${version}`, ['tar', 'xf', tarball, '--strip-components=1', '-C', source], work);
    const folders = [`--prefix=${prefix}`, `--openssldir=${join(prefix, 'ssl')}`, '--libdir=lib'];
    const runPath = `-Wl,-rpath,${join(prefix, 'lib')}`;
    step(`configuring ${version}`, ['./config', 'shared', 'no-tests', 'no-docs', ...folders, runPath], source);
    step('making headers', ['make', '-s', 'build_generated'], source);
    // Not `make`: that compiles all of it twice, for the static libraries too, which nobody here needs.
    const targets = ['libcrypto.so', 'libssl.so', join('apps', 'openssl')];
    step(`building ${version} (minutes)`, ['make', '-s', `-j${availableParallelism()}`, ...targets], source);
    install(source, prefix);
    return version;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** As `make install_sw install_ssldirs` would, which would compile the static libraries. */
export function install(source, prefix) {
  rmSync(prefix, { recursive: true, force: true });
  const copy = (from, ...to) =>
    cpSync(join(source, from), join(prefix, ...to), { recursive: true, verbatimSymlinks: true });
  copy(join('include', 'openssl'), 'include', 'openssl');
  copy(join('apps', 'openssl'), 'bin', 'openssl');
  copy(join('apps', 'openssl.cnf'), 'ssl', 'openssl.cnf');
  for (const name of readdirSync(source)) {
    if (/^lib(?:ssl|crypto)\.so/.test(name)) copy(name, 'lib', name);
  }
  for (const name of ['libssl.pc', 'libcrypto.pc']) {
    // Since 3.4 those at the top are for programs that use the build folder.
    const exported = join('exporters', name);
    copy(existsSync(join(source, exported)) ? exported : name, 'lib', 'pkgconfig', name);
  }
  writeFileSync(join(prefix, 'complete'), '');
}

/** The newest upstream version of a series that can really be had: a mirror may list what it does not hold yet. */
function download(series, work) {
  const apt = aptOf(work);
  step('reading the lists of source packages', apt('apt-get', '-q', 'update'), work);
  const versions = showVersions(apt('apt-cache', 'showsrc', 'openssl'), work)
    .filter((version) => version.startsWith(`${series}.`))
    .sort(byVersion)
    .reverse();
  if (versions.length === 0) throw new Error(`none of ${suites.join(', ')} has OpenSSL ${series}`);
  let reason;
  for (const version of versions) {
    try {
      const fetch = apt('apt-get', '-q', 'source', '--download-only', '--tar-only', `openssl=${version}`);
      step(`fetching the source of ${version}`, fetch, work);
    } catch (error) {
      reason = error;
      continue;
    }
    // Upstream's tarball: the distribution's patches are for its own builds.
    const upstream = version.replace(/-[^-]*$/, '');
    const tarball = readdirSync(work).find((name) => /\.orig\.tar\.[a-z0-9]+$/.test(name) && name.includes(upstream));
    if (tarball !== undefined) return { version: upstream, tarball: join(work, tarball) };
  }
  throw new Error(`OpenSSL ${versions.join(', ')} cannot be fetched`, { cause: reason });
}

/** apt with lists and a cache of its own. */
function aptOf(work) {
  const lines = suites.map((suite) => `deb-src http://deb.debian.org/${suite} main`);
  writeFileSync(join(work, 'sources.list'), `${lines.join('\n')}\n`);
  for (const folder of ['lists', 'archives']) mkdirSync(join(work, folder, 'partial'), { recursive: true });
  const settings = {
    'Dir::Etc::SourceList': join(work, 'sources.list'),
    'Dir::Etc::SourceParts': '-',
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::Cache': work,
    'APT::Sandbox::User': 'root',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  return (program, ...args) => [program, ...options, ...args];
}

function showVersions(command, cwd) {
  const versions = step('looking for openssl', command, cwd).matchAll(/^Version: (\S+)$/gm);
  return [...new Set([...versions].map(([, version]) => version))];
}

function step(title, [program, ...args], cwd) {
  console.error(`matrix: ${title}`);
  try {
    return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: 'pipe', maxBuffer: 256 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = error.message } = error;
    throw new Error(`${title}: ${stdout.slice(-2000)}${stderr.slice(-4000)}`);
  }
}
