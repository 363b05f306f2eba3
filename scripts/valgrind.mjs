// `npm run test:valgrind [-- FILE...]`: tests under valgrind's memcheck, for what sanitizers cannot see: memory that is
// used before it is set, in the addon and in the system's own libssl. One file at a time; node takes 20 times as long.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const standard = [
  'test/context.test.ts',
  'test/session.test.ts',
  'test/connection.test.ts',
  'test/context-events.test.ts',
  'test/threads/shared-context.test.ts',
  'test/threads/lifetime.test.ts',
  'test/net/resumption.test.ts',
  'test/net/data.test.ts',
];
const files = process.argv.length > 2 ? process.argv.slice(2) : standard;
const logs = mkdtempSync(join(tmpdir(), 'sslctx-valgrind-'));
let failures = 0;

for (const file of files) {
  const began = Date.now();
  const preload = join(root, 'scripts', 'valgrind', 'preload.cjs');
  const ava = [
    '--require',
    preload,
    join('node_modules', 'ava', 'entrypoints', 'cli.mjs'),
    '--timeout=60m',
    '--concurrency=1',
  ];
  const { status } = spawnSync(process.execPath, [...ava, file], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SSLCTX_VALGRIND: '1', SSLCTX_VALGRIND_LOG: logs, UV_THREADPOOL_SIZE: '1' },
  });
  const reports = readdirSync(logs)
    .map((name) => readFileSync(join(logs, name), 'utf8'))
    .filter((text) => text.trim() !== '');
  for (const name of readdirSync(logs)) rmSync(join(logs, name));
  for (const report of reports) console.error(report);
  if (status !== 0 || reports.length > 0) failures++;
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(`valgrind: ${file}: ${reports.length} processes with reports, ${seconds} seconds`);
}
rmSync(logs, { recursive: true });
process.exit(failures === 0 ? 0 : 1);
