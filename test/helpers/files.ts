// Files that go with the test.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** The path of a new file with this in it. */
export function temporaryFile(t: ExecutionContext, content: string | Uint8Array): string {
  const directory = mkdtempSync(join(tmpdir(), 'sslctx-test-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'file');
  writeFileSync(path, content);
  return path;
}
