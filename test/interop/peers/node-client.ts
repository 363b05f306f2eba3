// node:tls, on Node's own OpenSSL.
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { type ClientOptions, type ClientPeer, request, type Sight } from './types.ts';

function connect({ port, protocol, ca, credentials, alpn }: ClientOptions, more: ConnectionOptions = {}): TLSSocket {
  return connectTls({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca,
    minVersion: protocol,
    maxVersion: protocol,
    ...credentials,
    ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
    ...more,
  });
}

async function connectTwice(options: ClientOptions): Promise<[Sight, Sight]> {
  const first = await visit(options);
  const second = await visit(options, first.session);
  return [first.sight, second.sight];
}

async function visit(options: ClientOptions, session?: Buffer): Promise<{ sight: Sight; session: Buffer | undefined }> {
  const socket = connect(options, session === undefined ? {} : { session });
  const ended = once(socket, 'end');
  let latest: Buffer | undefined;
  socket.on('session', (each) => {
    latest = each;
  });
  await once(socket, 'secureConnect');
  const sight = {
    resumed: socket.isSessionReused(),
    protocol: socket.getProtocol() ?? '',
    alpn: socket.alpnProtocol || undefined,
  };
  socket.end(request);
  socket.resume();
  await ended;
  return { sight, session: latest };
}

async function exchange(options: ClientOptions, outgoing: Readable, incoming: Writable): Promise<void> {
  const socket = connect(options);
  await Promise.all([pipeline(outgoing, socket), pipeline(socket, incoming)]);
}

export const nodeClientPeer: ClientPeer = {
  name: 'node:tls',
  version: () => Promise.resolve(`Node ${process.versions.node} with OpenSSL ${process.versions.openssl}`),
  connectTwice,
  exchange,
  manner: 'at once',
};
