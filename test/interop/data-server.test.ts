// 64 MiB from each client to a server of ours, and 64 MiB back, by their checksums.
import test from 'ava';
import type { SslSocket } from '../../src/index.ts';
import { cells, credentials, serverOptions } from './cells.ts';
import { Checksum, checksum, size, source } from './data.ts';
import { withServer } from './own-server.ts';
import { clientPeers } from './peers/clients.ts';
import type { Manner } from './peers/types.ts';

const [toServer, toClient] = [1, 2];
const sums = { toServer: checksum(toServer), toClient: checksum(toClient) };

/** Takes `size` bytes, gives as many, and ends. */
function exchange(socket: SslSocket, manner: Manner, received: Checksum): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    const toSend = source(toClient).on('error', reject);
    let waiting = 2;
    const done = (): void => {
      waiting--;
      if (waiting === 0) socket.end(resolve);
    };
    const send = (): void => {
      toSend.pipe(socket, { end: false });
      toSend.on('end', done);
    };
    if (manner === 'at once') send();
    let header: Buffer | undefined = manner === 'HTTP' ? Buffer.alloc(0) : undefined;
    socket.on('data', (chunk: Buffer) => {
      let data = chunk;
      if (header !== undefined) {
        header = Buffer.concat([header, chunk]);
        const end = header.indexOf('\r\n\r\n');
        if (end < 0) return;
        data = header.subarray(end + 4);
        header = undefined;
      }
      received.write(data);
      // Some clients do not end before they have everything.
      if (received.length < size) return;
      done();
      if (manner !== 'at once') send();
    });
  });
}

// One after the other: each takes all the time there is.
for (const peer of clientPeers) {
  for (const { protocol } of cells.filter(({ mechanism }) => mechanism === 'stateless ticket')) {
    test.serial(`${peer.name}, ${protocol}`, async (t) => {
      const options = { ...serverOptions({ protocol, mechanism: 'stateless ticket' }), allowHalfOpen: true };
      const received = { server: new Checksum(), client: new Checksum() };
      let served: Promise<void> = Promise.resolve();
      const serve = (socket: SslSocket): void => {
        served = exchange(socket, peer.manner, received.server);
      };
      await withServer(options, serve, async ({ port }) => {
        const client = { port, protocol, ca: credentials().cert };
        await peer.exchange(client, source(toServer), received.client);
        await served;
      });
      t.is(received.server.length, size);
      t.is(received.client.length, size);
      t.is(received.server.digest(), sums.toServer);
      t.is(received.client.digest(), sums.toClient);
    });
  }
}
