// Two workers of node:cluster on one port, with one set of ticket keys. Prints the port, and a line for each connection.
// Ends with its input, and by itself.
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { createServer } from '../../../src/index.ts';
import { makeCertificate } from '../../../src/testing/certificate.ts';

if (cluster.isPrimary) {
  const { cert, key } = makeCertificate();
  const environment = { CERT: cert, KEY: key, TICKETS: randomBytes(80).toString('hex') };
  let missing = 2;
  cluster.on('listening', (_worker, { port }) => {
    missing -= 1;
    if (missing === 0) console.log(`port ${port}`);
  });
  for (const _ of [1, 2]) cluster.fork(environment);
  cluster.on('exit', (_worker, code) => {
    process.exitCode = Number(process.exitCode ?? 0) || (code ?? 1);
  });
  process.stdin.resume().on('end', () => cluster.disconnect());
} else {
  const { CERT: cert, KEY: key, TICKETS = '' } = process.env;
  const server = createServer({ cert, key, sessionIdContext: 'cluster', ticketKeys: Buffer.from(TICKETS, 'hex') });
  server.on('secureConnection', (socket) => {
    console.log(`worker ${cluster.worker?.id} resumed ${socket.isSessionReused()} from ${socket.remoteAddress}`);
    socket.end('hello\n');
  });
  server.listen(Number(process.argv[2]), '127.0.0.1');
}
