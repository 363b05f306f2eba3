// A Unix socket that only this user can use, from its first moment on.
import { once } from 'node:events';
import { linkSync, lstatSync, mkdtempSync, rmSync, type Stats, unlinkSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { ControlError } from './protocol.ts';

/** @returns what removes the socket, unless somebody has put another one in its place */
export async function listenPrivately(server: Server, path: string): Promise<() => void> {
  // Nobody else can enter this folder, so nobody can connect before the mode is set. A umask would be the process's.
  const folder = mkdtempSync(join(dirname(path), '.s-'));
  try {
    const first = join(folder, 's');
    server.listen(first);
    await once(server, 'listening');
    await chmod(first, 0o600);
    await makeRoom(path);
    try {
      linkSync(first, path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw inUse(path);
      throw error;
    }
    const own = lstatSync(path);
    return () => {
      const found = stat(path);
      if (found?.ino === own.ino && found.dev === own.dev) unlinkSync(path);
    };
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes a socket that nobody listens on: what a process that was killed has left. */
async function makeRoom(path: string): Promise<void> {
  const found = stat(path);
  if (found === undefined) return;
  if (!found.isSocket() || (await isAnswered(path))) throw inUse(path);
  unlinkSync(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    // Anything else, as a lack of permission, is no proof that it may be removed.
    socket.once('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED'));
    socket.once('connect', () => socket.destroy());
  });
}

function stat(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function inUse(path: string): ControlError {
  return new ControlError('ERR_SSLCTX_CONTROL_IN_USE', `${path} is in use`);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
