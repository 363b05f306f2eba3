// A server with four threads for which there is one processor: three of them are held up, and the fourth serves.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { connect, createServer } from '../../../src/index.ts';
import { makeCertificate } from '../../../src/testing/certificate.ts';

const pair = makeCertificate();
const gate = new Int32Array(new SharedArrayBuffer(4));
const file = new URL('../../hazards/scripts/worker.mjs', import.meta.url);
const workerData = { script: new URL('serve.ts', import.meta.url).href, gate };
const server = createServer({ ...pair, workers: { file, count: 4, options: { execArgv: [], workerData } } });
server.listen({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
const { port } = address;

async function say(text: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pair.cert });
  socket.setEncoding('utf8');
  socket.write(text);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return answer;
}

const heldUp = new Set<string>();
const told = (): Promise<void> =>
  new Promise((resolve) => {
    for (const worker of server.workers) {
      worker.once('message', ({ heldUp: thread }) => {
        heldUp.add(`thread ${thread}`);
        resolve();
      });
    }
  });
const held: Promise<string>[] = [];
while (heldUp.size < 3) {
  const next = told();
  held.push(say('hold up'));
  await next;
}
const free = new Set<string>();
for (let count = 0; count < 20; count++) free.add(await say('x'));
assert.equal(free.size, 1);
assert.ok(![...free].some((thread) => heldUp.has(thread)));
Atomics.store(gate, 0, 1);
Atomics.notify(gate, 0);
assert.deepEqual(new Set(await Promise.all(held)), heldUp);
await server[Symbol.asyncDispose]();
process.stdout.write('ok\n');
