// A machine that lacks something: one message, with the command that helps; and a build against the wrong headers.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execute, output } from '../helpers/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'sslctx-requirements-'));

test.after.always(() => rmSync(scratch, { recursive: true, force: true }));

function folder(name: string): string {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** An environment whose PATH has Node and nothing else. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const bin = folder('bare');
  rmSync(join(bin, 'node'), { force: true });
  symlinkSync(process.execPath, join(bin, 'node'));
  return { PATH: bin };
}

test('install: nothing there gives one message, with the command for each system', async (t) => {
  const { code, stdout, stderr } = await execute(process.execPath, ['scripts/install.mjs'], {
    cwd: root,
    env: bareEnvironment(),
  });
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /sslctx needs, and does not find: a C\+\+20 compiler/);
  t.true(stderr.includes('apt-get install -y build-essential python3 pkg-config libssl-dev'));
  t.true(stderr.includes('dnf install -y gcc-c++ make python3 pkgconf-pkg-config openssl-devel'));
  t.true(stderr.includes('apk add build-base python3 pkgconf openssl-dev'));
  t.true(stderr.includes('brew install pkgconf openssl@3'));
  t.is(stderr.trim().split('\n').length, 6);
});

test("install: without libssl's headers it asks for nothing else", async (t) => {
  // An empty PKG_CONFIG_LIBDIR is what a machine without libssl-dev looks like to pkg-config.
  const { code, stdout, stderr } = await execute(process.execPath, ['scripts/install.mjs'], {
    cwd: root,
    env: { ...process.env, PKG_CONFIG_LIBDIR: folder('empty'), PKG_CONFIG_PATH: '' },
  });
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /does not find: OpenSSL's headers, version 3\.0 or newer \(libssl\.pc\)\.\n/);
  t.regex(stderr, /apt-get install -y libssl-dev\b/);
  t.notRegex(stderr, /gyp|build-essential/);
});

