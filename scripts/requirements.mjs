// What the system must have, for which purpose, and how to get it there. Node built-ins only: this runs before
// `npm ci`, and on the machines of those who install the package.
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} Requirement
 * @property {string} name what a message calls it
 * @property {() => boolean} present
 * @property {string} debian the packages' names, for each family of systems
 * @property {string} fedora
 * @property {string} alpine
 * @property {string} macos empty: part of Xcode's command line tools
 */

const cmake = {
  name: 'CMake',
  present: program('cmake'),
  debian: 'cmake',
  fedora: 'cmake',
  alpine: 'cmake',
  macos: 'cmake',
};
const ninja = {
  name: 'Ninja',
  present: program('ninja'),
  debian: 'ninja-build',
  fedora: 'ninja-build',
  alpine: 'ninja',
  macos: 'ninja',
};

/** @type {Record<string, Requirement[]>} */
export const requirements = {
  // Needed by everybody who installs the package.
  build: [
    {
      name: 'a C++20 compiler (g++ or $CXX)',
      present: () => runs(process.env.CXX || 'g++', '-std=c++20', '-x', 'c++', '-fsyntax-only', '/dev/null'),
      debian: 'build-essential',
      fedora: 'gcc-c++',
      alpine: 'build-base',
      macos: '',
    },
    {
      name: 'make',
      present: program('make'),
      debian: 'build-essential',
      fedora: 'make',
      alpine: 'build-base',
      macos: '',
    },
    {
      name: 'Python 3 (for node-gyp)',
      present: () => ['npm_config_python', 'PYTHON'].some((name) => process.env[name]) || program('python3')(),
      debian: 'python3',
      fedora: 'python3',
      alpine: 'python3',
      macos: '',
    },
    {
      name: 'pkg-config',
      present: program(process.env.PKG_CONFIG || 'pkg-config'),
      debian: 'pkg-config',
      fedora: 'pkgconf-pkg-config',
      alpine: 'pkgconf',
      macos: 'pkgconf',
    },
    {
      name: "OpenSSL's headers, version 3.0 or newer (libssl.pc)",
      present: hasLibssl,
      debian: 'libssl-dev',
      fedora: 'openssl-devel',
      alpine: 'openssl-dev',
      macos: 'openssl@3',
    },
  ],
  // `npm start` and the tests run the real `openssl s_client` and `s_server`.
  demo: [
    {
      name: 'the openssl program',
      present: program('openssl'),
      debian: 'openssl',
      fedora: 'openssl',
      alpine: 'openssl',
      macos: 'openssl@3',
    },
  ],
  test: [
    {
      name: 'gnutls-cli and gnutls-serv',
      present: () => program('gnutls-cli')() && program('gnutls-serv')(),
      debian: 'gnutls-bin',
      fedora: 'gnutls-utils',
      alpine: 'gnutls-utils',
      macos: 'gnutls',
    },
    { name: 'curl', present: program('curl'), debian: 'curl', fedora: 'curl', alpine: 'curl', macos: 'curl' },
    {
      name: 'Python 3 with its ssl module',
      present: () => runs('python3', '-c', 'import ssl'),
      debian: 'python3',
      fedora: 'python3',
      alpine: 'python3',
      macos: 'python3',
    },
    {
      name: 'nginx',
      // Where users have no administrators' folders in PATH.
      present: () => program('nginx')() || program('/usr/sbin/nginx')(),
      debian: 'nginx',
      fedora: 'nginx-core',
      alpine: 'nginx',
      macos: 'nginx',
    },
    {
      name: 'redis-server and redis-cli',
      present: () => program('redis-server')() && program('redis-cli')(),
      debian: 'redis-server',
      fedora: 'redis',
      alpine: 'redis',
      macos: 'redis',
    },
    {
      name: 'jemalloc 2',
      present: () => process.platform !== 'linux' || sharedLibrary('libjemalloc.so.2') !== undefined,
      debian: 'libjemalloc2',
      fedora: 'jemalloc',
      alpine: 'jemalloc',
      macos: 'jemalloc',
    },
  ],
  // The peers of `npm run bench`, and what pins them to a core.
  bench: [
    {
      name: 'nginx with its stream module',
      present: () =>
        ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules'].some((folder) =>
          existsSync(join(folder, 'ngx_stream_module.so')),
        ),
      debian: 'nginx-light libnginx-mod-stream',
      fedora: 'nginx nginx-mod-stream',
      alpine: 'nginx nginx-mod-stream',
      macos: 'nginx',
    },
    {
      name: 'redis-server',
      present: program('redis-server'),
      debian: 'redis-server',
      fedora: 'redis',
      alpine: 'redis',
      macos: 'redis',
    },
  ],
  // `npm run bench:guard`.
  guard: [
    {
      name: 'valgrind',
      present: program('valgrind'),
      debian: 'valgrind',
      fedora: 'valgrind',
      alpine: 'valgrind',
      macos: '',
    },
  ],
  // `npm run test:valgrind`.
  valgrind: [
    {
      name: 'valgrind',
      present: program('valgrind'),
      // Without the C library's symbols valgrind cannot replace some of its functions.
      debian: 'valgrind libc6-dbg',
      fedora: 'valgrind',
      alpine: 'valgrind musl-dbg',
      macos: '',
    },
    cmake,
    ninja,
  ],
  // `npm run docs` shows C's declarations as the manual has them.
  docs: [
    {
      name: "OpenSSL's manual pages",
      present: () =>
        manFolders().some((folder) => readdirSync(folder).some((file) => /^SSL_CTX_add_session\./.test(file))),
      debian: 'libssl-doc',
      fedora: 'openssl-devel',
      alpine: 'openssl-doc',
      macos: 'openssl@3',
    },
  ],
  lint: [
    {
      name: 'clang-format 19',
      present: program('clang-format-19'),
      debian: 'clang-format-19',
      fedora: 'clang-tools-extra',
      alpine: 'clang19-extra-tools',
      macos: 'llvm@19',
    },
  ],
  tidy: [
    {
      name: 'clang-tidy 19',
      present: program('clang-tidy-19'),
      debian: 'clang-tidy-19',
      fedora: 'clang-tools-extra',
      alpine: 'clang19-extra-tools',
      macos: 'llvm@19',
    },
  ],
  // `npm run fuzz:bytes`.
  fuzz: [
    cmake,
    ninja,
    {
      name: 'clang 19 with libFuzzer and the sanitizers, and its symbolizer',
      present: () => program('clang++-19')() && clangRuntime('fuzzer') && program('llvm-symbolizer-19')(),
      debian: 'clang-19 libclang-rt-19-dev llvm-19',
      fedora: 'clang compiler-rt llvm',
      alpine: 'clang19 compiler-rt llvm19',
      macos: 'llvm@19',
    },
  ],
  sanitize: [
    cmake,
    ninja,
    {
      name: 'AddressSanitizer',
      present: () => sharedLibrary('libasan.so') !== undefined,
      debian: 'build-essential',
      fedora: 'libasan libubsan',
      alpine: 'gcc',
      macos: '',
    },
  ],
};

