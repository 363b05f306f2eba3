// A TLS echo server whose sessions are in its cache, and which says of each connection whether it was resumed.
//   PORT=8443 node echo-server.mjs      then, twice: openssl s_client -connect localhost:8443 -tls1_2 -reconnect
import { readFileSync } from 'node:fs';
import { createServer } from 'sslctx';
import { makeCertificate } from 'sslctx/testing';

const { CERT, KEY, PORT = '8443' } = process.env;
// Without files of your own: a certificate for today.
const certificate = CERT && KEY ? { cert: readFileSync(CERT), key: readFileSync(KEY) } : makeCertificate();

const server = createServer({
  ...certificate,
  tickets: 'stateful',
  sessionIdContext: 'echo',
  sessionCache: { size: 1000 },
  sessionTimeout: 300, // seconds
});

server.on('secureConnection', (socket) => {
  const { offered, accepted, reason } = socket.resumption;
  console.log(socket.getProtocol(), accepted ? 'resumed' : offered ? `full handshake: ${reason}` : 'full handshake');
  socket.on('error', (error) => console.log('lost:', error.message));
  socket.pipe(socket);
});
server.on('tlsClientError', (error) => console.log('no handshake:', error.message));
server.context.on('removeSession', (session, reason) => console.log('session of', session.protocol, reason));

server.listen(Number(PORT), () => console.log('listening on', server.address().port));
process.on('SIGTERM', () => server.close());
