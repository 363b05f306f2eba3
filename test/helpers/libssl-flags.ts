// How C programs of tests are compiled.
import { execFileSync } from 'node:child_process';

function pkgConfig(...args: string[]): string {
  try {
    return execFileSync('pkg-config', [...args, 'libssl', 'libcrypto'], { encoding: 'utf8' }).trim();
  } catch (cause) {
    throw new Error('pkg-config does not find libssl: install pkg-config and libssl-dev (openssl-devel)', { cause });
  }
}

/** The compiler, and what is in front of its arguments: CC may have a launcher, such as ccache. */
export function compiler(): [program: string, ...before: string[]] {
  const [program = 'cc', ...before] = (process.env.CC ?? 'cc').split(' ');
  return [program, ...before];
}

/** For the libssl that pkg-config names, at run time too: there may be several. */
export function libsslFlags(): string[] {
  const folders = [...new Set(pkgConfig('--variable=libdir').split(/\s+/))];
  const flags = pkgConfig('--cflags', '--libs').split(/\s+/);
  return [...flags, ...folders.map((folder) => `-Wl,-rpath,${folder}`)];
}