/** The requirements of these purposes that the system does not meet. */
export function missing(purposes) {
  return purposes.flatMap((purpose) => requirements[purpose]).filter((requirement) => !requirement.present());
}

const families = {
  debian: { label: 'Debian, Ubuntu', command: (packages) => `apt-get install -y ${packages}` },
  fedora: { label: 'Fedora, RHEL', command: (packages) => `dnf install -y ${packages}` },
  alpine: { label: 'Alpine', command: (packages) => `apk add ${packages}` },
  macos: {
    label: 'macOS',
    // Homebrew does not link openssl@3 into the folders that pkg-config searches.
    command: (packages) =>
      [
        'xcode-select --install',
        packages && `brew install ${packages}`,
        packages.includes('openssl@3') && 'export PKG_CONFIG_PATH="$(brew --prefix openssl@3)/lib/pkgconfig"',
      ]
        .filter(Boolean)
        .join('; '),
  },
};

/** The package manager's family of this system, or undefined. */
export function family() {
  if (process.platform === 'darwin') return 'macos';
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const ids = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].flatMap((match) => match[1].split(' '));
  if (ids.some((id) => ['debian', 'ubuntu'].includes(id))) return 'debian';
  if (ids.some((id) => ['fedora', 'rhel', 'centos'].includes(id))) return 'fedora';
  return ids.includes('alpine') ? 'alpine' : undefined;
}

