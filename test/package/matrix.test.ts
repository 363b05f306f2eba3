// npm run matrix: its options, and its table.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execute } from '../helpers/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const matrix = (...args: string[]) =>
  execute(process.execPath, [join('scripts', 'matrix', 'main.mjs'), ...args], { cwd: root });

for (const [args, problem] of [
  [['--openssl=1.1'], /^--openssl=1\.1: there are system, 3\.5, 3\.6, 4\.0$/m],
  [['--node=18'], /^--node=18: there are 20, 22, 24, 26$/m],
  [['--quick', '--whole'], /either --quick or --whole/],
  [['--only'], /test files come after --only/],
  [['test/session.test.ts'], /test files come after --only/],
  [['--slow'], /Unknown option '--slow'/],
] as const) {
  test(`refused, before anything is built: ${args.join(' ')}`, async (t) => {
    const { code, stdout, stderr } = await matrix(...args);
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, problem);
    t.true(stderr.includes('npm run matrix -- [OPTION...]'));
  });
}

test('--help', async (t) => {
  const { code, stdout } = await matrix('--help');
  t.is(code, 0);
  for (const option of ['--openssl', '--node', '--quick', '--whole', '--only', '--again']) {
    t.true(stdout.includes(`  ${option}`), option);
  }
});

test('a table says what ran, what failed, and what ended by itself', async (t) => {
  const program = `
    import { page, table } from './scripts/matrix/table.mjs';
    const good = { scope: 'whole', ok: true, passed: 5, failed: [] };
    const rows = [
      { name: '3.0.1', cells: [good, { ...good, scope: 'cut' }, undefined] },
      { name: '3.5.1', cells: [
        { scope: 'quick', ok: false, passed: 4, failed: ['a › test'], end: 'status 1' },
        { scope: 'cut', ok: false, passed: 5, failed: [], end: 'SIGSEGV' },
        { scope: 'cut', ok: false, passed: 0, failed: [], error: 'it does not build' },
      ] },
    ];
    const columns = ['Node 20', 'Node 22', 'Node 24'];
    process.stdout.write(JSON.stringify([table(rows, columns), page(rows, columns)]));`;
  const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', program], { cwd: root });
  const [table, page]: [string, string] = JSON.parse(stdout);
  t.is(
    table,
    [
      '| OpenSSL | Node 20 | Node 22 | Node 24 |',
      '| --- | --- | --- | --- |',
      '| 3.0.1 | 5 passed | 5 passed ¹ | not run |',
      '| 3.5.1 | 4 passed, **1 failed** ² | 5 passed, **SIGSEGV** ¹ | **it does not build** |',
    ].join('\n'),
  );
  t.true(page.includes(table));
  t.true(page.includes('- OpenSSL 3.5.1, Node 20: a › test\n'));
});

test('the README has the table of docs/matrix.md, between marks', async (t) => {
  const program = `
    import { readFileSync } from 'node:fs';
    import { inReadme } from './scripts/matrix/table.mjs';
    const readme = readFileSync('README.md', 'utf8');
    const wrong = [readme.replaceAll('matrix -->', ''), readme + readme].map((text) => {
      try {
        return inReadme(text, '');
      } catch ({ message }) {
        return message;
      }
    });
    process.stdout.write(JSON.stringify([inReadme(readme, 'new').split('\\n'), ...wrong]));`;
  const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', program], { cwd: root });
  const [lines, ...wrong]: [string[], string, string] = JSON.parse(stdout);
  const [readme, page] = ['README.md', join('docs', 'matrix.md')].map((file) => readFileSync(join(root, file), 'utf8'));
  const rows = page?.split('\n').filter((line) => line.startsWith('|')) ?? [];
  t.true(rows.length > 3 && readme?.includes(rows.join('\n')));
  t.true(lines.includes('new') && !lines.includes(rows[0] ?? ''));
  t.true(wrong.every((message) => message.startsWith('README.md must have')));
});
