// openssl s_client.
import type { Readable, Writable } from 'node:stream';
import { type SClientResult, sClient } from '../../../src/testing/index.ts';
import { pass, versionOf } from './program.ts';
import { type ClientOptions, type ClientPeer, request, type Sight } from './types.ts';

async function connectTwice(options: ClientOptions): Promise<[Sight, Sight]> {
  const first = await connect(options, undefined);
  const second = await connect(options, first.session);
  return [sight(first), sight(second)];
}

function connect(options: ClientOptions, sessionIn: string | undefined): Promise<SClientResult> {
  const { port, protocol, ca, credentials, alpn } = options;
  return sClient({
    port,
    protocol,
    ca,
    ...credentials,
    verify: true,
    servername: 'localhost',
    alpn: alpn === undefined ? undefined : [alpn],
    sessionIn,
    send: request,
    until: 'closed',
  });
}

function sight({ reused, protocol, alpn, output }: SClientResult): Sight {
  if (reused === undefined || protocol === undefined) throw new Error(`s_client: no handshake\n${output}`);
  return { resumed: reused, protocol, alpn };
}

/** Verifies nothing: data is all that this is about. */
function exchange({ port, protocol }: ClientOptions, outgoing: Readable, incoming: Writable): Promise<void> {
  const version = protocol === 'TLSv1.2' ? '-tls1_2' : '-tls1_3';
  // -quiet also keeps s_client there when its input ends.
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, version, '-quiet', '-nocommands'];
  return pass('openssl', args, outgoing, incoming);
}

export const sClientPeer: ClientPeer = {
  name: 'openssl s_client',
  version: () => versionOf('openssl', 'version', 'OpenSSL'),
  connectTwice,
  exchange,
  manner: 'at once',
};
