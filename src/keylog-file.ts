// SSLKEYLOGFILE: the keys of all connections, for whoever has recorded them and wants to read them.
import { fstatSync, openSync, writeSync } from 'node:fs';

const path = fileName();

/** Whether the environment asks for it, once for the process. Never for a program that runs with another user's rights. */
export const logsKeys = path !== '';

let file: number | undefined;
let hasFailed = false;

function fileName(): string {
  const name = process.env.SSLKEYLOGFILE ?? '';
  const isOwn = process.getuid?.() === process.geteuid?.() && process.getgid?.() === process.getegid?.();
  return isOwn ? name : '';
}

/**
 * Appends a line, newline included, in one system call, so that the lines of several processes do not mix. Does nothing
 * without SSLKEYLOGFILE. Connections do not suffer from a file that cannot be written: a warning says so, once.
 */
export function logKeys(line: Uint8Array): void {
  if (!logsKeys || hasFailed) return;
  try {
    file ??= open();
    writeSync(file, line);
  } catch (error) {
    hasFailed = true;
    const problem = error instanceof Error ? error.message : String(error);
    process.emitWarning(`no keys are written to SSLKEYLOGFILE: ${problem}`, { code: 'SSLCTX_KEYLOG' });
  }
}

function open(): number {
  const opened = openSync(path, 'a', 0o600);
  const stat = fstatSync(opened);
  const mode = (stat.mode & 0o777).toString(8);
  const others = stat.isFile() && (stat.mode & 0o077) !== 0 ? `, and its mode is ${mode}: others than you` : '';
  const warning = 'SSLKEYLOGFILE is set: whoever can read that file can read the connections of this process';
  process.emitWarning(`${warning}${others}`, { code: 'SSLCTX_KEYLOG' });
  return opened;
}
