// Python's ssl.
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TemporaryFiles } from '../../../src/testing/cleanup.ts';
import { pass, start, versionOf } from './program.ts';
import { type ClientOptions, type ClientPeer, request, type Sight } from './types.ts';

function commandLine(
  { port, protocol, ca, credentials, alpn }: ClientOptions,
  files: TemporaryFiles,
  more: object,
): string[] {
  const certificate =
    credentials === undefined
      ? {}
      : { cert: files.write('cert', credentials.cert), key: files.write('key', credentials.key) };
  const told = { port, protocol, ca: files.write('ca', ca), alpn, ...certificate, ...more };
  return [fileURLToPath(new URL('client.py', import.meta.url)), JSON.stringify(told)];
}

async function connectTwice(options: ClientOptions): Promise<[Sight, Sight]> {
  const files = new TemporaryFiles();
  try {
    const program = start('python3', commandLine(options, files, { connections: 2, request }));
    const { exitCode } = await program.waitForExit();
    if (exitCode !== 0) throw new Error(`python3: status ${exitCode}\n${program.output}`);
    const [first, second]: unknown[] = JSON.parse(program.stderr);
    return [sight(first), sight(second)];
  } finally {
    files.remove();
  }
}

function sight(seen: unknown): Sight {
  if (typeof seen === 'object' && seen !== null && 'resumed' in seen && 'protocol' in seen && 'alpn' in seen) {
    const { resumed, protocol, alpn } = seen;
    if (typeof resumed === 'boolean' && typeof protocol === 'string') {
      return { resumed, protocol, alpn: typeof alpn === 'string' ? alpn : undefined };
    }
  }
  throw new Error(`python3 said ${JSON.stringify(seen)}`);
}

async function exchange(options: ClientOptions, outgoing: Readable, incoming: Writable): Promise<void> {
  const files = new TemporaryFiles();
  try {
    await pass('python3', commandLine(options, files, { connections: 1 }), outgoing, incoming);
  } finally {
    files.remove();
  }
}

export const pythonPeer: ClientPeer = {
  name: "Python's ssl",
  version: () => versionOf('python3', '--version', 'Python'),
  connectTwice,
  exchange,
  manner: 'in turn',
};
