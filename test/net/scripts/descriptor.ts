// A server on descriptor 3, as socket activation gives it. Ends after one connection.
import { createServer } from '../../../src/index.ts';
import { makeCertificate } from '../../../src/testing/certificate.ts';

const server = createServer(makeCertificate(), (socket) => {
  socket.end('hello');
  server.close();
});
server.listen({ fd: 3 });
