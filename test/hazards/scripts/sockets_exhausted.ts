// A server in a process that may not have many descriptors. Says where it is; ends with its standard input.
import { createServer } from '../../../src/index.ts';
import { makeCertificate } from '../../../src/testing/certificate.ts';

const pair = makeCertificate();
const server = createServer(pair, (socket) => {
  socket.on('error', () => {}).end('hello');
});
server.listen({ port: 0, host: '127.0.0.1' }, () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  process.stdout.write(`${JSON.stringify({ port: address.port, ca: pair.cert })}\n`);
});
process.stdin.on('end', () => server.close()).resume();
