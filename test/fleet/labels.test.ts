// Labels of sockets: set before the handshake where the application has the socket by then, inherited, revoked.
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import test from 'ava';
import { SslContext, SslSocket, TicketKeyRing } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';

for (const protocol of protocols) {
  test(`a label that is set before the handshake is that of its tickets, ${protocol}`, async (t) => {
    const ring = new TicketKeyRing({ secret: TicketKeyRing.generateKey() });
    const context = new SslContext({ ...certificate(), sessionIdContext: 'label', ticketKeyRing: ring });
    let next = 'alice';
    const labels: Array<string | undefined> = [];
    const server = createTcpServer({ allowHalfOpen: true }, (transport) => {
      const socket = new SslSocket(transport, { context, isServer: true });
      socket.setTicketLabel(next);
      socket.once('secure', () => {
        labels.push(socket.ticketLabel);
        socket.end('hello\n');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const address = server.address();
    if (address === null || typeof address === 'string') return t.fail();
    const visit = { port: address.port, protocol, until: 'closed' } as const;

    const first = await sClient(visit);
    // The label of a connection is that of the tickets it gets; TLS 1.2 gives none here. The ticket keeps its own.
    next = 'bob';
    t.true((await sClient({ ...visit, sessionIn: first.session })).reused);
    t.deepEqual(labels, ['alice', protocol === 'TLSv1.2' ? 'alice' : 'bob']);
    ring.revoke('bob');
    t.true((await sClient({ ...visit, sessionIn: first.session })).reused);
    ring.revoke('alice');
    const refused = await sClient({ ...visit, sessionIn: first.session });
    t.true(refused.connected);
    t.false(refused.reused);
    t.is(ring.stats.revoked, 1);
  });
}
