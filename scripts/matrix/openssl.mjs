// OpenSSL of each series that Debian has a source package of, built outside of the repository: shared libraries, headers
// and the openssl program, each with a run path of its own. The system's libssl is left alone.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { byVersion, OpensslSources, step, upstream } from '../apt-sources.mjs';
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
  const sources = new OpensslSources(work, suites);
  const versions = sources
    .versions()
    .filter((version) => version.startsWith(`${series}.`))
    .reverse();
  if (versions.length === 0) throw new Error(`none of ${suites.join(', ')} has OpenSSL ${series}`);
  let reason;
  for (const version of versions) {
    try {
      return { version: upstream(version), tarball: sources.fetch(version) };
    } catch (error) {
      reason = error;
    }
  }
  throw new Error(`OpenSSL ${versions.join(', ')} cannot be fetched`, { cause: reason });
}
