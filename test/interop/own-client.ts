// A client of ours, and what it saw.
import { once } from 'node:events';
import {
  type ConnectOptions,
  connect,
  type SslContextOptions,
  type SslSession,
  type SslSocket,
} from '../../src/index.ts';
import { credentials } from './cells.ts';
import { type Address, type Protocol, type RunningServer, request } from './peers/types.ts';
import { look, type OwnSight } from './socket.ts';

/** What contexts of clients have in common. */
export function contextOptions(protocol: Protocol): SslContextOptions {
  return { ca: credentials().cert, minVersion: protocol, maxVersion: protocol };
}

/** Connects as `localhost`, and verifies the server. */
export function dial(address: Address, protocol: Protocol, more: ConnectOptions = {}): SslSocket {
  const common = more.context === undefined ? contextOptions(protocol) : {};
  return connect({ ...address, servername: 'localhost', ...common, ...more });
}

/** What a client saw of one connection. */
export interface Visit {
  sight: OwnSight;
  /** The latest, when there is one. */
  session: SslSession | undefined;
  /** What the server said. */
  answer: string;
}

/** One connection, with a question, and its answer where the server gives one. */
export async function visit(server: RunningServer, protocol: Protocol, more: ConnectOptions = {}): Promise<Visit> {
  const socket = dial(server.address, protocol, more);
  let session: SslSession | undefined;
  let answer = '';
  const told = once(socket, 'session');
  // Not every connection has one.
  told.catch(() => {});
  socket.on('session', (each: SslSession) => {
    session = each;
  });
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  const closed = once(socket, 'close');
  await once(socket, 'secureConnect');
  const sight = look(socket);
  socket.write(request);
  if (!server.answers) {
    // It has tickets to send, unless a session is resumed by its ID.
    if (!(sight.resumed && protocol === 'TLSv1.2')) await told;
    socket.end();
  }
  await closed;
  return { sight, session, answer };
}
