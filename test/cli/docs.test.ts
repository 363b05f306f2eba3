// docs/cli.md: its commands are run, one after the other, and print what it says; its program is run.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test from 'ava';
import { missingLines, stepsOf } from '../helpers/console.ts';
import { execute } from '../helpers/process.ts';
import { commandLine, environment, folder, serve } from './cli.ts';

const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

const steps = stepsOf(text);

test.serial('the commands print what the document says', async (t) => {
  t.true(steps.length > 12);
  const server = await serve(t);
  const bin = folder(t);
  const quoted = commandLine.map((part) => `'${part}'`).join(' ');
  writeFileSync(join(bin, 'sslctx'), `#!/bin/sh\nexec ${quoted} "$@"\n`);
  chmodSync(join(bin, 'sslctx'), 0o755);
  const env = { ...environment, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const cwd = folder(t);
  for (const { command, expected, exitCode } of steps) {
    const line = command.replaceAll('8443', String(server.port));
    const { code, stdout, stderr } = await execute('bash', ['-c', line], { cwd, env });
    const printed = `${stdout}${stderr}`;
    t.is(code, exitCode, `${command}\n${printed}`);
    const missing = missingLines(expected, printed, server.port);
    t.deepEqual(missing, [], `${command}\n${printed}`);
  }
});

test.serial('the program with a control socket prints what its comments say', async (t) => {
  const [, block = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const modules = { sslctx: '../../src/index.ts', 'sslctx/control': '../../src/control/index.ts' };
  let program = block;
  for (const [name, path] of Object.entries(modules)) {
    program = program.replace(`'${name}'`, `'${new URL(path, import.meta.url).href}'`);
  }
  const scratch = folder(t);
  const file = join(scratch, 'example.mts');
  // The working directory is the tests': the loader is found from there.
  writeFileSync(file, program.replaceAll("'./shop.sock'", `'${join(scratch, 'shop.sock')}'`));
  const { code, stdout, stderr } = await execute(process.execPath, [...process.execArgv, file], { env: environment });
  t.is(stderr, '');
  t.is(code, 0);
  t.is(stdout, '1 07070707\nTLSv1.3 0\n');
});
