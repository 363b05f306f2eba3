// Where `sslctx serve` has its control socket, and `sslctx cache` finds it.
import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { ControlError } from '../control/protocol.ts';

/** The user's own folder: that of the session, or one in the folder for temporary files that is nobody else's. */
function folder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const path = runtime ? join(runtime, 'sslctx') : join(tmpdir(), `sslctx-${userInfo().uid}`);
  mkdirSync(path, { mode: 0o700, recursive: true });
  const stat = lstatSync(path);
  if (!stat.isDirectory() || stat.uid !== userInfo().uid || (stat.mode & 0o077) !== 0) {
    throw new Error(`${path} must be a folder of this user alone, mode 0700: give a path with --control`);
  }
  return path;
}

/** The control socket of the server on this port. */
export function controlPath(port: number): string {
  return join(folder(), `${port}.sock`);
}

/** The control socket of the only server that there is. */
export function onlyControlPath(): string {
  const sockets = readdirSync(folder()).filter((name) => name.endsWith('.sock'));
  const [only] = sockets;
  if (only !== undefined && sockets.length === 1) return join(folder(), only);
  const ports = sockets.map((name) => name.replace('.sock', '')).join(', ');
  const problem = only === undefined ? 'no `sslctx serve` is running' : `there are several servers, on ports ${ports}`;
  throw new ControlError('ERR_SSLCTX_CONTROL_NOT_FOUND', `${problem}: give --port or --socket`);
}
