// What users get: the tarball of `npm pack`, installed in an empty project with npm and compiled there.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execute, output } from '../helpers/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'sslctx-packed-'));
const project = join(scratch, 'project');
const installed = join(project, 'node_modules', 'sslctx');
// Debian's own Node is linked to the system's libssl: there, all roads lead to the right library.
const nodeHasItsOwn = process.config.variables.node_shared_openssl !== true;

let tarball = '';

async function makeProject(folder: string): Promise<void> {
  await output('mkdir', ['-p', folder]);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { sslctx: true } }));
}

test.before(async (t) => {
  t.timeout(300_000);
  // dist/ is in use by other test files: it is made ready as they do it, not rebuilt by the prepack script.
  await output(process.execPath, ['scripts/setup.mjs'], { cwd: root });
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', scratch];
  tarball = join(scratch, await output('npm', pack, { cwd: root }));
  await makeProject(project);
  await output('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], { cwd: project });
});

test.after.always(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs a CommonJS program in the project; its last expression is printed. */
function evaluate(program: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  return output(process.execPath, ['-p', program], { cwd: project, env: { ...process.env, ...env } });
}

/** What the dynamic linker finds for the addon when Node is not there. */
async function systemLibrary(name: string): Promise<string> {
  const listing = await output('ldd', [join(installed, 'build', 'Release', 'sslctx.node')]);
  const path = new RegExp(`${name}\\.so\\S* => (\\S+)`).exec(listing)?.[1];
  if (path === undefined) throw new Error(`ldd knows no ${name}:\n${listing}`);
  return realpathSync(path);
}

test('the tarball holds what the build needs, and nothing of the workshop', async (t) => {
  const files = (await output('tar', ['-tzf', tarball])).split('\n').map((path) => path.replace(/^package\//, ''));
  for (const needed of [
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'binding.gyp',
    'scripts/install.mjs',
    'dist/index.js',
  ]) {
    t.true(files.includes(needed), needed);
  }
  for (const source of readdirSync(join(root, 'native')).filter((name) => /\.(cc|h)$/.test(name))) {
    t.true(files.includes(`native/${source}`), source);
  }
  t.deepEqual(
    files.filter((path) => /^(?:test|demo|build|native\/(?:build|test))\/|\.(?:node|o|log|pem)$/.test(path)),
    [],
  );
  t.false(existsSync(join(installed, 'test')));
});

test('what its pages lead to is there, but for what only those need who work on it', (t) => {
  const workshop = /^(?:test|bench|site|demo|CONTRIBUTING\.md)(?:\/|$)/;
  const pages = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^(?:docs\/)?[^/]+\.md$/.test(path),
  );
  t.true(pages.includes('README.md') && pages.includes(join('docs', 'examples.md')));
  let links = 0;
  for (const page of pages) {
    for (const [, link = ''] of readFileSync(join(installed, page), 'utf8').matchAll(/\]\(([^)#\s:]+)(?:#[^)]*)?\)/g)) {
      const target = join(dirname(page), link);
      links++;
      t.true(workshop.test(target) || existsSync(join(installed, target)), `${page} leads to ${link}`);
    }
  }
  t.true(links > 100);
});

test('the tarball is small: what it holds, and at most how much of each', async (t) => {
  const kilobytes: Record<string, number> = {};
  for (const line of (await output('tar', ['-tvzf', tarball])).split('\n')) {
    const [, size = '', path = ''] = /^\S+ +\S+ +(\d+) .*? package\/(\S+)$/.exec(line) ?? [];
    const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : '.';
    kilobytes[folder] = (kilobytes[folder] ?? 0) + Number(size) / 1000;
  }
  const limits: Record<string, number> = { '.': 100, dist: 1300, docs: 500, examples: 25, native: 600, scripts: 25 };
  t.deepEqual(Object.keys(kilobytes).sort(), Object.keys(limits));
  for (const [folder, limit] of Object.entries(limits)) {
    t.true((kilobytes[folder] ?? 0) < limit, `${folder}: ${kilobytes[folder]} kB of ${limit}`);
  }
  t.true(statSync(tarball).size < 700_000, `${statSync(tarball).size} bytes`);
});

test("require: libssl and libcrypto are the system's", async (t) => {
  const openssl = JSON.parse(await evaluate("JSON.stringify(require('sslctx').openssl)"));
  t.is(openssl.libssl, await systemLibrary('libssl'));
  t.is(openssl.libcrypto, await systemLibrary('libcrypto'));
  t.is(openssl.versionString, await output('pkg-config', ['--modversion', 'libssl']));
});

test('import and require give the same objects, with every entry of the package', async (t) => {
  const program = `
    const entries = ['sslctx', 'sslctx/capi', 'sslctx/testing', 'sslctx/control', 'sslctx/metrics'];
    const [whole, capi, testing, control, metrics] = await Promise.all(entries.map((entry) => import(entry)));
    const require = (await import('node:module')).createRequire(process.cwd() + '/');
    console.log(JSON.stringify([
      whole.SslContext === require('sslctx').SslContext,
      capi.SSL_CTX_new === require('sslctx/capi').SSL_CTX_new,
      Object.keys(testing).length > 0,
      whole.openssl.libssl,
      control.serveControl === require('sslctx/control').serveControl,
      metrics.collectMetrics === require('sslctx/metrics').collectMetrics,
    ]));`;
  const [sameClass, sameFunction, hasTesting, libssl, sameControl, sameMetrics] = JSON.parse(
    await output(process.execPath, ['--input-type=module', '-e', program], { cwd: project }),
  );
  t.true(sameClass);
  t.true(sameFunction);
  t.true(hasTesting);
  t.true(sameControl);
  t.true(sameMetrics);
  t.is(libssl, await systemLibrary('libssl'));
});

test('the command line is there, and says the version of the package', async (t) => {
  const command = join(project, 'node_modules', '.bin', 'sslctx');
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  t.is(await output(command, ['--version'], { cwd: project }), version);
  const session = await output('node', ['-e', "process.stdout.write(require('sslctx').SslSession.create().toPEM())"], {
    cwd: project,
  });
  writeFileSync(join(project, 'session.pem'), session);
  t.regex(await output(command, ['session', 'show', 'session.pem'], { cwd: project }), /^Protocol +TLSv1\.3$/m);
});

test('a session goes into a cache and out of it', async (t) => {
  const program = `
    const capi = require('sslctx/capi');
    const ctx = capi.SSL_CTX_new(capi.TLS_server_method());
    const session = capi.SSL_SESSION_new();
    capi.SSL_SESSION_set_protocol_version(session, capi.TLS1_2_VERSION);
    capi.SSL_SESSION_set1_id(session, Buffer.alloc(32, 1));
    capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(48, 2));
    capi.SSL_SESSION_set_cipher(session, capi.SSL_CTX_get_ciphers(ctx).at(-1));
    JSON.stringify([
      capi.SSL_CTX_add_session(ctx, session), capi.SSL_CTX_add_session(ctx, session),
      capi.SSL_CTX_sess_number(ctx), capi.SSL_CTX_remove_session(ctx, session), capi.SSL_CTX_sess_number(ctx),
    ])`;
  t.deepEqual(JSON.parse(await evaluate(program)), [1, 0, 1, 1, 0]);
});

test("the README's example does what its comments say", async (t) => {
  const [, example = ''] = /```js\n(.*?)```/s.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  const lines = await output(process.execPath, ['--input-type=module', '-e', example], { cwd: project });
  const [version, libssl] = (
    await evaluate("const { openssl } = require('sslctx'); openssl.version + '|' + openssl.libssl")
  ).split('|');
  t.deepEqual(lines.split('\n'), [
    'true',
    'false',
    'true 1',
    'true',
    'TLSv1.2 session removed',
    'true',
    'false 0',
    `${version} ${libssl}`,
  ]);
});

test('a plain require of the addon is refused, since it would have run the OpenSSL inside Node', async (t) => {
  const addon = join(installed, 'build', 'Release', 'sslctx.node');
  const program = `try { require(${JSON.stringify(addon)}); 'loaded' } catch (error) { JSON.stringify([error.code, error.message]) }`;
  if (!nodeHasItsOwn) {
    t.is(await evaluate(`typeof require(${JSON.stringify(addon)})`), 'object');
    return;
  }
  const [code, message] = JSON.parse(await evaluate(program));
  t.is(code, 'ERR_SSLCTX_WRONG_OPENSSL');
  t.true(message.includes(realpathSync(process.execPath)), message);
  t.true(message.includes(process.versions.openssl ?? ''), message);
});

/** Where the dynamic linker, by its own account, bound a symbol that the addon uses. */
async function bindings(program: string, symbol: string): Promise<Set<string>> {
  const log = join(scratch, `bindings-${Math.random()}`);
  await execute(process.execPath, ['-e', program], {
    cwd: project,
    env: { ...process.env, LD_DEBUG: 'bindings', LD_DEBUG_OUTPUT: log, LD_BIND_NOW: '1' },
  });
  const [file] = readdirSync(scratch).filter((name) => join(scratch, name).startsWith(log));
  const text = readFileSync(join(scratch, file ?? ''), 'utf8');
  const found = text.matchAll(/binding file \S*\/sslctx\.node \[\d+\] to (\S+) \[\d+\]: normal symbol `(\w+)'/g);
  return new Set([...found].flatMap(([, library, name]) => (name === symbol && library ? [library] : [])));
}

// A Node that was built on the system's OpenSSL has none to bind to, and LD_DEBUG is the GNU linker's.
(nodeHasItsOwn && process.platform === 'linux' ? test : test.skip)(
  "the dynamic linker's own account: require binds to Node, the package's loader to libssl",
  async (t) => {
    const addon = JSON.stringify(join(installed, 'build', 'Release', 'sslctx.node'));
    const plain = [...(await bindings(`try { require(${addon}) } catch {}`, 'SSL_CTX_add_session'))];
    t.is(plain.length, 1);
    t.is(realpathSync(plain[0] ?? ''), realpathSync(process.execPath));
    const ours = [...(await bindings("require('sslctx')", 'SSL_CTX_add_session'))];
    t.is(ours.length, 1);
    t.is(realpathSync(ours[0] ?? ''), await systemLibrary('libssl'));
  },
);

test('without its addon the package says so, and what to do', async (t) => {
  const bare = join(scratch, 'bare');
  await makeProject(bare);
  await output('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', tarball], {
    cwd: bare,
  });
  const program = "try { require('sslctx') } catch (error) { JSON.stringify([error.code, error.message]) }";
  const [code, message] = JSON.parse(await output(process.execPath, ['-p', program], { cwd: bare }));
  t.is(code, 'ERR_SSLCTX_NOT_BUILT');
  t.regex(message, /npm rebuild sslctx/);
  t.regex(message, /npm install-scripts approve sslctx/);
});

test('npm install on a machine without a compiler: our message, and no compiler output', async (t) => {
  const poor = join(scratch, 'poor');
  const bin = join(scratch, 'bin');
  await makeProject(poor);
  await output('mkdir', ['-p', bin]);
  await output('ln', ['-s', process.execPath, join(bin, 'node')]);
  await output('ln', ['-s', '/bin/sh', join(bin, 'sh')]);
  const npm = realpathSync((await output('sh', ['-c', 'command -v npm'])).trim());
  const { code, stdout, stderr } = await execute(
    process.execPath,
    [npm, 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball],
    { cwd: poor, env: { ...process.env, PATH: bin } },
  );
  const text = stdout + stderr;
  t.not(code, 0);
  t.is(text.split('sslctx needs, and does not find:').length - 1, 1, text);
  t.regex(text, /apt-get install -y build-essential python3 pkg-config libssl-dev/);
  t.notRegex(text, /gyp (?:ERR|info)|fatal error/);
});
