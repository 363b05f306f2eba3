// Peers that want work done and memory taken for nothing.
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { createServer, SslSocket } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate, clientContext, serverContext } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';
import { flood } from './programs.ts';

test('key updates without data end the connection, before they cost anything', async (t) => {
  const server = createServer(certificate(), (socket) => socket.end('hello'));
  const port = await listenOn(t, server);
  const accepted = once(server, 'secureConnection');
  const { lines } = flood(t, 'key-updates', port, 100_000);
  t.is((await lines.next()).value, 'connected');
  const [socket]: [SslSocket] = await accepted.then(([one]): [SslSocket] => [one]);
  const [error] = await once(socket, 'error');
  t.is(error.code, 'ERR_SSL_TOO_MANY_KEY_UPDATES');
  // Each is answered with 27 bytes, which this client does not read.
  t.true(socket.bytesWritten < 64 * 27 + 10_000);
  t.true((await sClient({ port, until: /hello/ })).connected);
});

test('64 key updates are no flood', async (t) => {
  const server = createServer(certificate());
  const port = await listenOn(t, server);
  const accepted = once(server, 'secureConnection');
  flood(t, 'key-updates', port, 64);
  const [socket]: [SslSocket] = await accepted.then(([one]): [SslSocket] => [one]);
  const [data] = await once(socket, 'data');
  t.is(String(data), 'the end');
});

/** Two ends in memory; what `held` is told to hold back comes later, in one piece. */
function wire(): { near: Duplex; far: Duplex; hold(): void; release(): void } {
  let held: Buffer[] | undefined;
  const make = (other: () => Duplex, isHeld: boolean): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, callback) {
        if (isHeld && held !== undefined) held.push(chunk);
        else other().push(chunk);
        callback();
      },
      final(callback) {
        other().push(null);
        callback();
      },
    });
  const near: Duplex = make(() => far, true);
  const far: Duplex = make(() => near, false);
  return {
    near,
    far,
    hold: () => {
      held = [];
    },
    release: () => {
      const all = Buffer.concat(held ?? []);
      held = undefined;
      far.push(all);
    },
  };
}

test('a flood of tickets comes in portions, between which the event loop goes on', async (t) => {
  const { near, far, hold, release } = wire();
  const server = new SslSocket(near, { context: serverContext('TLSv1.3'), isServer: true });
  const context = clientContext({ sessionCache: { mode: ['client', 'no-internal'] } });
  const client = new SslSocket(far, { context, servername: 'localhost' });
  let tickets = 0;
  client.on('session', () => tickets++);
  client.resume();
  await Promise.all([once(server, 'secure'), once(client, 'secure')]);
  hold();
  const bytes = server.bytesWritten;
  for (let count = 0; count < 2000; count++) server.issueTicket();
  await new Promise((resolve) => server.write('the end', resolve));
  const size = (server.bytesWritten - bytes) / 2000;
  const ended = once(client, 'data');
  release();
  let most = 0;
  for (let seen = 0, isOver = false; !isOver; ) {
    isOver = await Promise.race([turn(false), ended.then(() => true)]);
    most = Math.max(most, tickets - seen);
    seen = tickets;
  }
  t.true(tickets >= 2000);
  // What libssl reads in one call, and what it holds already.
  t.true(most < (2 * 65_536 + 20_000) / size, `${most} at once`);
  server.destroy();
  client.destroy();
});
