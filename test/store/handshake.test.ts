// Handshakes that wait for a store.
import { once } from 'node:events';
import { connect } from 'node:tls';
import test from 'ava';
import { attachSessionStore, SslContext, SslSession } from '../../src/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { HeldStore } from './held.ts';
import { fail, listen, visit } from './servers.ts';

for (const protocol of protocols) {
  test(`clients that ask for one session share one request, ${protocol}`, async (t) => {
    const sessionStore = new HeldStore();
    const listening = await listen(t, { sessionStore, lookupTimeout: 60_000 });
    const first = await visit(listening, protocol);
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    sessionStore.answer = (_id, honest) => released.then(() => honest);
    const clients = [1, 2, 3].map(() => visit(listening, protocol, first.session));
    const statistics = () => listening.server.sessionStore?.statistics;
    while (statistics()?.lookups !== 3) await new Promise(setImmediate);
    release();
    for (const { reused } of await Promise.all(clients)) t.true(reused);
    t.is(sessionStore.lookups, 1);
    t.like(statistics(), { lookups: 3, hits: 3, shared: 2 });
  });

  test(`a client that leaves while its handshake waits, ${protocol}`, async (t) => {
    const sessionStore = new HeldStore();
    const listening = await listen(t, { sessionStore, lookupTimeout: 60_000 });
    const first = await visit(listening, protocol);
    let release = (): void => {};
    sessionStore.answer = (_id, honest) =>
      new Promise((resolve) => {
        release = () => resolve(honest);
      });
    const { port } = listening;
    const session = Buffer.from(first.session ?? '');
    const der = SslSession.fromPEM(session).toDER();
    const client = connect({ port, host: '127.0.0.1', session: der, rejectUnauthorized: false });
    client.on('error', () => {});
    await sessionStore.asked(1);
    const lost = once(listening.server, 'tlsClientError');
    client.destroy();
    await once(client, 'close');
    release();
    await lost;
    sessionStore.answer = (_id, honest) => honest;
    // That one may be gone: libssl drops the session of a handshake that fails.
    const next = await visit(listening, protocol);
    t.true((await visit(listening, protocol, next.session)).reused, 'others are served');
  });

  test(`a server that is closed while handshakes wait, ${protocol}`, async (t) => {
    const sessionStore = new HeldStore();
    const listening = await listen(t, { sessionStore, lookupTimeout: 60_000 });
    const first = await visit(listening, protocol);
    let release = (): void => {};
    sessionStore.answer = (_id, honest) =>
      new Promise((resolve) => {
        release = () => resolve(honest);
      });
    const waiting = visit(listening, protocol, first.session);
    await sessionStore.asked(1);
    await listening.server[Symbol.asyncDispose]();
    release();
    t.false((await waiting).connected);
  });

  test(`what a store answers is checked, ${protocol}`, async (t) => {
    const sessionStore = new HeldStore();
    const listening = await listen(t, { sessionStore });
    const first = await visit(listening, protocol);
    const other = await visit(listening, protocol);
    const { value: foreign } = await sessionStore.entries().next();
    const answers: Array<[string, HeldStore['answer']]> = [
      ['nothing', () => null],
      ['garbage', () => Buffer.from('garbage')],
      ['empty', () => Buffer.alloc(0)],
      ['cut off', (_id, honest) => honest?.subarray(0, -1)],
      ['longer', (_id, honest) => Buffer.concat([honest ?? Buffer.alloc(0), Buffer.of(0)])],
      ['rejects', () => Promise.reject(new Error('no'))],
      [
        'throws',
        () => {
          throw new Error('no');
        },
      ],
    ];
    for (const [name, answer] of answers) {
      sessionStore.answer = answer;
      const result = await visit(listening, protocol, first.session);
      t.true(result.connected, name);
      t.false(result.reused, name);
    }
    if (!foreign) return t.fail();
    sessionStore.answer = () => foreign.data;
    const swapped = await visit(listening, protocol, other.session);
    t.true(swapped.connected && !swapped.reused, 'the session of another ID');
    sessionStore.answer = (_id, honest) => honest;
    t.true((await visit(listening, protocol, first.session)).reused);
  });

  test(`a session that is revoked while a handshake asks for it, ${protocol}`, async (t) => {
    const sessionStore = new HeldStore();
    const listening = await listen(t, { sessionStore, lookupTimeout: 60_000 }, (socket) => {
      socket.labelSession('alice').then(() => socket.end('hello\n'), fail(t));
    });
    const first = await visit(listening, protocol);
    let release = (): void => {};
    sessionStore.answer = (_id, honest) =>
      new Promise((resolve) => {
        release = () => resolve(honest);
      });
    const before = sessionStore.lookups;
    const second = visit(listening, protocol, first.session);
    await sessionStore.asked(before + 1);
    sessionStore.answer = (_id, honest) => honest;
    const store = listening.server.sessionStore;
    t.is(await store?.revoke({ label: 'alice' }), protocol === 'TLSv1.3' ? 2 : 1);
    release();
    const { connected, reused } = await second;
    t.true(connected);
    t.false(reused, 'the store answered with what it had before');
  });
}

