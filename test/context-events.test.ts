import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import * as capi from '../src/capi/index.ts';
import { type SessionRemovalReason, SslContext, SslSession } from '../src/index.ts';
import { clientContext, close, connect, makePair, protocols, serverContext, transfer } from './helpers/classes.ts';
import { leavesNoErrors } from './helpers/errors.ts';
import { output } from './helpers/process.ts';
import { asRemoved } from './helpers/removal-order.ts';

test.afterEach(leavesNoErrors);

const now = (): number => Math.floor(Date.now() / 1000);

/** What has left the cache: the session's timeout, by which tests know it, and why. */
function removals(context: SslContext): Array<[number, SessionRemovalReason]> {
  const seen: Array<[number, SessionRemovalReason]> = [];
  context.on('removeSession', (session, reason) => seen.push([session.timeout, reason]));
  return seen;
}

for (const protocol of protocols) {
  test(`newSession tells of each session of a handshake, ${protocol}`, (t) => {
    const context = serverContext(protocol, { tickets: 'stateful' });
    const sessions: SslSession[] = [];
    context.on('newSession', (session) => sessions.push(session));
    const pair = connect(context, clientContext());
    t.is(sessions.length, protocol === 'TLSv1.2' ? 1 : 2);
    for (const session of sessions) {
      t.is(session.protocol, protocol);
      t.true(session.isResumable);
      t.true(context.hasSession(session.id));
    }
    close(pair);
    t.is(sessions.length, protocol === 'TLSv1.2' ? 1 : 2);
  });

  test(`newSession tells a client of what it can resume, ${protocol}`, (t) => {
    const client = clientContext({ sessionCache: { mode: ['client', 'no-internal-store'] } });
    const sessions: SslSession[] = [];
    client.on('newSession', (session) => sessions.push(session));
    const context = serverContext(protocol);
    close(connect(context, client));
    t.is(sessions.length, protocol === 'TLSv1.2' ? 1 : 2);
    const session = sessions[0];
    const pair = connect(context, client, session === undefined ? {} : { session });
    t.true(pair.client.isSessionReused);
    close(pair);
  });

  test(`a connection that is cut off loses its session, ${protocol}`, (t) => {
    const context = serverContext(protocol, { tickets: 'stateful', sessionTimeout: 50 });
    const seen = removals(context);
    const pair = connect(context, clientContext());
    t.deepEqual(seen, []);
    pair.server.free();
    t.deepEqual(seen, [[50, 'removed']]);
    t.is(context.stats.number, protocol === 'TLSv1.2' ? 0 : 1);
    pair.client.free();
  });

  test(`handshakes evict from a full cache, ${protocol}`, (t) => {
    const context = serverContext(protocol, { tickets: 'stateful', sessionCache: { size: 3 } });
    context.addSession(SslSession.create({ timeout: 10 }));
    context.addSession(SslSession.create({ timeout: 20 }));
    const seen = removals(context);
    close(connect(context, clientContext()));
    const expected: typeof seen =
      protocol === 'TLSv1.2'
        ? [[10, 'evicted']]
        : [
            [10, 'evicted'],
            [20, 'evicted'],
          ];
    t.deepEqual(seen, expected);
  });

  test(`a listener to removeSession makes libssl cache stateless sessions of TLS 1.3 only, ${protocol}`, (t) => {
    const context = serverContext(protocol);
    const cached = (): number => {
      context.clearSessions();
      close(connect(context, clientContext()));
      return context.stats.number;
    };
    t.is(cached(), 0);
    const listener = (): void => {};
    context.on('newSession', listener);
    t.is(cached(), 0, 'one to newSession does not');
    context.on('removeSession', listener);
    t.is(cached(), protocol === 'TLSv1.2' ? 0 : 2);
    context.off('removeSession', listener);
    t.is(cached(), 0, 'no more after it is gone');
  });
}

