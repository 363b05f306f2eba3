// scripts/serve.ts in a process of its own, whose environment is read when it starts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { execute, type ProcessResult } from '../helpers/process.ts';

const script = fileURLToPath(new URL('scripts/serve.ts', import.meta.url));

export function makeFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Starts the server, lets `visit` use its port, ends it, and returns what it has written to stderr. */
export async function serve(
  t: ExecutionContext,
  variables: NodeJS.ProcessEnv,
  visit: (port: string) => Promise<unknown>,
): Promise<string> {
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, [...process.execArgv, script], { env, stdio: 'pipe' });
  t.teardown(() => child.kill());
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = once(child, 'close');
  const [port] = await once(child.stdout.setEncoding('utf8'), 'data');
  await visit(String(port).trim());
  child.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`the server ended with ${code}: ${errors}`);
  return errors;
}

/** A client of the package in a process of its own. */
export function visitWithOwnClient(port: string, variables: NodeJS.ProcessEnv): Promise<ProcessResult> {
  return execute(process.execPath, [...process.execArgv, script, port], { env: { ...process.env, ...variables } });
}
