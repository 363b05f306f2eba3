// What can be revoked, and where.
import { once } from 'node:events';
import test from 'ava';
import {
  attachSessionStore,
  createServer,
  MemorySessionStore,
  type SessionStore,
  SslContext,
  SslSession,
} from '../../src/index.ts';
import { makeCertificate } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { fail, type Listening, listen, visit } from './servers.ts';

const certificateOf = (commonName: string) => makeCertificate({ commonName, client: true });
const noContext = { cert: undefined, key: undefined, sessionIdContext: undefined };

for (const protocol of protocols) {
  test(`the sessions of one client certificate, ${protocol}`, async (t) => {
    const [alice, bob] = [certificateOf('alice'), certificateOf('bob')];
    const sessionStore = new MemorySessionStore();
    const fingerprints = new Set<string>();
    const options = { sessionStore, requestCert: true, ca: [alice.cert, bob.cert] };
    const listening = await listen(t, options, (socket) => {
      fingerprints.add(socket.getPeerCertificate().fingerprint256 ?? '');
      socket.end('hello\n');
    });
    const first = await visit(listening, protocol, undefined, alice);
    const [fingerprint = ''] = fingerprints;
    const other = await visit(listening, protocol, undefined, bob);
    t.true((await visit(listening, protocol, first.session, alice)).reused);
    const store = listening.server.sessionStore;
    t.true((await store?.revoke({ fingerprint: fingerprint.toLowerCase() })) !== 0);
    t.false((await visit(listening, protocol, first.session, alice)).reused);
    t.true((await visit(listening, protocol, other.session, bob)).reused);
  });

  test(`the sessions that a function selects, ${protocol}`, async (t) => {
    const listening = await listen(t, { sessionStore: new MemorySessionStore() });
    const sessions = [
      await visit(listening, protocol),
      await visit(listening, protocol, undefined, { ciphers: 'ALL' }),
    ];
    const suites = protocol === 'TLSv1.3' ? { ciphersuites: 'TLS_CHACHA20_POLY1305_SHA256' } : { ciphers: 'AES128' };
    const special = await visit(listening, protocol, undefined, suites);
    const name = SslSession.fromPEM(special.session ?? '').cipher?.name;
    const count = await listening.server.sessionStore?.revoke(({ session }) => session.cipher?.name === name);
    t.is(count, protocol === 'TLSv1.3' ? 2 : 1);
    t.false((await visit(listening, protocol, special.session, suites)).reused);
    for (const { session } of sessions) t.true((await visit(listening, protocol, session)).reused);
  });

  test(`the internal caches of all servers are cleared of it, ${protocol}`, async (t) => {
    const sessionStore = new MemorySessionStore();
    const make = (): Promise<Listening> =>
      listen(t, { sessionStore, sessionCache: { mode: ['server'] } }, (socket) => {
        socket.labelSession('alice').then(() => socket.end('hello\n'), fail(t));
      });
    const [one, two] = [await make(), await make()];
    const first = await visit(one, protocol);
    t.true((await visit(one, protocol, first.session)).reused);
    t.is(one.server.sessionStore?.statistics.lookups, 0, 'from the internal cache');
    t.true((await visit(two, protocol, first.session)).reused, 'from the store');
    const inside = one.server.context.stats.number + two.server.context.stats.number;
    t.true(inside > 0);
    await two.server.sessionStore?.revoke({ label: 'alice' });
    t.is(one.server.context.stats.number + two.server.context.stats.number, 0);
    for (const server of [one, two]) t.false((await visit(server, protocol, first.session)).reused);
  });

  test(`virtual hosts on one store do not share sessions, ${protocol}`, async (t) => {
    const sessionStore = new MemorySessionStore();
    const { server, port } = await listen(t, { sessionStore });
    server.addContext('a.example', certificate());
    const own = new MemorySessionStore();
    const context = new SslContext({ ...certificate(), sessionIdContext: 'b' });
    const store = attachSessionStore(context, own);
    server.addContext('b.example', context);
    const go = (servername: string, session?: string) =>
      visit({ server, port }, protocol, session, { servername }).then((result) => store.flush().then(() => result));
    const [a, b] = [await go('a.example'), await go('b.example')];
    t.true(own.size > 0, 'a context with a store of its own');
    t.true((await go('a.example', a.session)).reused);
    t.true((await go('b.example', b.session)).reused);
    t.false((await go('b.example', a.session)).reused);
    t.false((await go('c.example', a.session)).reused);
  });
}

