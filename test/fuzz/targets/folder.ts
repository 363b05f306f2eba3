// Where targets have their files and sockets.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;

/** A path in a folder that is gone with the process. */
export function temporaryPath(name: string): string {
  if (folder === undefined) {
    const own = mkdtempSync(join(tmpdir(), 'sslctx-fuzz-'));
    process.once('exit', () => rmSync(own, { recursive: true, force: true }));
    folder = own;
  }
  return join(folder, name);
}
