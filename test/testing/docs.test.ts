// Each code block of docs/testing.md is run as it stands, in a process of its own.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { sServer } from '../../src/testing/index.ts';

const root = new URL('../../', import.meta.url);
const modules = new Map([
  ['sslctx', 'src/index.ts'],
  ['sslctx/capi', 'src/capi/index.ts'],
  ['sslctx/testing', 'src/testing/index.ts'],
]);

function runnable(block: string, port: number): string {
  return block
    .replace(/from '(sslctx[^']*)'/g, (_, name) => `from '${new URL(modules.get(name) ?? name, root).href}'`)
    .replace('port: 8443', `port: ${port}`);
}

const text = readFileSync(new URL('docs/testing.md', root), 'utf8');
const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);

test('there are code blocks', (t) => {
  t.true(blocks.length >= 8);
});

blocks.forEach((block, index) => {
  // A test of ava runs in ava only; assertions.test.ts has such a one.
  if (block.includes(`from 'ava'`)) return;
  const title = block.split('\n').find((line) => !line.startsWith('import') && line !== '');
  test(`block ${index + 1} runs: ${title}`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'sslctx-test-'));
    t.teardown(() => rmSync(directory, { recursive: true }));
    const server = await sServer();
    t.teardown(() => server.close());
    const file = join(directory, 'block.mts');
    writeFileSync(file, runnable(block, server.port));
    // Not all versions of Node know `await using`; the loader does.
    const args = ['--import=tsx', file];
    const { error, output } = await new Promise<{ error: Error | null; output: string }>((resolve) => {
      execFile(process.execPath, args, { cwd: fileURLToPath(root) }, (failure, stdout, stderr) => {
        resolve({ error: failure, output: `${stdout}${stderr}` });
      });
    });
    t.is(error, null, output);
  });
});
