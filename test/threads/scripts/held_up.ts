// A server with four threads, of which three are held up: the fourth serves. With the argument `scarce`, there are no
// descriptors left for what guards the connections when the second thread begins. Says how many guards there are.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from '../../../src/index.ts';
import { makeCertificate } from '../../../src/testing/certificate.ts';
import { Gate, open, threads } from '../serving.ts';

const isScarce = process.argv[2] === 'scarce';
const pair = makeCertificate();
const gate = new Gate();
const workers = threads(isScarce ? 1 : 4, { gate: gate.shared, isScarce });
const server = createServer({ ...pair, workers });
server.listen({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
while (server.workers.length < 4) await server.addWorker();
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
const { port } = address;

async function say(text: string): Promise<string> {
  const socket = open(port, text, { ca: pair.cert });
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
const names = readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim());
gate.release();
assert.deepEqual(new Set(await Promise.all(held)), heldUp);
await server[Symbol.asyncDispose]();
process.stdout.write(`guards: ${names.filter((name) => name === 'sslctx-accept').length}\n`);
