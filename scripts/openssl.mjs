// What binding.gyp asks: the sources, and where pkg-config says that libssl is. `node scripts/openssl.mjs QUESTION`
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// C++ tests and build directories live beside the addon's sources.
const notTheAddon = ['build', 'test'];
// Sees libuv's header, and so must not see OpenSSL's: a target of its own.
const loop = 'native/net/loop.cc';

/** The addon's C++ files, relative to the project. */
export function sources(folder = 'native') {
  const found = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!notTheAddon.includes(entry.name)) found.push(...sources(path));
    } else if (entry.name.endsWith('.cc') && path !== loop) {
      found.push(path);
    }
  }
  return found.sort();
}

/** Runs pkg-config for libssl and libcrypto (the linker needs both: we call both); honours PKG_CONFIG_PATH and PKG_CONFIG. */
export function pkgConfig(...question) {
  const command = process.env.PKG_CONFIG || 'pkg-config';
  return execFileSync(command, question, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

const answers = {
  sources: () => sources(),
  version: () => [pkgConfig('--modversion', 'libssl')],
  includes: () => words(pkgConfig('--cflags-only-I', 'libssl', 'libcrypto')).map((flag) => flag.replace(/^-I/, '')),
  libraries: () =>
    words(pkgConfig('--libs', 'libssl', 'libcrypto')).flatMap((flag) =>
      // pkg-config leaves out the directories that the dynamic linker searches anyway. One that it names would be
      // found when linking and not when running, and the system's other libssl would be loaded in its place.
      flag.startsWith('-L') ? [flag, `-Wl,-rpath,${flag.slice(2)}`] : [flag],
    ),
};

function words(text) {
  return text === '' ? [] : text.split(/\s+/);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(answers[process.argv[2]]().join('\n'));
}
