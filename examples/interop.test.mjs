// Tests of a server's resumption against the real openssl s_client: node --test interop.test.mjs
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { createServer } from 'sslctx';
import { makeCertificate, sClient, serverSessionIds } from 'sslctx/testing';

// Put the server that you test in its place.
const server = createServer({ ...makeCertificate(), tickets: 'stateful', sessionIdContext: 'shop' }, (socket) => {
  socket.end('hello\n');
});
let port;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address());
});

after(() => server.close());

for (const protocol of ['TLSv1.2', 'TLSv1.3']) {
  const visit = (sessionIn) => sClient({ port, protocol, sessionIn, until: 'closed' });

  test(`${protocol}: a session is resumed`, async () => {
    const first = await visit();
    const second = await visit(first.session);
    assert.equal(first.reused, false);
    assert.equal(second.reused, true);
    assert.match(second.output, /^hello$/m);
  });

  test(`${protocol}: a session that was removed is not`, async () => {
    const first = await visit();
    for (const id of serverSessionIds(first)) server.context.removeSession(server.context.getSession(id));
    assert.equal((await visit(first.session)).reused, false);
  });
}
