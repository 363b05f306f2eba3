// The loader in all the ways in which a program can come by the package: the main thread, worker threads that come and
// go, another memory allocator, a Node that forbids addons. Each in a process of its own, on the built package.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';
import { execute, output } from '../helpers/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entry = pathToFileURL(join(root, 'dist', 'index.js')).href;
const capiEntry = pathToFileURL(join(root, 'dist', 'capi', 'index.js')).href;

test.before(async () => {
  await output(process.execPath, ['scripts/setup.mjs'], { cwd: root });
});

/** Runs an ES module; what it passes to `answer` is returned. */
async function answerOf(program: string, env: NodeJS.ProcessEnv = {}, ...options: string[]) {
  const prelude = `const answer = (value) => process.stdout.write(JSON.stringify(value));\n`;
  const text = await output(process.execPath, [...options, '--input-type=module', '-e', prelude + program], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  return JSON.parse(text);
}

const connect = `
  // A session cache in use: allocations on both sides of the language border, freed on either.
  function use(capi) {
    const ctx = capi.SSL_CTX_new(capi.TLS_server_method());
    const cipher = capi.SSL_CTX_get_ciphers(ctx).at(-1);
    for (let i = 0; i < 1000; i++) {
      const session = capi.SSL_SESSION_new();
      const id = Buffer.alloc(32);
      id.writeUInt32LE(i);
      capi.SSL_SESSION_set_protocol_version(session, capi.TLS1_2_VERSION);
      capi.SSL_SESSION_set1_id(session, id);
      capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(48, 2));
      capi.SSL_SESSION_set_cipher(session, cipher);
      capi.SSL_CTX_add_session(ctx, session);
      if (i % 2) capi.SSL_SESSION_free(session);
    }
    const held = capi.SSL_CTX_sess_number(ctx);
    capi.SSL_CTX_flush_sessions(ctx, 0);
    const left = capi.SSL_CTX_sess_number(ctx);
    capi.SSL_CTX_free(ctx);
    return [held, left];
  }`;

test('openssl tells which library runs', async (t) => {
  const openssl = await answerOf(`
    const [{ openssl }, capi] = await Promise.all([import('${entry}'), import('${capiEntry}')]);
    answer({ ...openssl, text: capi.OpenSSL_version(0), number: capi.OpenSSL_version_num() });`);
  const installed = await output('pkg-config', ['--modversion', 'libssl']);
  t.is(openssl.versionString, installed);
  t.is(openssl.version, openssl.text);
  t.true(openssl.version.startsWith(`OpenSSL ${installed} `), openssl.version);
  t.is(openssl.versionNumber, openssl.number);
  t.true(openssl.headerVersion.startsWith(`OpenSSL ${installed} `), openssl.headerVersion);
  t.true(openssl.versionNumber >= openssl.headerVersionNumber);
  t.true(existsSync(openssl.libssl), openssl.libssl);
  t.true(existsSync(openssl.libcrypto), openssl.libcrypto);
  t.regex(openssl.libssl, /libssl/);
  t.regex(openssl.libcrypto, /libcrypto/);
  t.is(`OPENSSLDIR: "${openssl.directory}"`, await output('openssl', ['version', '-d']));
  t.is(openssl.sharedWithNode, process.config.variables.node_shared_openssl === true);
});

test("it does not disturb Node's own TLS and crypto", async (t) => {
  const [before, after, own] = await answerOf(`
    const { createHash } = await import('node:crypto');
    const { createSecureContext } = await import('node:tls');
    const digest = () => createHash('sha256').update('sslctx').digest('hex');
    const before = digest();
    await import('${entry}');
    createSecureContext();
    answer([before, digest(), process.versions.openssl]);`);
  t.is(after, before);
  t.is(own, process.versions.openssl);
});

test('worker threads: several at once, with and without the main thread', async (t) => {
  const results = await answerOf(`${connect}
    const { Worker } = await import('node:worker_threads');
    const program = use.toString() + \`
      const entries = ['${capiEntry}', '${entry}', 'node:worker_threads'];
      Promise.all(entries.map((entry) => import(entry))).then(([capi, { openssl }, { parentPort }]) => {
        parentPort.postMessage([use(capi), openssl.libssl]);
      });\`;
    const inWorker = () => new Promise((resolve, reject) => {
      let message;
      const worker = new Worker(program, { eval: true });
      worker.on('message', (value) => { message = value; });
      worker.on('error', reject);
      worker.on('exit', () => resolve(message));
    });
    const without = await Promise.all([inWorker(), inWorker(), inWorker()]);
    const [capi, { openssl }] = await Promise.all([import('${capiEntry}'), import('${entry}')]);
    const inMain = [use(capi), openssl.libssl];
    const beside = await Promise.all([inWorker(), inWorker()]);
    answer([...without, inMain, ...beside, [use(capi), openssl.libssl]]);`);
  t.is(results.length, 7);
  for (const [counts, libssl] of results) {
    t.deepEqual(counts, [1000, 0]);
    t.is(libssl, results[0][1]);
  }
});

// Elsewhere there is no /proc that would tell, no LD_PRELOAD, and no ELF file to patch.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('the addon stays in memory when the last thread that used it ends', async (t) => {
  // libssl keeps pointers to our ex_data callbacks: Node would unload the addon under them (docs/hazards.md, H14).
  const [during, after] = await answerOf(`
      const { readFileSync } = await import('node:fs');
      const { Worker } = await import('node:worker_threads');
      const mapped = () => /\\/sslctx\\.node$/m.test(readFileSync('/proc/self/maps', 'utf8'));
      const program = "import('${capiEntry}').then(() => import('node:worker_threads'))"
        + ".then(({ parentPort }) => parentPort.postMessage(0))";
      const seen = [];
      await new Promise((resolve, reject) => {
        const worker = new Worker(program, { eval: true });
        worker.on('message', () => seen.push(mapped()));
        worker.on('error', reject);
        worker.on('exit', resolve);
      });
      answer([...seen, mapped()]);`);
  t.true(during);
  t.true(after);
});

