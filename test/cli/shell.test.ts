// Help, exit codes, and completion in a real shell.
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test from 'ava';
import { output } from '../helpers/process.ts';
import { commandLine, environment, folder, sslctx } from './cli.ts';

test.serial('help is an answer; a wrong word is not', async (t) => {
  for (const command of [[], ['serve'], ['connect'], ['probe'], ['session', 'show'], ['cache', 'remove']]) {
    const { code, stdout, stderr } = await sslctx(...command, '--help');
    t.is(code, 0);
    t.is(stderr, '');
    t.regex(stdout, new RegExp(`^Usage: sslctx ${[...command].join('.*')}`));
  }
  t.regex((await sslctx('--help')).stdout, /Exit codes:/);
  t.notRegex((await sslctx('--help')).stdout, /__complete/);
  const wrong = await sslctx('probee', 'localhost');
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /unknown command 'probee'\n\(Did you mean probe\?\)/);
  t.regex((await sslctx('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
});

test.serial('bash completes commands, options and their choices', async (t) => {
  const bin = folder(t);
  const script = join(bin, 'completion.bash');
  // As it is after an installation: a program of that name in PATH.
  const quoted = commandLine.map((part) => `'${part}'`).join(' ');
  writeFileSync(join(bin, 'sslctx'), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  writeFileSync(script, (await sslctx('completion', 'bash')).stdout);
  const env = { ...environment, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const complete = (...words: string[]): Promise<string> => {
    const line = [
      `source '${script}'`,
      `COMP_WORDS=(sslctx ${words.map((word) => `'${word}'`).join(' ')})`,
      `COMP_CWORD=${words.length}`,
      '_sslctx',
      `printf '%s\\n' "\${COMPREPLY[@]}"`,
    ].join('\n');
    return output('bash', ['-c', line], { env });
  };
  t.is(await complete('se'), 'serve\nsession');
  t.is(await complete('cache', 'fl'), 'flush');
  t.is(await complete('cache', '--port', '8443', 're'), 'remove');
  t.is(await complete('serve', '--tickets', ''), 'stateful\nstateless\nnone');
  t.is(await complete('serve', '--mi'), '--min-version');
  t.is(await complete('completion', ''), ['bash', 'zsh', 'fish', '--help'].join('\n'));
  t.is(await complete('session', 'show', '/etc/pass'), '');
  t.is(await complete('serve', '--cert', '/etc/'), '');
});

test.serial('each shell has a script, and others have none', async (t) => {
  t.regex((await sslctx('completion', 'zsh')).stdout, /^#compdef sslctx/);
  t.regex((await sslctx('completion', 'fish')).stdout, /^complete -c sslctx/);
  t.is((await sslctx('completion', 'csh')).code, 2);
});

test.serial('a reader that leaves early is no error', async (t) => {
  const quoted = commandLine.map((part) => `'${part}'`).join(' ');
  const result = await output('bash', ['-c', `set -o pipefail; ${quoted} --help | head -1`], { env: environment });
  t.regex(result, /^Usage: sslctx/);
});
