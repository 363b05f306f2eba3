// Workers with servers and live connections are terminated, or end by themselves in the middle of an event.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import * as capi from '../../../src/capi/index.ts';
import { startWorker } from '../worker.ts';

const rounds = Number(process.argv[2] ?? 5);

function held(): unknown {
  return {
    objects: capi.debug.live(),
    descriptors: readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd').length,
  };
}

async function round(silent: number, index: number): Promise<void> {
  const worker = startWorker('sockets_worker', { silent });
  const ended = once(worker, 'exit');
  const [{ port, ca }] = await once(worker, 'message');
  const raw = connectTcp({ port, host: '127.0.0.1' });
  raw.write(Buffer.of(22, 3, 1, 1, 0, 1));
  const client = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca });
  const closed = [raw, client].map((socket) => {
    // A reset, when the thread has not read all.
    socket.on('error', () => {}).resume();
    return new Promise((resolve) => socket.on('close', resolve));
  });
  await once(client, 'secureConnect');
  // At another moment each time.
  for (let turns = 0; turns < index * 7; turns++) await turn();
  await worker.terminate();
  await ended;
  await Promise.all(closed);
}

const silent = createServer((socket) => socket.on('error', () => {}).resume());
silent.listen(0, '127.0.0.1');
await once(silent, 'listening');
const address = silent.address();
if (address === null || typeof address === 'string') throw new Error('no port');
await round(address.port, 0);
const before = held();
for (let index = 0; index < rounds; index++) await round(address.port, index);
for (let turns = 0; turns < 50; turns++) await turn();
assert.deepEqual(held(), before);
silent.close();
process.stdout.write('ok\n');
