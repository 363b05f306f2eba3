// Servers that share their sessions in Redis: start two, resume the session of one at the other.
//   REDIS_URL=redis://localhost:6379 STORE_KEY=<64 hexadecimal digits> PORT=8443 node redis-store.mjs
import { Redis } from 'ioredis';
import { createServer, RedisSessionStore } from 'sslctx';
import { makeCertificate } from 'sslctx/testing';

const { REDIS_URL = 'redis://localhost:6379', STORE_KEY = '', PORT = '8443' } = process.env;
const client = new Redis(REDIS_URL);
// What lies in Redis is encrypted with a key that all servers have and Redis has not.
const keys = Buffer.from(STORE_KEY, 'hex');
const sessionStore = new RedisSessionStore({ client, keys, prefix: 'example:' });

const server = createServer({ ...makeCertificate(), sessionIdContext: 'shop', sessionStore }, (socket) => {
  socket.on('error', () => {});
  socket.end(`${socket.isSessionReused() ? 'resumed' : 'new'}, from ${process.pid}\n`);
});
// Until the lease of this server is in Redis, its handshakes are full ones.
await server.sessionStore.ready;
server.listen(Number(PORT), () => console.log('listening on', server.address().port));

process.on('SIGTERM', async () => {
  server.close();
  await server.sessionStore.close();
  client.disconnect();
});