test('an expired TLS 1.2 session that is offered leaves the cache', (t) => {
  const context = serverContext('TLSv1.2', { tickets: 'stateful', sessionTimeout: 50 });
  const client = clientContext();
  const first = connect(context, client);
  const { session } = first.client;
  close(first);
  for (const each of context.sessions()) each.time = now() - 1000;
  const seen = removals(context);
  const second = connect(context, client, session === undefined ? {} : { session });
  t.false(second.server.isSessionReused);
  t.deepEqual(seen, [[50, 'expired']]);
  close(second);
});

test('removed: once for each call, in the cache or not', (t) => {
  const context = new SslContext();
  const seen = removals(context);
  const session = SslSession.create({ timeout: 1 });
  context.addSession(session);
  t.true(context.removeSession(session));
  t.false(context.removeSession(session));
  t.false(context.removeSession(SslSession.create({ timeout: 2 })));
  t.deepEqual(seen, [
    [1, 'removed'],
    [1, 'removed'],
    [2, 'removed'],
  ]);
});

test('replaced, which libssl does not tell', (t) => {
  const context = new SslContext();
  const seen = removals(context);
  const id = Buffer.alloc(32, 1);
  const first = SslSession.create({ id, timeout: 1 });
  context.addSession(first);
  context.addSession(first);
  t.deepEqual(seen, [], 'the same session is not its own replacement');
  context.addSession(SslSession.create({ id, timeout: 2, protocol: 'TLSv1.2' }));
  t.deepEqual(seen, [], 'another version is another entry');
  context.addSession(SslSession.create({ id, timeout: 3 }));
  t.deepEqual(seen, [[1, 'replaced']]);
});

test('evicted, in the order of expiry', (t) => {
  const context = new SslContext({ sessionCache: { size: 4 } });
  const seen = removals(context);
  for (const timeout of [30, 10, 20, 40]) context.addSession(SslSession.create({ timeout }));
  t.deepEqual(seen, [[10, 'evicted']]);
  context.sessionCacheSize = 2;
  context.addSession(SslSession.create({ timeout: 50 }));
  const evicted = [
    [20, 'evicted'],
    [30, 'evicted'],
    [40, 'evicted'],
  ];
  t.deepEqual(seen.slice(1), asRemoved(evicted));
});

test('expired and flushed', (t) => {
  const context = new SslContext();
  const seen = removals(context);
  context.addSession(SslSession.create({ time: now() - 100, timeout: 1 }));
  context.addSession(SslSession.create({ timeout: 100 }));
  context.addSession(SslSession.create({ timeout: 200 }));
  context.flushSessions();
  t.deepEqual(seen, [[1, 'expired']]);
  context.flushSessions(now() + 150);
  t.deepEqual(seen.slice(1), [[100, 'flushed']]);
  context.clearSessions();
  t.deepEqual(seen.slice(2), [[200, 'flushed']]);
});

test('context-freed', (t) => {
  const context = new SslContext();
  const seen = removals(context);
  for (const timeout of [100, 200]) context.addSession(SslSession.create({ timeout }));
  context.free();
  const freed = [
    [100, 'context-freed'],
    [200, 'context-freed'],
  ];
  t.deepEqual(seen, asRemoved(freed));
});

test('context-freed comes with the last connection', (t) => {
  const context = serverContext('TLSv1.3', { tickets: 'stateful', sessionTimeout: 50 });
  const seen = removals(context);
  const pair = connect(context, clientContext());
  context.free();
  t.deepEqual(seen, []);
  close(pair);
  t.deepEqual(seen, [
    [50, 'context-freed'],
    [50, 'context-freed'],
  ]);
});

test('a session that was evicted by libssl and one that was removed are told apart later on', (t) => {
  const context = serverContext('TLSv1.2', { tickets: 'stateful', sessionCache: { size: 2 }, sessionTimeout: 500 });
  context.addSession(SslSession.create({ timeout: 1 }));
  context.addSession(SslSession.create({ timeout: 2 }));
  const seen = removals(context);
  const pair = connect(context, clientContext());
  pair.server.free();
  t.deepEqual(seen, [
    [2, 'evicted'],
    [500, 'removed'],
  ]);
  pair.client.free();
});

