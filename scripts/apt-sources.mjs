// Upstream's sources of OpenSSL, as Debian's source packages hold them, by apt with lists and a cache of its own: the
// system's are left alone.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Runs a program of a build that takes long: says what it does, and its output only when it fails. */
export function step(title, [program, ...args], cwd) {
  console.error(`openssl: ${title}`);
  try {
    return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: 'pipe', maxBuffer: 256 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = error.message } = error;
    throw new Error(`${title}: ${stdout.slice(-2000)}${stderr.slice(-4000)}`);
  }
}

export class OpensslSources {
  #work;
  #options;

  /**
   * @param {string} work an empty folder
   * @param {string[]} suites such as `debian sid`
   */
  constructor(work, suites) {
    this.#work = work;
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
    this.#options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    this.#run('reading the lists of source packages', 'apt-get', '-q', 'update');
  }

  /** Of the packages, the oldest first. */
  versions() {
    const text = this.#run('looking for openssl', 'apt-cache', 'showsrc', 'openssl');
    return [...new Set(Array.from(text.matchAll(/^Version: (\S+)$/gm), ([, version]) => version))].sort(byVersion);
  }

  /** The tarball of a package, without the distribution's patches: those are for its own builds. */
  fetch(version) {
    const source = `openssl=${version}`;
    this.#run(`fetching the source of ${version}`, 'apt-get', '-q', 'source', '--download-only', '--tar-only', source);
    const start = `openssl_${upstream(version)}.orig.tar.`;
    const tarball = readdirSync(this.#work).find((name) => name.startsWith(start) && !name.endsWith('.asc'));
    if (tarball === undefined) throw new Error(`apt-get has fetched no tarball of ${version}`);
    return join(this.#work, tarball);
  }

  #run(title, program, ...args) {
    return step(title, [program, ...this.#options, ...args], this.#work);
  }
}

export function byVersion(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** `3.5.7` of `3.5.7-1~deb13u2`. */
export function upstream(version) {
  return version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
}
