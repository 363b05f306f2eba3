// What must not outlive the test process: temporary files, and programs that nothing else would ever end.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const actions = new Set<() => void>();
let listening = false;

/**
 * Runs `action` if the process ends before the returned function is called. Covers `process.exit()` and uncaught
 * errors; nothing covers a killed process.
 */
export function atExit(action: () => void): () => void {
  if (!listening) {
    listening = true;
    // One listener for all: a listener for each would set off Node's leak warning at eleven.
    process.on('exit', () => {
      for (const run of actions) run();
    });
  }
  actions.add(action);
  return () => void actions.delete(action);
}

/** A directory that only this user can enter, for what a program takes and gives as files. */
export class TemporaryFiles {
  readonly #directory = mkdtempSync(join(tmpdir(), 'sslctx-'));
  readonly #forget = atExit(() => this.#delete());

  /** Where a file of this name is or would be. */
  path(name: string): string {
    return join(this.#directory, name);
  }

  /** @returns the path of the new file */
  write(name: string, content: string | Uint8Array): string {
    const path = this.path(name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** @returns the path of a file with this PEM text; a string that is no PEM text is taken for a path already */
  pem(name: string, pemOrPath: string): string {
    return pemOrPath.includes('-----BEGIN ') ? this.write(name, pemOrPath) : pemOrPath;
  }

  /** @returns the text of a file, `undefined` when it does not exist or is empty */
  read(name: string): string | undefined {
    try {
      return readFileSync(this.path(name), 'utf8') || undefined;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Deletes all of it. May be called more than once. */
  remove(): void {
    this.#forget();
    this.#delete();
  }

  #delete(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
