// node:tls, on Node's own OpenSSL.
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Address, DataServer, RunningServer, ServerOptions, ServerPeer, Sight } from './types.ts';

function optionsOf({ protocol, mechanism, credentials, clientCa, alpn }: ServerOptions): TlsOptions {
  return {
    ...credentials,
    minVersion: protocol,
    maxVersion: protocol,
    sessionIdContext: 'interop',
    ...(mechanism === 'stateless ticket' ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  };
}

async function listen(server: Server): Promise<{ address: Address; stop(): Promise<void> }> {
  const sessions = new Map<string, Buffer>();
  // It keeps no sessions by itself.
  server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
    sessions.set(id.toString('hex'), session);
    done();
  });
  server.on('resumeSession', (id: Buffer, done: (error: null, session: Buffer | null) => void) => {
    done(null, sessions.get(id.toString('hex')) ?? null);
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const stop = async (): Promise<void> => {
    server.close();
    await once(server, 'close');
  };
  return { address: { host: '127.0.0.1', port: address.port }, stop };
}

async function start(options: ServerOptions): Promise<RunningServer> {
  const seen: Sight[] = [];
  const server = createServer(optionsOf(options), (socket) => {
    seen.push(sight(socket));
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nok\n'));
  });
  return { ...(await listen(server)), answers: true, sights: () => Promise.resolve(seen) };
}

function sight(socket: TLSSocket): Sight {
  return {
    resumed: socket.isSessionReused(),
    protocol: socket.getProtocol() ?? '',
    alpn: socket.alpnProtocol || undefined,
    subject: socket.getPeerX509Certificate()?.subject,
  };
}

async function startForData(options: ServerOptions): Promise<DataServer> {
  const server = createServer(optionsOf(options), (socket) => socket.pipe(socket));
  return { ...(await listen(server)), manner: 'same lines' };
}

export const nodeServerPeer: ServerPeer = {
  name: 'node:tls',
  version: () => Promise.resolve(`Node ${process.versions.node} with OpenSSL ${process.versions.openssl}`),
  start,
  startForData,
};
