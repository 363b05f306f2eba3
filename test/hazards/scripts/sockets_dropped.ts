// Sockets that nobody has any more and nobody has closed; needs --expose-gc.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import * as capi from '../../../src/capi/index.ts';
import { connect, createServer, SslContext, SslSocket } from '../../../src/index.ts';
import { makeCertificate } from '../../../src/testing/certificate.ts';

const pair = makeCertificate();

async function live(): Promise<number | undefined> {
  for (let round = 0; round < 10; round++) {
    globalThis.gc?.();
    await turn();
  }
  return capi.debug.live().SSL;
}

function pipe(): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, callback) {
        other().push(chunk);
        callback();
      },
    });
  const one: Duplex = make(() => two);
  const two: Duplex = make(() => one);
  return [one, two];
}

/** Leaves connections over streams behind: open, in the handshake, with something to write, with something to read. */
async function leave(): Promise<void> {
  const context = new SslContext(pair);
  const clients = new SslContext({ ca: pair.cert });
  for (let count = 0; count < 10; count++) {
    const [one, two] = pipe();
    const server = new SslSocket(one, { context, isServer: true });
    const client = new SslSocket(two, { context: clients, servername: 'localhost' });
    await Promise.all([once(server, 'secure'), once(client, 'secure')]);
    server.write(Buffer.alloc(100_000));
    client.read(1);
    const alone = new SslSocket(new Duplex({ read() {}, write() {} }), { context: clients, servername: 'localhost' });
    alone.write('waits');
    assert.ok((capi.debug.live().SSL ?? 0) >= 3);
    // Those of the rounds before may have been collected already; these not yet.
    assert.ok(![server, client, alone].some((socket) => socket.destroyed));
  }
}
await leave();
assert.equal(await live(), 0);

/** Those on sockets of their own end with their peers. */
async function leaveOpen(): Promise<() => Promise<void>> {
  const server = createServer(pair, (socket) => {
    socket.resume();
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  for (let count = 0; count < 10; count++) {
    const client = connect({ port: address.port, host: '127.0.0.1', servername: 'localhost', ca: pair.cert });
    client.resume();
    await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')]);
  }
  return () => server[Symbol.asyncDispose]();
}
const close = await leaveOpen();
assert.equal(await live(), 20);
await close();
assert.equal(await live(), 0);
process.stdout.write('ok\n');
