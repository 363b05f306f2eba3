// Two connections of the classes joined in memory.
import { SslConnection, type SslConnectionOptions, SslContext, type SslContextOptions } from '../../src/index.ts';
import { makeCertificate } from '../../src/testing/certificate.ts';

/** Behaviour that differs by version is tested for both. */
export const protocols = ['TLSv1.2', 'TLSv1.3'] as const;
export type Protocol = (typeof protocols)[number];

let shared: { cert: string; key: string } | undefined;

/** One throw-away certificate for the whole test file. */
export function certificate(): { cert: string; key: string } {
  shared ??= makeCertificate();
  return shared;
}

export function serverContext(protocol: Protocol, options: SslContextOptions = {}): SslContext {
  return new SslContext({
    ...certificate(),
    minVersion: protocol,
    maxVersion: protocol,
    sessionIdContext: 'test',
    ...options,
  });
}

/** A client that keeps its sessions to itself: libssl then lets it use one of TLS 1.3 more than once. */
export function clientContext(options: SslContextOptions = {}): SslContext {
  return new SslContext({ ca: certificate().cert, ...options });
}

export interface Pair {
  server: SslConnection;
  client: SslConnection;
}

/** Carries everything over until nobody has anything to say. */
export function transfer({ server, client }: Pair): void {
  for (let turn = 0; turn < 100; turn++) {
    const toServer = client.takeOutput();
    if (toServer !== undefined) server.receive(toServer);
    const toClient = server.takeOutput();
    if (toClient !== undefined) client.receive(toClient);
    if (toServer === undefined && toClient === undefined) return;
  }
  throw new Error('the connections never fall silent');
}

export function makePair(server: SslContext, client: SslContext, options: SslConnectionOptions = {}): Pair {
  return {
    server: new SslConnection(server, { isServer: true }),
    client: new SslConnection(client, { servername: 'localhost', ...options }),
  };
}

/** Runs both handshakes; the client has also taken in its TLS 1.3 tickets. */
export function connect(server: SslContext, client: SslContext, options: SslConnectionOptions = {}): Pair {
  const pair = makePair(server, client, options);
  pair.client.handshake();
  transfer(pair);
  if (!pair.client.isHandshakeDone || !pair.server.isHandshakeDone) throw new Error('the handshake is not done');
  if (pair.client.read() !== undefined) throw new Error('the server has sent data');
  return pair;
}

/** A clean end on both sides, after which libssl keeps the sessions. */
export function close(pair: Pair): void {
  pair.client.shutdown();
  pair.server.shutdown();
  transfer(pair);
  pair.client.read();
  pair.server.read();
  pair.client.free();
  pair.server.free();
}