test('listeners come and go by every method of an EventEmitter', async (t) => {
  const context = new SslContext();
  let calls = 0;
  const listener = (): void => {
    calls++;
  };
  const removeOne = (): number => {
    calls = 0;
    context.removeSession(SslSession.create());
    return calls;
  };
  context.on('removeSession', listener).addListener('removeSession', listener);
  context.prependListener('removeSession', listener);
  context.once('removeSession', listener).prependOnceListener('removeSession', listener);
  t.is(removeOne(), 5);
  t.is(removeOne(), 3);
  context.off('removeSession', listener).removeListener('removeSession', listener);
  t.is(removeOne(), 1);
  context.removeAllListeners('removeSession');
  t.is(removeOne(), 0);
  context.on('removeSession', listener);
  t.is(removeOne(), 1);
  context.removeAllListeners();
  t.is(removeOne(), 0);

  const session = SslSession.create();
  const next = once(context, 'removeSession');
  context.removeSession(session);
  const [removed, reason] = await next;
  t.true(removed.equals(session));
  t.is(reason, 'removed');
});

test('listeners may use the context: their events follow, in order', (t) => {
  const context = new SslContext({ sessionCache: { size: 3 } });
  const seen: string[] = [];
  context.on('removeSession', (session, reason) => {
    seen.push(`${session.timeout} ${reason}`);
    if (reason === 'evicted') {
      t.true(context.addSession(SslSession.create({ timeout: 1000 + seen.length })));
      context.clearSessions();
      seen.push('end of the listener');
    }
  });
  for (const timeout of [10, 20, 30]) context.addSession(SslSession.create({ timeout }));
  t.deepEqual(seen.slice(0, 2), ['10 evicted', 'end of the listener']);
  // 20 was evicted by the listener's own session; then it runs once more.
  t.deepEqual(seen.slice(2, 4), ['20 evicted', 'end of the listener']);
  t.is(context.stats.number, 0);
  t.true(seen.slice(4).every((each) => each.endsWith('flushed')));
});

test('listeners during a handshake may free its connection', (t) => {
  const context = serverContext('TLSv1.3', { tickets: 'stateful' });
  const pair = makePair(context, clientContext());
  context.once('newSession', () => pair.server.free());
  pair.client.handshake();
  t.throws(() => transfer(pair), { code: 'ERR_SSLCTX_FREED' });
});

test('what a listener throws does not come out of the call, and the other events are delivered', async (t) => {
  const script = fileURLToPath(new URL('./helpers/throwing-listener.ts', import.meta.url));
  const lines = (await output(process.execPath, [...process.execArgv, script])).split('\n');
  t.deepEqual(lines, ['cleared 3', ...asRemoved(['uncaught 1', 'uncaught 2', 'uncaught 3'])]);
});

test('a context with listeners is garbage when nobody holds it', async (t) => {
  const before = capi.debug.live().SSL_CTX;
  for (let count = 0; count < 50; count++) {
    const context = new SslContext();
    context.on('removeSession', () => context.stats);
    context.on('newSession', () => context.stats);
    context.addSession(SslSession.create());
  }
  for (let round = 0; round < 20 && capi.debug.live().SSL_CTX > before; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.true(capi.debug.live().SSL_CTX <= before + 1);
});

test('flushSessions says how many it has removed, whatever its listeners do', (t) => {
  const context = new SslContext();
  const session = SslSession.create({ protocol: 'TLSv1.2', time: 1, timeout: 1 });
  context.addSession(session);
  context.once('removeSession', () => context.addSession(session));
  t.is(context.flushSessions(), 1);
  context.on('removeSession', () => context.free());
  t.is(context.flushSessions(), 1);
  t.throws(() => context.flushSessions(), { code: 'ERR_SSLCTX_FREED' });
});
