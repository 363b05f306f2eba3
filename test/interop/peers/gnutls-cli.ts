// gnutls-cli.
import { execFileSync } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TemporaryFiles } from '../../../src/testing/cleanup.ts';
import { compiler } from '../../helpers/libssl-flags.ts';
import { environment, pass, run, versionOf } from './program.ts';
import { type ClientOptions, type ClientPeer, request, type Sight } from './types.ts';

/** What `--priority` takes for one protocol version. */
export function priority(protocol: ClientOptions['protocol']): string {
  return `NORMAL:-VERS-ALL:+VERS-${protocol.replace('v', '')}`;
}

function commandLine({ port, protocol, ca, credentials, alpn }: ClientOptions, files: TemporaryFiles): string[] {
  const args = ['--port', String(port), '--sni-hostname=localhost', '--verify-hostname=localhost'];
  args.push(`--priority=${priority(protocol)}`, `--x509cafile=${files.write('ca', ca)}`);
  if (alpn !== undefined) args.push(`--alpn=${alpn}`);
  if (credentials !== undefined) {
    args.push(`--x509certfile=${files.write('cert', credentials.cert)}`);
    args.push(`--x509keyfile=${files.write('key', credentials.key)}`);
  }
  return [...args, '127.0.0.1'];
}

async function connectTwice(options: ClientOptions): Promise<[Sight, Sight]> {
  const files = new TemporaryFiles();
  try {
    // It ends the first connection by itself, without taking anything from its input, as soon as it has a ticket.
    const text = await run('gnutls-cli', ['--resume', '--waitresumption', ...commandLine(options, files)], request);
    const [first, second] = text.split(/^- Connecting again/m);
    if (first === undefined || second === undefined) throw new Error(`gnutls-cli: not two connections\n${text}`);
    return [sight(first), sight(second)];
  } finally {
    files.remove();
  }
}

function sight(text: string): Sight {
  const version = /^- Description: \(TLS([\d.]+)/m.exec(text)?.[1];
  if (version === undefined || !text.includes('Handshake was completed')) {
    throw new Error(`gnutls-cli: no handshake\n${text}`);
  }
  return {
    resumed: text.includes('*** This is a resumed session'),
    protocol: `TLSv${version}`,
    alpn: /^- Application protocol: (\S+)/m.exec(text)?.[1],
  };
}

async function exchange(options: ClientOptions, outgoing: Readable, incoming: Writable): Promise<void> {
  const files = new TemporaryFiles();
  try {
    const args = [`--logfile=${files.path('log')}`, ...commandLine(options, files)];
    await pass('gnutls-cli', args, outgoing, incoming, environment({ LD_PRELOAD: keepBuffer(files) }));
  } finally {
    files.remove();
  }
}

/**
 * A library that keeps gnutls-cli from switching the buffer of its standard output off. Otherwise it makes a system call
 * for each byte, a minute's work for 64 MiB. It flushes after each record in any case.
 */
function keepBuffer(files: TemporaryFiles): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const source = fileURLToPath(new URL('keep_buffer.c', import.meta.url));
  const library = files.path('keep_buffer.so');
  const [cc, ...launched] = compiler();
  execFileSync(cc, [...launched, '-shared', '-fPIC', '-o', library, source], { stdio: 'inherit' });
  return library;
}

export const gnutlsCliPeer: ClientPeer = {
  name: 'gnutls-cli',
  version: () => versionOf('gnutls-cli', '--version', 'GnuTLS'),
  connectTwice,
  exchange,
  manner: 'at once',
};
