// An HTTPS server that ends the TLS sessions of a user who logs out, on all servers that share the store.
//   PORT=8443 node https-logout.mjs      /login?user=ann, /logout?user=ann; a real one would know its users by cookies
import { MemorySessionStore } from 'sslctx';
import { createServer } from 'sslctx/https';
import { makeCertificate } from 'sslctx/testing';

const server = createServer({
  ...makeCertificate(),
  sessionIdContext: 'shop',
  sessionStore: new MemorySessionStore(), // RedisSessionStore, where there are several servers
});

/** Open connections of users: revocation is about the next ones. */
const connections = new Map();

const pages = {
  async '/login'(request, user) {
    const { socket } = request;
    // When this has resolved, `revoke` finds the sessions that the connection has, and those it will get.
    await socket.labelSession(`user:${user}`);
    const own = connections.get(user) ?? new Set();
    connections.set(user, own.add(socket));
    socket.once('close', () => own.delete(socket));
    return `hello ${user}, ${socket.resumption.accepted ? 'resumed' : 'new'}`;
  },
  async '/logout'(request, user) {
    for (const socket of connections.get(user) ?? []) if (socket !== request.socket) socket.destroySoon();
    const count = await server.sessionStore.revoke({ label: `user:${user}` });
    return `${count > 0 ? 'revoked' : 'nothing to revoke'}`;
  },
};

server.on('request', async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'https://localhost');
  const page = pages[pathname];
  try {
    const text = await page?.(request, searchParams.get('user') ?? 'nobody');
    response.writeHead(text === undefined ? 404 : 200, { connection: 'close' }).end(`${text ?? 'not found'}\n`);
  } catch (error) {
    response.writeHead(500, { connection: 'close' }).end(`${error.code}\n`);
  }
});

server.listen(Number(process.env.PORT ?? 8443), () => console.log('listening on', server.address().port));
process.on('SIGTERM', () => server.close());
