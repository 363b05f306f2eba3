// `npm start`, as a user sees it.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { openssl } from '../src/index.ts';
import { execute } from './helpers/process.ts';

const demo = fileURLToPath(new URL('../demo/main.ts', import.meta.url));

test('the demo tells its stories and exits with 0', async (t) => {
  const { code, stdout, stderr } = await execute(process.execPath, [...process.execArgv, demo]);
  t.is(stderr, '');
  t.is(code, 0, stdout);
  for (const title of ['TLS 1.2, session IDs', 'TLS 1.3, stateful tickets', 'TLS 1.3, stateless tickets']) {
    t.true(stdout.includes(title), title);
  }
  // In the words of s_client: new, reused, and new again after removeSession, except with stateless tickets.
  const words = [...stdout.matchAll(/^ +s_client: (New|Reused), (TLSv1\.\d)/gm)].map(
    ([, word, version]) => `${word} ${version}`,
  );
  t.deepEqual(words, [
    ...['New TLSv1.2', 'Reused TLSv1.2', 'New TLSv1.2'],
    ...['New TLSv1.3', 'Reused TLSv1.3', 'New TLSv1.3'],
    ...['New TLSv1.3', 'Reused TLSv1.3', 'Reused TLSv1.3'],
  ]);
  for (const flag of [
    'off',
    'client',
    'both',
    'no-auto-clear',
    'no-internal-lookup',
    'no-internal-store',
    'no-internal',
  ]) {
    t.regex(stdout, new RegExp(`✓ (?:server )?${flag} `), flag);
  }
  t.true(stdout.includes(openssl.version));
  t.true(stdout.includes(openssl.libssl));
  t.false(stdout.includes('✗'));
  t.false(stdout.includes('\u001b'), 'no colours where there is no terminal');
});

test('the demo exits with 1 when s_client says something else', async (t) => {
  const which = spawnSync('sh', ['-c', 'command -v openssl'], { encoding: 'utf8' });
  t.is(which.status, 0, 'the openssl program is needed: apt-get install openssl');
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  // The real program, whose output says New for Reused.
  const script = `#!/bin/sh\n'${which.stdout.trim()}' "$@" | sed -u 's/^Reused,/New,/'\n`;
  writeFileSync(join(folder, 'openssl'), script);
  chmodSync(join(folder, 'openssl'), 0o755);
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
  const { code, stdout } = await execute(process.execPath, [...process.execArgv, demo], { env });
  t.is(code, 1);
  t.regex(stdout, /✗ 2 s_client -sess_in +New .*expected Reused/);
  t.regex(stdout, /outcomes are wrong/);
});
