// What the command line is given: files with sessions, and words.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { endpoint, endpointText } from '../../../src/cli/options.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { run } from '../../../src/cli/run.ts';
import { SslSession } from '../../../src/session.ts';
import { claim, claimSame, type Target } from '../target.ts';
import { temporaryPath } from './folder.ts';

interface Printed {
  out: string;
  error: string;
}

/** Runs a command with its output kept. */
async function capture<T>(use: () => Promise<T>): Promise<Printed & { result: T }> {
  const printed: Printed = { out: '', error: '' };
  const { stdout, stderr } = process;
  const before = [stdout.write, stderr.write] as const;
  stdout.write = (chunk: string | Uint8Array) => {
    printed.out += Buffer.from(chunk).toString('latin1');
    return true;
  };
  stderr.write = (chunk: string | Uint8Array) => {
    printed.error += Buffer.from(chunk).toString('latin1');
    return true;
  };
  try {
    const result = await use();
    return { ...printed, result };
  } finally {
    [stdout.write, stderr.write] = before;
  }
}

const commands: ReadonlyArray<readonly string[]> = [
  ['show'],
  ['show', '--secrets'],
  ['show', '--json'],
  ['verify'],
  ['verify', '--json'],
];

async function sessionFile(bytes: Buffer): Promise<string> {
  const path = temporaryPath('session');
  writeFileSync(path, bytes);
  const words: number[] = [];
  for (const command of commands) {
    const { result, out, error } = await capture(() => run(['session', ...command, path]));
    claim(result === 3 || error === '', `${command.join(' ')}: no error without a failure: ${error}`);
    claim(result !== 3 || error.startsWith(`sslctx: ${path} holds no session: `), `${command.join(' ')}: ${error}`);
    if (command.includes('--json') && result !== 3) JSON.parse(out);
    // What a terminal obeys must not come from a file.
    claim(!/(?!\n)\p{Cc}/u.test(Buffer.from(out, 'latin1').toString()), `${command.join(' ')}: nothing but text`);
    words.push(result);
  }
  const isSession = words[0] !== 3;
  claimSame((await capture(() => run(['session', 'compare', path, path]))).result, isSession ? 0 : 3, 'the same');
  if (isSession) await convert(path, bytes);
  return words.join(' ');
}

async function convert(path: string, bytes: Buffer): Promise<void> {
  const [pem, der] = [temporaryPath('pem'), temporaryPath('der')];
  rmSync(pem, { force: true });
  rmSync(der, { force: true });
  for (const [from, to, form] of [
    [path, pem, 'pem'],
    [pem, der, 'der'],
  ] as const) {
    const { result, error } = await capture(() => run(['session', 'convert', from, to, '--to', form]));
    claim(result === 0, `a session can be converted: ${error}`);
  }
  const session = bytes[0] === 0x30 ? SslSession.fromDER(bytes) : SslSession.fromPEM(bytes);
  claimSame(readFileSync(der), session.toDER(), 'it is the same session then');
  session.free();
}

export const sessionArgument: Target = { name: 'cli-session', isDer: true, run: sessionFile };

/** What the command line was understood as, without doing it. */
function understand(words: readonly string[]): Promise<string> {
  const seen: unknown[] = [];
  const program = createProgram(() => {});
  const silence = (command: Command): void => {
    for (const each of command.commands) silence(each);
    // What completion does is done.
    if (command.commands.length > 0 || /complet/.test(command.name())) return;
    command.action((...given: unknown[]) => {
      seen.push(command.name(), Object.keys(command.optsWithGlobals()).sort());
      checkValues(command.optsWithGlobals());
      for (const value of given.slice(0, -2).flat()) checkArgument(value);
    });
  };
  silence(program);
  return program.parseAsync([...words], { from: 'user' }).then(
    () => seen.join(' '),
    (error: unknown) => {
      if (error instanceof CommanderError) return error.code;
      throw error;
    },
  );
}

function checkValues(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    claim(typeof value !== 'number' || (Number.isSafeInteger(value) && value >= 0), `${name} is a number from 0`);
  }
}

function checkArgument(value: unknown): void {
  if (typeof value !== 'object' || value === null || !('host' in value) || !('port' in value)) return;
  const { host, port } = value;
  claim(typeof host === 'string' && host !== '', 'there is a host');
  claim(typeof port === 'number' && port >= 1 && port <= 65_535, 'there is a port');
  claimSame(endpoint(endpointText({ host, port })), { host, port }, 'its text is read as the same');
}

async function argumentsOf(bytes: Buffer): Promise<string> {
  const words = bytes.toString().split('\n').slice(0, 32);
  const { result, out } = await capture(() => understand(words));
  return `${result} ${out.length > 0}`;
}

export const commandLine: Target = {
  name: 'cli-arguments',
  run: argumentsOf,
  words: [
    ...['serve', 'connect', 'probe', 'session', 'cache', 'completion', '__complete', 'show', 'convert', 'verify'],
    ...['compare', 'info', 'list', 'remove', 'flush', 'watch', 'bash', '--', '--help', '-V', '--json', '--port', '-p'],
    ...['localhost:443', '[::1]:443', '--mode', 'server,no-internal', '--size', '--tickets', 'stateless', '--timeout'],
    ...['--num-tickets', '--ticket-keys', '--max-early-data', '--reply', 'http', '--count', '--alpn', 'h2,http/1.1'],
    ...['--min-version', 'TLSv1.3', '--context', '--at', '--limit', '--control', '--no-control', '\n', '='],
  ],
};