/** The command that installs what is missing, on one family of systems. */
export function installCommand(absent, system) {
  const packages = [...new Set(absent.flatMap((requirement) => requirement[system].split(' ')))].filter(Boolean);
  return families[system].command(packages.join(' '));
}

/** One message: what is missing, and the command for each system, this one first. */
export function explain(absent) {
  const here = family();
  const systems = Object.keys(families).sort((a, b) => Number(b === here) - Number(a === here));
  const width = Math.max(...systems.map((system) => families[system].label.length));
  const command = (system) =>
    `    ${families[system].label.padEnd(width)}  ${installCommand(absent, system)}${system === here ? '   <- this system' : ''}`;
  return [
    `sslctx needs, and does not find: ${absent.map((requirement) => requirement.name).join(', ')}.`,
    'Install it (as root, except on macOS), then run the same command again:',
    ...systems.map(command),
  ].join('\n');
}

/** The folders of section 3 of the manual. */
export function manFolders() {
  const prefixes = [
    '/usr/share',
    '/usr/local/share',
    '/opt/homebrew/opt/openssl@3/share',
    '/usr/local/opt/openssl@3/share',
  ];
  return prefixes.map((prefix) => join(prefix, 'man', 'man3')).filter((folder) => existsSync(folder));
}

/** The path of a shared library that the dynamic linker or the compiler knows, or undefined. */
export function sharedLibrary(name) {
  for (const folder of ['/lib64', '/usr/lib64', '/usr/lib', '/usr/local/lib', ...multiarch()]) {
    if (existsSync(join(folder, name))) return join(folder, name);
  }
  // The sanitizers' runtimes lie in the compiler's own folder.
  const found = spawnSync(process.env.CC || 'cc', [`-print-file-name=${name}`], { encoding: 'utf8' });
  const path = found.stdout?.trim();
  return path?.startsWith('/') && existsSync(path) ? path : undefined;
}

/** Whether clang's own libraries have this one. */
function clangRuntime(name) {
  const machine = { arm64: 'aarch64', x64: 'x86_64' }[process.arch] ?? process.arch;
  const found = spawnSync('clang++-19', [`-print-file-name=libclang_rt.${name}-${machine}.a`], { encoding: 'utf8' });
  const path = found.stdout?.trim();
  return path?.startsWith('/') && existsSync(path);
}

function multiarch() {
  const machine = { arm64: 'aarch64', ia32: 'i386', x64: 'x86_64' }[process.arch] ?? process.arch;
  return [`/usr/lib/${machine}-linux-gnu`];
}

function program(name) {
  return () => {
    const folders = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
    return folders.some((folder) => executable(join(folder, name)));
  };
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function runs(command, ...args) {
  // $CXX may hold options and a launcher, as in "ccache c++".
  const [file, ...options] = command.split(/\s+/);
  return spawnSync(file, [...options, ...args], { stdio: 'ignore' }).status === 0;
}

function hasLibssl() {
  try {
    execFileSync(process.env.PKG_CONFIG || 'pkg-config', ['--exists', 'libssl >= 3.0', 'libcrypto >= 3.0'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}
