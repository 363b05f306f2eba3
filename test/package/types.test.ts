// TypeScript's view of the packed package, as each kind of project has it: both module systems, all entries, no errors in
// our own declarations, and none for optional peers that are not installed.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execute, output } from '../helpers/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'sslctx-types-'));

const program = `
import { SslContext, SslSession, createServer, openssl, type SslSocket } from 'sslctx';
import * as tls from 'sslctx/tls';
import * as https from 'sslctx/https';
import * as http2 from 'sslctx/http2';
import { SSL_CTX_add_session, SSL_CTX_new, TLS_server_method, type SSL_CTX } from 'sslctx/capi';
import { serveControl } from 'sslctx/control';
import { collectMetrics } from 'sslctx/metrics';
import { makeCertificate } from 'sslctx/testing';

const context: SslContext = new SslContext();
const added: boolean = context.addSession(SslSession.create());
const ctx: SSL_CTX = SSL_CTX_new(TLS_server_method());
const answer = (socket: SslSocket): unknown => socket.end('hello');
export const used = [added, ctx, answer, createServer, SSL_CTX_add_session, serveControl, collectMetrics, makeCertificate];
export const servers = [tls.createServer, https.createServer, http2.createSecureServer];
// @ts-expect-error: a type, and not any
context.addSession('a session');
// @ts-expect-error: nor here
export const wrong: number = openssl.version;
`;

test.before(async (t) => {
  t.timeout(300_000);
  await output(process.execPath, ['scripts/setup.mjs'], { cwd: root });
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', project];
  const tarball = join(project, await output('npm', pack, { cwd: root }));
  const installed = join(project, 'node_modules', 'sslctx');
  mkdirSync(installed, { recursive: true });
  await output('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  mkdirSync(join(project, 'node_modules', '@types'));
  for (const name of ['node', 'undici-types']) {
    const scope = name === 'node' ? '@types' : '';
    symlinkSync(join(root, 'node_modules', scope, name), join(project, 'node_modules', scope, name));
  }
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  for (const ending of ['cts', 'mts', 'ts']) writeFileSync(join(project, `use.${ending}`), program);
});

test.after.always(() => rmSync(project, { recursive: true, force: true }));

/** What tsc prints about a program. */
async function compile(file: string, ...options: string[]): Promise<string> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const common = ['--noEmit', '--strict', '--pretty', 'false', '--target', 'es2022', '--types', 'node'];
  const libraries = ['--lib', 'es2023,esnext.disposable', '--skipLibCheck', 'false'];
  const args = [compiler, ...common, ...libraries, ...options, file];
  return (await execute(process.execPath, args, { cwd: project })).stdout;
}

for (const module of ['node16', 'node18', 'node20', 'nodenext']) {
  for (const [file, what] of [
    ['use.cts', 'CommonJS'],
    ['use.mts', 'ES modules'],
  ] as const) {
    test(`module ${module}, ${what}: types without an error`, async (t) => {
      t.timeout(300_000);
      t.is(await compile(file, '--module', module), '');
    });
  }
}

for (const module of ['commonjs', 'esnext']) {
  test(`moduleResolution bundler, module ${module}: types without an error`, async (t) => {
    t.timeout(300_000);
    t.is(await compile('use.ts', '--module', module, '--moduleResolution', 'bundler'), '');
  });
}

test('what CommonJS and ES modules import is of the same types', async (t) => {
  t.timeout(300_000);
  writeFileSync(
    join(project, 'make.cts'),
    "import { SslContext } from 'sslctx';\nexport const made = new SslContext();\n",
  );
  writeFileSync(
    join(project, 'take.mts'),
    "import { SslContext } from 'sslctx';\nimport { made } from './make.cjs';\nexport const taken: SslContext = made;\n",
  );
  t.is(await compile('take.mts', '--module', 'nodenext'), '');
});