test('HelloRetryRequest: the store is asked once, and the session holds', async (t) => {
  for (const singleUse of [false, true]) {
    const sessionStore = new HeldStore();
    const context = new SslContext({ ...certificate(), ecdhCurve: 'P-256', sessionIdContext: 'hrr' });
    const store = attachSessionStore(context, sessionStore, { singleUse });
    const listening = await listen(t, { context, cert: undefined, key: undefined, sessionIdContext: undefined });
    const args = ['-groups', 'X25519:P-256', '-msg'];
    const first = await visit(listening, 'TLSv1.3', undefined, { args });
    await store.flush();
    const second = await visit(listening, 'TLSv1.3', first.session, { args });
    t.is(second.output.match(/>>> TLS 1\.3, Handshake \[length [0-9a-f]+\], ClientHello/g)?.length, 2);
    t.true(second.reused);
    t.is(sessionStore.lookups, 1);
  }
});

test('a session that is good for one use is resumed once, on whichever server', async (t) => {
  const sessionStore = new HeldStore();
  const servers = await Promise.all(
    [1, 2].map(async () => {
      const context = new SslContext({ ...certificate(), sessionIdContext: 'once' });
      attachSessionStore(context, sessionStore, { singleUse: true });
      return listen(t, { context, cert: undefined, key: undefined, sessionIdContext: undefined });
    }),
  );
  const [one, two] = servers;
  if (one === undefined || two === undefined) return t.fail();
  const first = await visit(one, 'TLSv1.3');
  const results = await Promise.all([one, two, one, two].map((each) => visit(each, 'TLSv1.3', first.session)));
  t.is(results.filter(({ reused }) => reused).length, 1);
});

test('early data is accepted once, on whichever server', async (t) => {
  const sessionStore = new HeldStore();
  const options = { sessionStore, maxEarlyData: 1000 };
  const seen: string[] = [];
  const [one, two] = await Promise.all(
    [1, 2].map(() =>
      listen(t, options, (socket) => {
        socket.on('data', (data: Buffer) => {
          if (socket.isEarly) seen.push(String(data));
        });
        socket.on('end', () => socket.end());
        socket.on('error', () => {});
      }),
    ),
  );
  if (one === undefined || two === undefined) return t.fail();
  const first = await visit(one, 'TLSv1.3', undefined, { until: undefined });
  const earlyData = Buffer.from('early');
  const second = await visit(two, 'TLSv1.3', first.session, { earlyData, until: undefined });
  t.true(second.reused);
  t.regex(second.output, /Early data was accepted/);
  for (const server of [one, two]) {
    const replay = await visit(server, 'TLSv1.3', first.session, { earlyData, until: undefined });
    t.false(replay.reused);
    t.regex(replay.output, /Early data was rejected/);
  }
  t.deepEqual(seen, ['early']);
});
