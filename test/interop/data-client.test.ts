// 64 MiB from a client of ours to each server, and back, by their checksums.
import { Readable, type Writable } from 'node:stream';
import test from 'ava';
import { cells, credentials } from './cells.ts';
import { Checksum, checksum, checksumOfLines, lines, size, source } from './data.ts';
import { dial } from './own-client.ts';
import { serverPeers } from './peers/servers.ts';
import type { Address, DataServer, Protocol } from './peers/types.ts';

const key = 3;
const sums = {
  'same lines': checksumOfLines(key, false),
  'reversed lines': checksumOfLines(key, true),
  files: checksum(key),
};

/** Sends lines while it receives them. */
function echo({ address }: DataServer, protocol: Protocol, received: Checksum): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = dial(address, protocol);
    const toSend = Readable.from(lines(key), { objectMode: false });
    socket.on('error', reject);
    socket.on('close', () => resolve());
    toSend.on('error', reject);
    toSend.pipe(socket, { end: false });
    socket.on('data', (chunk: Buffer) => {
      received.write(chunk);
      if (received.length >= size) socket.end();
    });
  });
}

/** Sends a request with a body, and gives what follows the header of the answer to `body`. */
async function ask(
  address: Address,
  protocol: Protocol,
  header: string,
  toSend: Readable,
  body?: Writable,
): Promise<string> {
  const socket = dial(address, protocol);
  let answer: Buffer | undefined = Buffer.alloc(0);
  let status = '';
  socket.on('data', (chunk: Buffer) => {
    if (answer === undefined) {
      body?.write(chunk);
      return;
    }
    answer = Buffer.concat([answer, chunk]);
    const end = answer.indexOf('\r\n\r\n');
    if (end < 0) return;
    status = answer.subarray(0, answer.indexOf('\r\n')).toString('latin1');
    body?.write(answer.subarray(end + 4));
    answer = undefined;
  });
  const closed = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
  socket.write(`${header}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  toSend.pipe(socket, { end: false });
  await closed;
  return status;
}

for (const peer of serverPeers) {
  for (const { protocol } of cells.filter(({ mechanism }) => mechanism === 'stateless ticket')) {
    test.serial(`${peer.name}, ${protocol}`, async (t) => {
      const server = await peer.startForData({ protocol, mechanism: 'stateless ticket', credentials: credentials() });
      t.teardown(() => server.stop());
      const received = new Checksum();
      if (server.manner === 'files') {
        const { address } = server;
        const put = `PUT /data HTTP/1.1\r\nContent-Length: ${size}`;
        t.regex(await ask(address, protocol, put, source(key)), / 201 /);
        t.regex(await ask(address, protocol, 'GET /data HTTP/1.1', Readable.from([]), received), / 200 /);
      } else {
        await echo(server, protocol, received);
      }
      t.is(received.length, size);
      t.is(received.digest(), sums[server.manner]);
    });
  }
}
