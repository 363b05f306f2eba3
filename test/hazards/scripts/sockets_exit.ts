// process.exit in an event of a socket, named by the argument, while others are open.
import { connect as connectTcp } from 'node:net';
import { connect, createServer } from '../../../src/index.ts';
import { makeCertificate } from '../../../src/testing/certificate.ts';

const moment = process.argv[2] ?? '';
const exit = (now: string) => (): void => {
  if (now === moment) process.exit(7);
};

const pair = makeCertificate();
const server = createServer(
  {
    ...pair,
    SNICallback: (_name, callback) => {
      exit('SNICallback')();
      callback(null, null);
    },
  },
  (socket) => {
    exit('secureConnection')();
    socket.on('data', exit('data')).on('end', exit('end')).on('error', exit('error'));
    socket.write(Buffer.alloc(1 << 20), exit('write'));
  },
);
for (const name of ['newSession', 'keylog', 'tlsClientError'] as const) server.on(name, exit(name));
server.listen({ port: 0, host: '127.0.0.1' }, () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  connectTcp({ port, host: '127.0.0.1' }).write(Buffer.of(22, 3, 1, 1, 0, 1));
  connectTcp({ port, host: '127.0.0.1' })
    .on('error', () => {})
    .write('garbage');
  const open = (): void => {
    const client = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pair.cert });
    client.on('session', exit('session')).on('secureConnect', exit('secureConnect'));
    client.write('hello', exit('written'));
    let length = 0;
    client.on('data', (part: Buffer) => {
      length += part.length;
      if (length === 1 << 20) client.end();
    });
    client.on('close', exit('close'));
  };
  for (let count = 0; count < 3; count++) open();
});
