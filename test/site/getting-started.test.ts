// docs/getting-started.md, as a new user goes through it: a project with the package, its server, its commands.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { atExit } from '../../src/testing/cleanup.ts';
import { missingLines, stepsOf } from '../helpers/console.ts';
import { execute } from '../helpers/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs', 'getting-started.md'), 'utf8');

/** A port that is free: the page's server says in words only that it listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test('a session is resumed by s_client, and removed by command line', async (t) => {
  const project = mkdtempSync(join(tmpdir(), 'sslctx-'));
  t.teardown(() => rmSync(project, { recursive: true }));
  // What npm install leaves.
  mkdirSync(join(project, 'node_modules', '.bin'), { recursive: true });
  symlinkSync(root, join(project, 'node_modules', 'sslctx'));
  const main = join(root, 'dist', 'cli', 'main.js');
  const mode = 0o755;
  writeFileSync(join(project, 'node_modules', '.bin', 'sslctx'), `#!/bin/sh\nexec node '${main}' "$@"\n`, { mode });
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const [, program = ''] = /^```js\n\/\/ server\.mjs\n([\s\S]*?)^```$/m.exec(page) ?? [];
  writeFileSync(join(project, 'server.mjs'), program);

  const port = await freePort();
  const env = { ...process.env, PORT: String(port), NO_COLOR: '1', COLUMNS: '200' };
  const server = spawn(process.execPath, ['server.mjs'], { cwd: project, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const forget = atExit(() => server.kill('SIGKILL'));
  t.teardown(() => server.kill('SIGKILL'));
  server.on('close', forget);
  const lines = createInterface({ input: server.stdout });
  const told: string[] = [];
  await once(lines, 'line');
  lines.on('line', (line) => told.push(line));

  const began = performance.now();
  const steps = stepsOf(page);
  t.true(steps.length >= 5);
  for (const { command, expected, exitCode } of steps) {
    const line = command.replaceAll('8443', String(port));
    const { code, stdout, stderr } = await execute('bash', ['-c', line], { cwd: project, env });
    t.is(code, exitCode, `${command}\n${stdout}${stderr}`);
    t.deepEqual(missingLines(expected, stdout, port), [], `${command}\n${stdout}${stderr}`);
  }
  t.log(`from the server that listens to the session that is gone: ${Math.round(performance.now() - began)} ms`);
  const said = Array.from(page.matchAll(/`((?:full handshake: .*?|resumed))`(?= and|\.)/g), ([, text]) => text);
  t.deepEqual(told, said);
});
