// In a worker: a server with connections in all states, which says so and goes on until somebody ends the thread.
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { connect, createServer, type SslSocket } from '../../../src/index.ts';
import { makeCertificate } from '../../../src/testing/certificate.ts';

const chunk = Buffer.alloc(100_000);

function flood(socket: SslSocket): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('error', () => {});
  socket.on('data', () => {});
  socket.on('drain', write);
  write();
}

const pair = makeCertificate();
// Every other name waits for a context that never comes.
const server = createServer(
  { ...pair, SNICallback: (name, callback) => name === 'localhost' && callback(null, null) },
  flood,
);
server.on('newSession', () => {});
server.listen({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
const { port } = address;
for (const servername of ['localhost', 'localhost', 'never']) {
  const client = connect({ port, host: '127.0.0.1', servername, ca: pair.cert });
  client.on('secure', () => flood(client)).on('error', () => {});
}
// To a port where nobody answers to the hello.
connect({ port: workerData.data.silent, host: '127.0.0.1', ca: pair.cert }).on('error', () => {});
await once(server, 'secureConnection');
parentPort?.postMessage({ port, ca: pair.cert });
