// Files of secrets: there is the whole old one or the whole new one, and nobody else can read it.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file that takes the place of `path` when `write` has ended and the bytes are on the disk. Mode 0600. When
 * anything fails, what was at `path` is still there, and nothing is left beside it.
 *
 * @throws what `write` throws, and the system's errors
 */
export async function writeAtomically<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  // Beside it: a rename does not go from one file system to another.
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    const result = await write(file);
    await file.sync();
    await file.close();
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return result;
  } catch (error) {
    // Closing twice fails; what matters is the first error.
    await file.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** Without this, a power failure may undo the rename. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
