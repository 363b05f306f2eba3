// Real sockets: resumption by ID and by ticket, early data, a ring of ticket keys that changes, and peers that behave badly.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect, createServer, type SslServer, type SslServerOptions, type SslSession } from '../../src/index.ts';
import { TicketKeyRing } from '../../src/ticket-key-ring.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { collect, expect } from './collect.ts';

const { cert: ca } = certificate();
const text = Buffer.alloc(50_000, 'text');

async function listen(options: SslServerOptions): Promise<{ server: SslServer; port: number }> {
  const server = createServer({ ...certificate(), ...options }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.on('tlsClientError', () => {});
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

/** Says something, hears it again. */
async function visit(port: number, options: { session?: SslSession | Buffer; earlyData?: Buffer } = {}) {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options });
  let session: SslSession | undefined;
  let heard = 0;
  socket.on('session', (made: SslSession) => {
    session = made;
  });
  socket.on('data', (data: Buffer) => {
    heard += data.length;
  });
  socket.end(text);
  await once(socket, 'close');
  expect(heard, text.length + (options.earlyData?.length ?? 0), 'bytes that have come back');
  return { session, isResumed: socket.resumption.accepted, earlyData: socket.earlyData };
}

async function badPeers(port: number): Promise<void> {
  const hello = Buffer.from('160301010001000100', 'hex');
  for (const bytes of [Buffer.of(), Buffer.alloc(300, 'garbage'), hello, Buffer.from('15030300020128', 'hex')]) {
    const polite = connectTcp({ port, host: '127.0.0.1' }).on('error', () => {});
    polite.resume().end(bytes);
    await once(polite, 'close');
    const rude = connectTcp({ port, host: '127.0.0.1' }).on('error', () => {});
    await once(rude, 'connect');
    await new Promise((resolve) => rude.write(bytes, resolve));
    rude.resetAndDestroy();
  }
  const distrustful = connect({ port, host: '127.0.0.1', servername: 'localhost' });
  const [error] = await once(distrustful, 'error');
  expect(typeof error.code, 'string', 'the code of a refusal');
  const leaving = connect({ port, host: '127.0.0.1', servername: 'localhost', ca });
  await once(leaving, 'secure');
  leaving.write(text);
  leaving.destroy();
}

for (const protocol of protocols) {
  for (const tickets of ['stateful', 'stateless'] as const) {
    const { server, port } = await listen({ minVersion: protocol, maxVersion: protocol, tickets });
    const { session } = await visit(port);
    if (session === undefined) throw new Error('no session');
    expect((await visit(port, { session })).isResumed, true, `resumption, ${protocol} ${tickets}`);
    await badPeers(port);
    await collect();
    await server[Symbol.asyncDispose]();
  }
}

const early = await listen({ maxEarlyData: 16_384, minVersion: 'TLSv1.3' });
const session = (await visit(early.port)).session?.toDER();
if (session === undefined) throw new Error('no session');
expect((await visit(early.port, { session, earlyData: Buffer.from('early') })).earlyData, 'accepted', 'early data');
await early.server[Symbol.asyncDispose]();

const ring = new TicketKeyRing({ keys: Buffer.alloc(80, 1) });
const ringed = await listen({ ticketKeyRing: ring });
const ticket = (await visit(ringed.port)).session?.toDER();
if (ticket === undefined) throw new Error('no session');
ring.rotate(Buffer.alloc(80, 2));
expect((await visit(ringed.port, { session: ticket })).isResumed, true, 'a ticket of the key before');
await ringed.server[Symbol.asyncDispose]();
await collect();