test('as long as a server does not hear revocations it resumes nothing', async (t) => {
  let fails = true;
  const inner = new MemorySessionStore();
  const sessionStore: SessionStore = {
    idKeys: inner.idKeys,
    get: (id, context) => inner.get(id, context),
    set: (entry) => inner.set(entry),
    delete: (id) => inner.delete(id),
    subscribe: (listener) => (fails ? Promise.reject(new Error('not yet')) : inner.subscribe(listener)),
  };
  const context = new SslContext({ ...certificate(), sessionIdContext: 'x' });
  const store = attachSessionStore(context, sessionStore, { retryAfter: 1, internalCache: true });
  t.teardown(() => store.close());
  const server = createServer({ context }, (socket) => socket.end('hello\n'));
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  t.teardown(() => server[Symbol.asyncDispose]());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const first = await visit({ server, port }, 'TLSv1.3');
  t.false((await visit({ server, port }, 'TLSv1.3', first.session)).reused);
  t.is(context.stats.number, 0, 'not from the internal cache either');
  t.like(store.statistics, { skipped: 1, hits: 0 });
  fails = false;
  await store.ready;
  t.true((await visit({ server, port }, 'TLSv1.3', first.session)).reused);
  t.not(context.stats.number, 0, 'the cache has its mode again');
});

test('a session that libssl removes is deleted from the store', async (t) => {
  const sessionStore = new MemorySessionStore();
  const listening = await listen(t, { sessionStore }, (socket) => {
    socket.on('error', () => {});
    socket.destroy(new Error('enough'));
  });
  const first = await visit(listening, 'TLSv1.2');
  t.is(sessionStore.size, 0);
  t.like(listening.server.sessionStore?.statistics, { writes: 1, deletes: 1 });
  t.false((await visit(listening, 'TLSv1.2', first.session)).reused);
});

test('a label on a connection that has none of it', async (t) => {
  const errors: unknown[] = [];
  const listening = await listen(t, { tickets: 'stateful' }, (socket) => {
    socket.labelSession('x').then(
      () => t.fail(),
      (error: unknown) => {
        errors.push(error);
        socket.end('hello\n');
      },
    );
  });
  await visit(listening, 'TLSv1.3');
  t.like(errors, [{ code: 'ERR_SSLCTX_STATE' }]);
});

test('after a revocation somebody else may log in on the same connection', async (t) => {
  const sessionStore = new MemorySessionStore();
  const listening = await listen(t, { sessionStore }, (socket) => {
    const relabel = async (): Promise<void> => {
      await socket.labelSession('alice');
      await listening.server.sessionStore?.revoke({ label: 'alice' });
      socket.issueTicket();
      socket.write('no session\n');
      await listening.server.sessionStore?.flush();
      t.is(sessionStore.size, 0, 'a ticket of a connection whose label is revoked');
      await socket.labelSession('bob');
      socket.issueTicket();
      socket.end('hello\n');
    };
    relabel().catch(fail(t));
  });
  const first = await visit(listening, 'TLSv1.3');
  t.is(sessionStore.size, 1);
  t.true((await listening.server.sessionStore?.revoke({ label: 'bob' })) === 1);
  t.false((await visit(listening, 'TLSv1.3', first.session)).reused);
});

test('what a store cannot do is said at once', async (t) => {
  const bare: SessionStore = { get: () => undefined, set: () => {}, delete: () => {} };
  const make = () => new SslContext({ ...certificate(), sessionIdContext: 'x' });
  const invalid = { code: 'ERR_INVALID_ARG_VALUE' };
  t.throws(() => attachSessionStore(make(), bare, { singleUse: true }), invalid);
  t.throws(() => attachSessionStore(make(), bare, { idKeys: [Buffer.alloc(5)] }), invalid);
  t.throws(() => attachSessionStore(make(), bare, { lookupTimeout: 0 }), { code: 'ERR_OUT_OF_RANGE' });
  const wrong: SessionStore = Object.assign(Object.create(null), { get: 1 });
  t.throws(() => attachSessionStore(make(), wrong), { code: 'ERR_INVALID_ARG_TYPE' });
  const context = make();
  const store = attachSessionStore(context, bare);
  t.throws(() => attachSessionStore(context, bare), { code: 'ERR_SSLCTX_STATE' });
  await t.throwsAsync(store.revoke({ label: 'x' }), invalid);
  await t.throwsAsync(
    store.revoke(() => true),
    invalid,
  );
  await t.throwsAsync(store.revoke({ fingerprint: 'x' }), invalid);
  t.is(await store.revoke(Buffer.alloc(32)), 1);
  await t.throwsAsync(listen(t, { sessionStore: bare, tickets: 'stateless' }), invalid);
  const failing: SessionStore = { ...bare, delete: () => Promise.reject(new Error('no')) };
  const other = attachSessionStore(make(), failing);
  await t.throwsAsync(other.revoke(Buffer.alloc(32)), { code: 'ERR_SSLCTX_STORE' });
  await listen(t, { context, ...noContext });
});
