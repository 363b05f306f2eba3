// A server, which says its port and ends with its input; with a port as argument, a client of that one.
import { once } from 'node:events';
import { connect, createServer } from '../../../src/index.ts';
import { makeCertificate } from '../../../src/testing/index.ts';

const [port] = process.argv.slice(2);
if (port === undefined) {
  const server = createServer({ ...makeCertificate(), sessionIdContext: 'test' }, (socket) => socket.end('hello\n'));
  server.on('tlsClientError', () => {});
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  console.log(address.port);
  process.stdin.resume().once('end', () => server.close());
} else {
  const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
  socket.resume();
  await once(socket, 'close');
}
