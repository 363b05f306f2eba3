// A terminal: what a program has left on its screen.
import { spawn } from 'node:child_process';
import type { ExecutionContext } from 'ava';
import { commandLine, environment } from './cli.ts';

/** Makes a pseudo terminal of 24 rows and as many columns for a program, copies all it writes, and ends with it. */
const pty = `
import fcntl, os, pty, signal, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0))
signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

const control = '\u001b';
const tokens = new RegExp(`${control}\\[(\\d+)A|${control}\\[J|\\r|\\n|[^\\r\\n${control}]+|${control}`, 'g');

/** The lines of a screen after this output: "up so many lines" and "erase to the end" are all that is used. */
export function render(text: string): string[] {
  const lines = [''];
  let [row, column] = [0, 0];
  for (const [token, up] of text.matchAll(tokens)) {
    const line = lines[row] ?? '';
    if (up !== undefined) row -= Number(up);
    else if (token === `${control}[J`) lines.splice(row, Number.POSITIVE_INFINITY, line.slice(0, column));
    else if (token === '\r') column = 0;
    else if (token === '\n') row++;
    else {
      lines[row] = line.slice(0, column).padEnd(column) + token + line.slice(column + token.length);
      column += token.length;
    }
    lines[row] ??= '';
  }
  return lines;
}

/** Runs a server on a terminal, `use`s it, and waits until it has told of two handshakes; then ends it. */
export async function screenOf(
  t: ExecutionContext,
  args: string[],
  use: (port: number) => Promise<void>,
  columns = 100,
) {
  const child = spawn('python3', ['-c', pty, String(columns), ...commandLine, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let text = '';
  let used: Promise<void> | undefined;
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    const port = /serve on [\d.]+:(\d+)/.exec(text)?.[1];
    if (port !== undefined) used ??= use(Number(port));
    if (/handshakes 2 /.test(text)) child.kill('SIGTERM');
  });
  t.is(await ended, 0, text);
  await used;
  return render(text);
}
