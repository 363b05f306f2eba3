// The examples of a document are complete programs: each must run, and print what its comments say.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { execute } from './process.ts';

const modules: Readonly<Record<string, string>> = {
  sslctx: 'index.ts',
  'sslctx/http2': 'http/http2.ts',
  'sslctx/https': 'http/https.ts',
  'sslctx/metrics': 'metrics/index.ts',
  'sslctx/testing': 'testing/index.ts',
  'sslctx/tls': 'http/tls.ts',
};

/** With the files of src/ in place of the package's names. */
function resolved(code: string): string {
  return code.replace(/'(sslctx(?:\/\w+)?)'/g, (quoted, name: string) => {
    const file = modules[name];
    return file === undefined ? quoted : `'${new URL(`../../src/${file}`, import.meta.url).href}'`;
  });
}

/** The blocks that begin with the name of a file: programs of threads. */
function programsOf(section: string): Map<string, string> {
  const blocks = section.matchAll(/^```js\n\/\/ (\w+)\.js\n([\s\S]*?)^```$/gm);
  return new Map(Array.from(blocks, ([, name = '', code = '']) => [name, resolved(code)]));
}

/** Node 20 does not read TypeScript in threads, and takes no --import there: the sources need a loader. */
function writeProgram(folder: string, name: string, code: string): void {
  writeFileSync(join(folder, `${name}.mjs`), code);
  const register = `if (!process.features.typescript) (await import('tsx/esm/api')).register();\n`;
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, `${name}.js`), `${register}await import('./${name}.mjs');\n`);
}

/**
 * Declares a test for each section of a file of docs/ that has an example, and one that there are `count` of them.
 * `prepare` makes what an example needs, and tells it where by the environment.
 */
export function testExamples(
  document: string,
  count: number,
  prepare: (t: ExecutionContext) => Promise<NodeJS.ProcessEnv> = () => Promise.resolve({}),
): void {
  const text = readFileSync(new URL(`../../docs/${document}`, import.meta.url), 'utf8');
  const examples = text.split(/^## /m).flatMap((section) => {
    const [title = ''] = section.split('\n', 1);
    const code = /^```ts\n([\s\S]*?)^```$/m.exec(section)?.[1];
    if (code === undefined) return [];
    return [{ title, code: resolved(code), programs: programsOf(section) }];
  });

  test(`docs/${document} has examples`, (t) => {
    t.is(examples.length, count);
  });

  for (const { title, code, programs } of examples) {
    test(`the example of "${title}"`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'sslctx-'));
      t.teardown(() => rmSync(folder, { recursive: true }));
      const file = join(folder, 'example.mts');
      symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
      writeFileSync(file, code);
      for (const [name, text] of programs) writeProgram(folder, name, text);
      const result = await execute(process.execPath, [...process.execArgv, file], {
        env: { ...process.env, ...(await prepare(t)) },
      });
      t.is(result.stderr, '');
      t.is(result.code, 0);
      const lines = result.stdout.split('\n');
      for (const [, expected = ''] of code.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm))
        t.true(lines.includes(expected), expected);
    });
  }
}
