// What the site is made with: declarations out of manual pages, signatures out of sources, the check of links.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { output } from '../helpers/process.ts';

/** The value of an expression over what a module of site/ exports. */
async function evaluate(module: string, expression: string): Promise<unknown> {
  const url = new URL(`../../site/${module}`, import.meta.url).href;
  const program = `import * as m from ${JSON.stringify(url)}; console.log(JSON.stringify(${expression}));`;
  return JSON.parse(await output(process.execPath, ['--input-type=module', '-e', program]));
}

const troff = String.raw`.SH "NAME"
SSL_CTX_example \- an example
.SH "SYNOPSIS"
.IX Header "SYNOPSIS"
.Vb 1
\& #include <openssl/ssl.h>
\&
\& int SSL_CTX_one(SSL_CTX *ctx,
\&                 const char *name);
\& int (*SSL_CTX_two(SSL_CTX *ctx))(SSL *ssl, int a);
\& typedef int (*not_a_function)(SSL *ssl);
.Ve
.PP
Deprecated since 3.0:
.Vb 1
\& #define SSL_three(s) 1
\& long SSL_four(SSL *ssl, int (*callback)(int a, int b));
.Ve
.SH "DESCRIPTION"
.Vb 1
\& int not_declared(void);
.Ve
`;

test('C: the declarations of a manual page', async (t) => {
  const expression = `[...m.declarations(m.synopsis(${JSON.stringify(troff)}))]`;
  t.deepEqual(await evaluate('man.mjs', expression), [
    ['SSL_CTX_one', 'int SSL_CTX_one(SSL_CTX *ctx, const char *name);'],
    ['SSL_CTX_two', 'int (*SSL_CTX_two(SSL_CTX *ctx))(SSL *ssl, int a);'],
    ['SSL_four', 'long SSL_four(SSL *ssl, int (*callback)(int a, int b));'],
  ]);
});

test('TypeScript: every function of sslctx/capi that has an underscore is found, with its man page', async (t) => {
  const capi = await import('../../src/capi/index.ts');
  const found = await evaluate('typescript.mjs', `m.capiFunctions('src/capi').map(({ name, page }) => [name, !!page])`);
  if (!Array.isArray(found)) throw new Error('no list');
  const names = new Map<unknown, unknown>(found.map(([name, hasPage]: unknown[]) => [name, hasPage]));
  const exported = Object.entries(capi).filter(([name, value]) => typeof value === 'function' && name.includes('_'));
  // Classes are handles: SSL_CTX is a type in C.
  const functions = exported.filter(([, value]) => !String(value).startsWith('class'));
  t.true(functions.length > 250);
  for (const [name] of functions) t.true(names.has(name), name);
});

test('links that lead nowhere are found: files, elements, and those of other folders', async (t) => {
  const site = mkdtempSync(join(tmpdir(), 'sslctx-'));
  t.teardown(() => rmSync(site, { recursive: true }));
  mkdirSync(join(site, 'sub'));
  const good =
    '<a href="sub/b.html#there">x</a> <a href="https://example.org/none">x</a> <img src="a.svg"> <a href="#own" id="own">';
  const bad = '<a class="x" href="none.html">x</a> <a href="sub/b.html#gone">x</a> <a href="#nothing">x</a>';
  writeFileSync(join(site, 'a.svg'), '');
  writeFileSync(join(site, 'index.html'), `${good}${bad} &lt;a href="code.html"&gt;`);
  writeFileSync(
    join(site, 'sub', 'b.html'),
    '<p id="there"> <a href="../index.html#own">x</a> <a href="index.html">x</a>',
  );
  t.deepEqual(await evaluate('links.mjs', `m.brokenLinks(${JSON.stringify(site)}).sort()`), [
    'index.html: #nothing',
    'index.html: none.html',
    'index.html: sub/b.html#gone',
    'sub/b.html: index.html',
  ]);
});

test('docs/man-pages.md: each promise is the title of a test, and the reverse but for computed titles', async (t) => {
  const expression = `(({ readFileSync }, read = (path) => readFileSync(path, 'utf8')) => {
    const items = [...m.promises(read('docs/man-pages.md'), read).values()].flat();
    const texts = new Set(items.map(({ text }) => text));
    const pages = new Set(items.map(({ file }) => file).filter((file) => /manpages.SSL_|manpages.d2i_/.test(file)));
    const titles = [...pages].flatMap((file) => m.testsOf(file, read(file)).map(({ title }) => title));
    return {
      promises: items.length,
      withoutTest: items.filter(({ line }) => line === 0),
      unlisted: titles.filter((title) => !title.includes('<') && !texts.has(title)),
    };
  })(process.getBuiltinModule('node:fs'))`;
  const { promises, ...missing } = Object(await evaluate('promises.mjs', expression));
  t.true(promises > 40);
  t.deepEqual(missing, { withoutTest: [], unlisted: [] });
});
