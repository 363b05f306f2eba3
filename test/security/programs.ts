// Attackers in C: what a client of libssl can do that no program of the system does.
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { compiler, libsslFlags } from '../helpers/libssl-flags.ts';

let built: string | undefined;

function build(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-security-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'flood');
  const source = fileURLToPath(new URL('flood.c', import.meta.url));
  const [cc, ...launched] = compiler();
  const flags = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', source, '-o', program];
  execFileSync(cc, [...launched, ...flags, ...libsslFlags()], { stdio: 'pipe' });
  return program;
}

/** Connects, and floods the server. Ends with the test. */
export function flood(
  t: ExecutionContext,
  mode: 'key-updates' | 'renegotiations',
  port: number,
  count: number,
): { program: ChildProcessWithoutNullStreams; lines: AsyncIterableIterator<string> } {
  built ??= build();
  const program = spawn(built, [mode, String(port), String(count)]);
  t.teardown(() => program.kill());
  return { program, lines: createInterface({ input: program.stdout })[Symbol.asyncIterator]() };
}
