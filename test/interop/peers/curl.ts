// curl, with two URLs in one process: its session cache ends with it.
import { createWriteStream } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TemporaryFiles } from '../../../src/testing/cleanup.ts';
import { pass, run, versionOf } from './program.ts';
import type { ClientOptions, ClientPeer, Sight } from './types.ts';

function commandLine({ port, protocol, ca, credentials, alpn }: ClientOptions, files: TemporaryFiles): string[] {
  const version = protocol === 'TLSv1.2' ? '1.2' : '1.3';
  // First of all: without the user's own settings, and without a proxy.
  const args = ['--disable', '--noproxy', '*', '--silent', '--show-error', '--resolve', `localhost:${port}:127.0.0.1`];
  args.push(`--tlsv${version}`, '--tls-max', version, '--cacert', files.write('ca', ca));
  args.push(alpn === undefined ? '--no-alpn' : '--http1.1');
  if (credentials !== undefined) {
    args.push('--cert', files.write('cert', credentials.cert), '--key', files.write('key', credentials.key));
  }
  return args;
}

async function connectTwice(options: ClientOptions): Promise<[Sight, Sight]> {
  if (options.alpn !== undefined && options.alpn !== 'http/1.1') throw new Error('curl offers http/1.1 only');
  const files = new TemporaryFiles();
  try {
    const url = `https://localhost:${options.port}/`;
    const text = await run('curl', [...commandLine(options, files), '--verbose', `${url}1`, `${url}2`]);
    const [, first, second, ...others] = text.split(/\(OUT\), TLS handshake, Client hello/);
    if (first === undefined || second === undefined || others.length > 0) {
      throw new Error(`curl: not two connections\n${text}`);
    }
    return [sight(first), sight(second)];
  } finally {
    files.remove();
  }
}

function sight(text: string): Sight {
  const protocol = /^\* SSL connection using (\S+)/m.exec(text)?.[1];
  if (protocol === undefined) throw new Error(`curl: no handshake\n${text}`);
  // curl says that it offers a session, not that the server has taken it. But then there is no certificate.
  const hasCertificate = /\(IN\), TLS handshake, Certificate \(11\)/.test(text);
  return { resumed: !hasCertificate, protocol, alpn: /ALPN.* server accepted (?:to use )?(\S+)/.exec(text)?.[1] };
}

/** An upload, answered without a header: HTTP/0.9. */
async function exchange(options: ClientOptions, outgoing: Readable, incoming: Writable): Promise<void> {
  const files = new TemporaryFiles();
  try {
    const path = files.path('data');
    await pipeline(outgoing, createWriteStream(path));
    const args = [...commandLine(options, files), '--http0.9', '--header', 'Expect:', '--upload-file', path];
    await pass('curl', [...args, `https://localhost:${options.port}/`], Readable.from([]), incoming);
  } finally {
    files.remove();
  }
}

export const curlPeer: ClientPeer = {
  name: 'curl',
  version: () => versionOf('curl', '--version'),
  connectTwice,
  exchange,
  manner: 'HTTP',
};