test('install: an OpenSSL older than 3.0 is not taken', async (t) => {
  const configs = folder('old');
  for (const name of ['libssl', 'libcrypto']) writePkgConfig(configs, name, '1.1.1', scratch);
  const { code, stderr } = await execute(process.execPath, ['scripts/install.mjs'], {
    cwd: root,
    env: { ...process.env, PKG_CONFIG_LIBDIR: configs, PKG_CONFIG_PATH: '' },
  });
  t.is(code, 1);
  t.regex(stderr, /OpenSSL's headers, version 3\.0 or newer/);
});

test('install: Windows is told why not', async (t) => {
  // Where "os" of package.json does not stop npm: with --force.
  const asWindows = "data:text/javascript,Object.defineProperty(process, 'platform', { value: 'win32' })";
  const { code, stderr } = await execute(process.execPath, [`--import=${asWindows}`, 'scripts/install.mjs'], {
    cwd: root,
  });
  t.is(code, 1);
  t.regex(stderr, /sslctx does not run on Windows: it uses the libssl of the system/);
});

test('setup: an unprivileged user is told the command, and nothing is installed', async (t) => {
  const bin = folder('no-sudo');
  writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexit 1\n');
  chmodSync(join(bin, 'sudo'), 0o755);
  // Root may install packages, so root is made to look like somebody else.
  const asNobody = 'data:text/javascript,process.getuid = () => 65534';
  const { code, stderr } = await execute(process.execPath, [`--import=${asNobody}`, 'scripts/setup.mjs'], {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${bin}:${process.env.PATH}`,
      PKG_CONFIG_LIBDIR: folder('empty'),
      PKG_CONFIG_PATH: '',
    },
  });
  t.is(code, 1);
  t.regex(stderr, /apt-get install -y libssl-dev\b/);
});

test('setup: an unknown purpose is refused', async (t) => {
  const { code, stderr } = await execute(process.execPath, ['scripts/setup.mjs', 'tests'], { cwd: root });
  t.is(code, 1);
  t.regex(stderr, /unknown purpose tests; there are: build, demo, test/);
});

function writePkgConfig(to: string, name: string, version: string, prefix: string): void {
  writeFileSync(
    join(to, `${name}.pc`),
    [
      `Name: ${name}`,
      'Description: written by a test',
      `Version: ${version}`,
      `Libs: -L${prefix}/lib -l${name.slice(3)}`,
      `Cflags: -I${prefix}/include`,
      '',
    ].join('\n'),
  );
}

test('PKG_CONFIG_PATH: another OpenSSL is taken for headers, for linking and for running', async (t) => {
  const configs = folder('custom');
  for (const name of ['libssl', 'libcrypto']) writePkgConfig(configs, name, '3.9.9', '/opt/openssl');
  const ask = (question: string) =>
    output(process.execPath, ['scripts/openssl.mjs', question], {
      cwd: root,
      env: { ...process.env, PKG_CONFIG_PATH: configs },
    });
  t.is(await ask('version'), '3.9.9');
  t.is(await ask('includes'), '/opt/openssl/include');
  t.deepEqual((await ask('libraries')).split('\n'), [
    '-L/opt/openssl/lib',
    '-Wl,-rpath,/opt/openssl/lib',
    '-lssl',
    '-lcrypto',
  ]);
});

async function compile(...options: string[]) {
  const flags = (await output('pkg-config', ['--cflags', 'libssl'])).split(/\s+/).filter(Boolean);
  const header = join(root, 'native', 'openssl.h');
  // $CXX may hold options and a launcher, as in "ccache c++".
  const [compiler = 'g++', ...first] = process.env.CXX?.split(/\s+/).filter(Boolean) ?? [];
  return execute(compiler, [
    ...first,
    '-std=c++20',
    '-fsyntax-only',
    ...options,
    ...flags,
    '-Wno-pragma-once-outside-header',
    '-include',
    header,
    '-x',
    'c++',
    '/dev/null',
  ]);
}

test('the build stops when the headers are not those that pkg-config names', async (t) => {
  const version = await output('pkg-config', ['--modversion', 'libssl']);
  const right = await compile(`-DSSLCTX_OPENSSL_VERSION="${version}"`);
  t.is(right.code, 0, right.stderr);
  const wrong = await compile('-DSSLCTX_OPENSSL_VERSION="3.9.9"');
  t.not(wrong.code, 0);
  t.regex(wrong.stderr, /the OpenSSL headers found by the compiler are not those that pkg-config names/);
});

test('the build stops at the headers of an OpenSSL older than 3.0, with the reason first', async (t) => {
  const include = folder(join('old-headers', 'openssl'));
  writeFileSync(join(include, 'opensslv.h'), '#define OPENSSL_VERSION_NUMBER 0x1010117fL\n');
  const result = await compile(`-I${join(include, '..')}`);
  t.not(result.code, 0);
  t.regex(
    result.stderr.split('\n').find((line) => line.includes('error:')) ?? '',
    /sslctx needs OpenSSL 3\.0 or newer/,
  );
});

test("the build stops when Node's header directory is on the include path", async (t) => {
  const include = folder(join('node', 'include'));
  writeFileSync(join(include, 'node_version.h'), '');
  const result = await compile(`-I${include}`);
  t.not(result.code, 0);
  t.regex(result.stderr, /Node's header directory is on the include path/);
});

test('every header directory that node-gyp knows is taken off the include path', (t) => {
  // make records the command of each compilation.
  const record = join(root, 'build', 'Release', '.deps', 'Release', 'obj.target', 'sslctx', 'native', 'addon.o.d');
  const [command = ''] = readFileSync(record, 'utf8').split('\n');
  const folders = [...command.matchAll(/\s-I(\S+)/g)].flatMap((match) => match[1] ?? []);
  t.true(folders.some((path) => path.endsWith('node-api-headers/include')));
  t.deepEqual(
    folders.filter((path) => /include\/node$|deps\/(?:openssl|uv|v8|zlib)/.test(path)),
    [],
  );
});
