// OpenSSL built with a sanitizer, outside of the repository: only then does ThreadSanitizer see what libssl does, and the
// locks that it takes. `node scripts/sanitized-openssl.mjs thread|address` prints the folder for PKG_CONFIG_PATH.
//
// From the source of the distribution's package, by apt-get (lists of its own: the system's are left alone), or from
// SSLCTX_OPENSSL_SOURCE, a folder or a tarball. Made once: afterwards it comes from the cache.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OpensslSources, step } from './apt-sources.mjs';

const flags = ['-g', '-O1', '-fno-omit-frame-pointer'];
// Its reference counters are counted down by a relaxed operation and a fence, which ThreadSanitizer does not know; with
// this they are atomic operations that say what they order.
const defines = { thread: ['-DOPENSSL_DEV_NO_ATOMICS'], address: [] };

/** Builds what is not there yet. Returns the folder of libssl.pc. */
export function sanitizedOpenssl(sanitizer) {
  if (!Object.hasOwn(defines, sanitizer)) throw new Error(`thread or address, not ${sanitizer}`);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sslctx');
  const prefix = join(cache, `openssl-${sanitizer}`);
  const done = join(prefix, 'lib', 'pkgconfig');
  if (existsSync(join(prefix, 'complete'))) return done;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'build-'));
  try {
    const source = sourceIn(work);
    const options = [
      'no-shared',
      'no-tests',
      'no-module',
      '--openssldir=/etc/ssl',
      `--prefix=${prefix}`,
      '--libdir=lib',
    ];
    const instrumented = [`-fsanitize=${sanitizer}`, ...flags, ...defines[sanitizer]];
    step('configuring OpenSSL', ['./config', ...options, ...instrumented], source);
    step('building OpenSSL (minutes)', ['make', '-s', `-j${availableParallelism()}`, 'build_libs'], source);
    rmSync(prefix, { recursive: true, force: true });
    step('installing OpenSSL in the cache', ['make', '-s', 'install_dev'], source);
    writeFileSync(join(prefix, 'complete'), '');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return done;
}

function sourceIn(work) {
  const given = process.env.SSLCTX_OPENSSL_SOURCE;
  if (given !== undefined && statSync(given).isDirectory()) {
    cpSync(given, join(work, 'given'), { recursive: true });
    return join(work, 'given');
  }
  const tarball = given === undefined ? download(work) : resolve(given);
  step(`unpacking ${tarball}`, ['tar', 'xf', tarball], work);
  const folder = readdirSync(work).find((name) => existsSync(join(work, name, 'Configure')));
  if (folder === undefined) throw new Error(`${tarball} is no source of OpenSSL`);
  return join(work, folder);
}

function download(work) {
  const release = readFileSync('/etc/os-release', 'utf8');
  const name = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1];
  if (!/^ID=debian/m.test(release) || name === undefined) {
    throw new Error('apt-get source is for Debian: set SSLCTX_OPENSSL_SOURCE to a source of OpenSSL');
  }
  const sources = new OpensslSources(work, [`debian ${name}`, `debian-security ${name}-security`]);
  return sources.fetch(sources.versions().at(-1));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(sanitizedOpenssl(process.argv[2]));