onLinux('LD_PRELOAD of jemalloc', async (t) => {
  // RTLD_DEEPBIND gives the addon and libssl the C library's malloc, while Node has jemalloc's: memory must not be freed
  // by the other one. glibc and jemalloc both abort when it is.
  const [counts, libssl, libraries] = await answerOf(
    `${connect}
    const [capi, { openssl }] = await Promise.all([import('${capiEntry}'), import('${entry}')]);
    const counts = use(capi);
    globalThis.gc();
    answer([counts, openssl.libssl, process.report.getReport().sharedObjects]);`,
    { LD_PRELOAD: 'libjemalloc.so.2' },
    '--expose-gc',
  );
  const preloaded = libraries.some((path: string) => path.includes('libjemalloc.so.2'));
  t.true(preloaded, 'jemalloc was not preloaded; install it: node scripts/setup.mjs test');
  t.deepEqual(counts, [1000, 0]);
  t.regex(libssl, /libssl/);
});

onLinux('a libssl without the versions that the addon was compiled for: rebuild it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-libssl-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'empty.c'), 'int sslctx_test_of_an_old_libssl;\n');
  // Symbols without versions would be taken for all versions.
  writeFileSync(join(folder, 'map'), 'OPENSSL_2.0.0 { *; };\n');
  const listing = await output('readelf', ['-d', join(root, 'build', 'Release', 'sslctx.node')]);
  const name = /NEEDED.*\[(libssl\S+)\]/.exec(listing)?.[1] ?? '';
  const stub = [
    '-shared',
    join(folder, 'empty.c'),
    `-Wl,--version-script=${join(folder, 'map')}`,
    `-Wl,-soname,${name}`,
    '-o',
    join(folder, name),
  ];
  await output('gcc', stub);
  const [code, message] = await answerOf(
    `await import('${entry}').then(() => answer(['loaded']), (error) => answer([error.code, error.message]));`,
    { LD_LIBRARY_PATH: folder },
  );
  t.is(code, 'ERR_SSLCTX_WRONG_OPENSSL');
  t.regex(message, /compiled for another OpenSSL.*npm rebuild sslctx/);
});

test('Bun has no event loop for addons: caches work, sockets are refused', async (t) => {
  // Bun itself is tried by scripts/other-runtimes.mjs; here is Node, under its name.
  const [counts, code] = await answerOf(`
    Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '1.0.0' } });
    const { SslContext, SslSession, createServer } = await import('${entry}');
    const context = new SslContext();
    const session = SslSession.create();
    const counts = [context.addSession(session), context.stats.number];
    const server = createServer({});
    server.on('error', ({ code }) => answer([counts, code]));
    server.listen(0, '127.0.0.1');`);
  t.deepEqual(counts, [true, 1]);
  t.is(code, 'ERR_SSLCTX_RUNTIME');
});

test('a Node that forbids addons says so itself', async (t) => {
  const code = await answerOf(
    `await import('${entry}').then(() => answer('loaded'), (error) => answer(error.code));`,
    {},
    '--no-addons',
  );
  t.is(code, 'ERR_DLOPEN_DISABLED');
});

test('a process that only imports the package ends by itself, silently', async (t) => {
  const result = await execute(process.execPath, ['--input-type=module', '-e', `await import('${entry}')`], {
    cwd: root,
  });
  t.deepEqual(result, { code: 0, signal: null, stdout: '', stderr: '' });
});

test('process.exit and an uncaught error, with live handles', async (t) => {
  const program = (ending: string) => `${connect}
    const capi = await import('${capiEntry}');
    use(capi);
    globalThis.kept = [capi.SSL_CTX_new(capi.TLS_method()), capi.SSL_SESSION_new()];
    ${ending}`;
  const run = (ending: string) =>
    execute(process.execPath, ['--input-type=module', '-e', program(ending)], { cwd: root });
  const [exit, uncaught] = await Promise.all([run('process.exit(7)'), run("throw new Error('on purpose')")]);
  t.is(exit.code, 7, exit.stderr);
  t.is(uncaught.code, 1, uncaught.stderr);
  t.regex(uncaught.stderr, /Error: on purpose/);
});

test('the binary asks for no symbol that Node 20 lacks', async (t) => {
  const { symbols }: { symbols: Record<string, { js_native_api_symbols: string[]; node_api_symbols: string[] }> } =
    await answerOf(`
      const { createRequire } = await import('node:module');
      answer(createRequire(process.cwd() + '/')('node-api-headers'));`);
  const version9 = symbols.v9;
  const known = new Set([...(version9?.js_native_api_symbols ?? []), ...(version9?.node_api_symbols ?? [])]);
  const listing = await output('nm', ['-D', '--undefined-only', join(root, 'build', 'Release', 'sslctx.node')]);
  const used = listing.match(/\b(?:napi|node_api)_\w+/g) ?? [];
  t.true(used.length > 20, listing);
  t.deepEqual(
    used.filter((name) => !known.has(name)),
    [],
  );
});

test('the addon exports nothing but its entry points, and binds everything when it is loaded', async (t) => {
  const file = join(root, 'build', 'Release', 'sslctx.node');
  const functions = (await output('nm', ['-D', '--defined-only', file])).match(/(?<= T )\S+/g) ?? [];
  t.deepEqual(functions.sort(), ['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  t.regex(await output('readelf', ['-d', file]), /Flags: NOW NODELETE/);
  t.true(readFileSync(file).length > 0);
});
