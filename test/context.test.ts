import { inspect } from 'node:util';
import test from 'ava';
import * as capi from '../src/capi/index.ts';
import { SessionCacheMode, type SessionCacheModeName, SslContext, SslSession } from '../src/index.ts';
import { clientContext, close, connect, protocols, serverContext } from './helpers/classes.ts';
import { leavesNoErrors } from './helpers/errors.ts';

test.afterEach(leavesNoErrors);

const now = (): number => Math.floor(Date.now() / 1000);

test('a new context has the defaults of libssl', (t) => {
  const context = new SslContext();
  t.is(context.sessionCacheMode, SessionCacheMode.SERVER);
  t.deepEqual(context.sessionCacheModes, ['server']);
  t.is(context.sessionCacheSize, 20_480);
  t.is(context.sessionTimeout, 7200);
  t.is(context.numTickets, 2);
  t.deepEqual(context.sessionIdContext, Buffer.alloc(0));
  t.deepEqual([...context.sessions()], []);
  t.deepEqual(context.stats, {
    number: 0,
    connect: 0,
    connectGood: 0,
    connectRenegotiate: 0,
    accept: 0,
    acceptGood: 0,
    acceptRenegotiate: 0,
    hits: 0,
    cbHits: 0,
    misses: 0,
    timeouts: 0,
    cacheFull: 0,
  });
});

test('addSession adds once, removeSession removes once', (t) => {
  const context = new SslContext();
  const session = SslSession.create();
  t.true(context.addSession(session));
  t.false(context.addSession(session));
  t.is(context.stats.number, 1);
  t.true(context.hasSession(session.id));
  t.true(context.removeSession(session));
  t.false(session.isResumable);
  t.false(context.removeSession(session));
  t.is(context.stats.number, 0);
  t.false(context.hasSession(session.id));
});

test('another session with the same ID takes the place of the first', (t) => {
  const context = new SslContext();
  const id = Buffer.alloc(32, 3);
  const [first, second] = [SslSession.create({ id, timeout: 100 }), SslSession.create({ id, timeout: 200 })];
  t.true(context.addSession(first));
  t.true(context.addSession(second));
  t.is(context.stats.number, 1);
  t.is(context.getSession(id)?.timeout, 200);
  t.true(first.isResumable);
});

test('removeSession goes by version and ID', (t) => {
  const context = new SslContext();
  const session = SslSession.create();
  context.addSession(session);
  const clone = session.clone();
  t.true(context.removeSession(clone));
  t.false(clone.isResumable, 'the argument is marked');
  t.true(session.isResumable, 'what was in the cache is not');
});

test('removeSession marks what was not in the cache', (t) => {
  const session = SslSession.create();
  t.false(new SslContext().removeSession(session));
  t.false(session.isResumable);
});

test('hasSession and getSession find by ID alone, and count nothing', (t) => {
  const context = new SslContext();
  const id = Buffer.alloc(20, 1);
  t.is(context.getSession(id), undefined);
  const old = SslSession.create({ id, protocol: 'TLSv1.2' });
  context.addSession(old);
  t.is(context.getSession(id)?.protocol, 'TLSv1.2');
  context.addSession(SslSession.create({ id, protocol: 'TLSv1.3' }));
  t.is(context.stats.number, 2);
  t.is(context.getSession(id)?.protocol, 'TLSv1.3', 'the latest version');
  t.true(context.hasSession(id));
  t.true(context.getSession(id)?.isResumable);
  for (const other of [Buffer.alloc(0), Buffer.alloc(32, 1), Buffer.alloc(33, 1)]) {
    t.false(context.hasSession(other));
    t.is(context.getSession(other), undefined);
  }
  t.is(context.stats.misses + context.stats.hits, 0);
});

test('getSession gives what addSession took', (t) => {
  const context = new SslContext();
  const session = SslSession.create();
  context.addSession(session);
  const found = context.getSession(session.id);
  t.false(found === undefined || context.addSession(found), 'the same session of libssl: adding it again is a no-op');
});

test('sessions are in the order of their expiry, and may go while they are read', (t) => {
  const context = new SslContext();
  const timeouts = [300, 100, 200];
  for (const timeout of timeouts) context.addSession(SslSession.create({ time: 1_700_000_000, timeout }));
  t.deepEqual(
    [...context.sessions()].map(({ timeout }) => timeout),
    [300, 200, 100],
  );
  for (const session of context.sessions()) context.removeSession(session);
  t.is(context.stats.number, 0);
});

test('flushSessions removes what has expired', (t) => {
  const context = new SslContext();
  const session = SslSession.create({ time: now() - 100, timeout: 50 });
  context.addSession(session);
  context.addSession(SslSession.create({ timeout: 1000 }));
  t.is(context.flushSessions(), 1);
  t.false(session.isResumable);
  t.is(context.flushSessions(), 0);
  t.is(context.flushSessions(now() + 2000), 1);
  t.is(context.stats.number, 0);
});

test('a session is good in its last second', (t) => {
  const context = new SslContext();
  const session = SslSession.create({ time: 1_700_000_000, timeout: 10 });
  context.addSession(session);
  t.is(context.flushSessions(session.expiresAt), 0);
  t.is(context.flushSessions(session.expiresAt + 1), 1);
});

test('clearSessions removes all', (t) => {
  const context = new SslContext();
  const sessions = Array.from({ length: 10 }, () => SslSession.create());
  for (const session of sessions) context.addSession(session);
  t.is(context.clearSessions(), 10);
  t.is(context.stats.number, 0);
  t.true(sessions.every(({ isResumable }) => !isResumable));
});

test('a full cache evicts what expires first, and holds one less than its size', (t) => {
  const context = new SslContext({ sessionCache: { size: 4 } });
  const sessions = [40, 10, 30, 20].map((timeout) => SslSession.create({ timeout }));
  for (const session of sessions) context.addSession(session);
  t.is(context.stats.number, 3);
  t.is(context.stats.cacheFull, 1);
  t.deepEqual(
    [...context.sessions()].map(({ timeout }) => timeout),
    [40, 30, 20],
  );
});

test('the cache size can be changed', (t) => {
  const context = new SslContext({ sessionCache: { size: 0 } });
  t.is(context.sessionCacheSize, 0);
  context.sessionCacheSize = 5;
  t.is(context.sessionCacheSize, 5);
  for (const size of [-1, 1.5, 2 ** 31, Number.NaN]) {
    t.throws(() => (context.sessionCacheSize = size), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
  }
  t.is(context.sessionCacheSize, 5);
});

const modes: Array<[SessionCacheModeName[], number]> = [
  [['off'], 0],
  [['client'], 1],
  [['server'], 2],
  [['both'], 3],
  [['server', 'no-auto-clear'], 0x82],
  [['server', 'no-internal-lookup'], 0x102],
  [['server', 'no-internal-store'], 0x202],
  [['both', 'no-internal'], 0x303],
  [['off', 'update-time'], 0x400],
  [['both', 'no-auto-clear', 'no-internal', 'update-time'], 0x783],
];

for (const [names, bits] of modes) {
  test(`the cache mode ${names.join(' ')} is ${bits}`, (t) => {
    const context = new SslContext({ sessionCache: { mode: names } });
    t.is(context.sessionCacheMode, bits);
    t.deepEqual(context.sessionCacheModes, names);
    context.sessionCacheMode = SessionCacheMode.SERVER;
    t.is(context.sessionCacheMode, 2);
    context.sessionCacheMode = bits;
    t.is(context.sessionCacheMode, bits);
    context.sessionCacheMode = names;
    t.is(context.sessionCacheMode, bits);
  });
}

test('every number that libssl takes comes back from its names', (t) => {
  const context = new SslContext();
  for (let bits = 0; bits <= 0x783; bits++) {
    if ((bits & ~0x783) !== 0) continue;
    context.sessionCacheMode = bits;
    context.sessionCacheMode = context.sessionCacheModes;
    t.is(context.sessionCacheMode, bits);
  }
});

test('modes that do not exist are refused', (t) => {
  const context = new SslContext();
  const set = (mode: unknown): boolean => Reflect.set(context, 'sessionCacheMode', mode);
  t.throws(() => set(0x800), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => set(-1), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => set(['sever']), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => set(['constructor']), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' });
  for (const mode of ['server', undefined, null, {}, [2]]) {
    t.throws(() => set(mode), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.is(context.sessionCacheMode, SessionCacheMode.SERVER);
});

test('a session belongs to one context', (t) => {
  const session = SslSession.create();
  t.true(new SslContext().addSession(session));
  const other = new SslContext();
  t.throws(() => other.addSession(session), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
  t.is(other.stats.number, 0);
  t.true(other.addSession(session.clone()));
});

test('wrong types are TypeErrors with a code', (t) => {
  const context = new SslContext();
  const wrong: Array<(value: unknown) => unknown> = [
    (value) => Reflect.apply(context.addSession, context, [value]),
    (value) => Reflect.apply(context.removeSession, context, [value]),
    (value) => Reflect.apply(context.hasSession, context, [value]),
    (value) => Reflect.apply(context.getSession, context, [value]),
    (value) => Reflect.set(context, 'sessionIdContext', value),
    (value) => Reflect.set(context, 'ticketKeys', value),
  ];
  for (const attempt of wrong) {
    for (const value of [undefined, null, 42, {}, capi.SSL_SESSION_new()]) {
      t.throws(() => attempt(value), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' });
    }
  }
  for (const value of ['1', null, {}]) {
    t.throws(() => Reflect.apply(context.flushSessions, context, [value]), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.throws(() => context.flushSessions(-1), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => context.flushSessions(0.5), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
});

test('timeout, number of tickets, session ID context and ticket keys can be changed', (t) => {
  const context = new SslContext({ sessionTimeout: 300, numTickets: 1, sessionIdContext: 'a' });
  t.is(context.sessionTimeout, 300);
  context.sessionTimeout = 10;
  t.is(context.sessionTimeout, 10);
  t.is(context.numTickets, 1);
  context.numTickets = 5;
  t.is(context.numTickets, 5);
  t.deepEqual(context.sessionIdContext, Buffer.from('a'));
  context.sessionIdContext = Buffer.of(1, 2);
  t.deepEqual(context.sessionIdContext, Buffer.of(1, 2));
  context.sessionIdContext.fill(9);
  t.deepEqual(context.sessionIdContext, Buffer.of(1, 2), 'a copy');
  const keys = Buffer.alloc(80, 5);
  context.ticketKeys = keys;
  t.deepEqual(context.ticketKeys, keys);

  t.throws(() => (context.sessionTimeout = -1), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => (context.numTickets = 33), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => (context.sessionIdContext = 'x'.repeat(33)), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => (context.ticketKeys = Buffer.alloc(48)), { code: 'ERR_OUT_OF_RANGE' });
  t.deepEqual(context.sessionIdContext, Buffer.of(1, 2));
  t.deepEqual(context.ticketKeys, keys);
});

for (const protocol of protocols) {
  test(`the counters and the cache after handshakes, ${protocol}`, (t) => {
    const context = serverContext(protocol, { tickets: 'stateful' });
    const client = clientContext();
    const perHandshake = protocol === 'TLSv1.2' ? 1 : 2;
    const first = connect(context, client);
    const { session } = first.client;
    close(first);
    t.is(context.stats.number, perHandshake);
    t.is(context.stats.accept, 1);
    t.is(context.stats.acceptGood, 1);
    t.is(client.stats.connectGood, 1);
    t.is([...context.sessions()].length, perHandshake);

    const second = connect(context, client, session === undefined ? {} : { session });
    t.true(second.server.isSessionReused);
    close(second);
    t.is(context.stats.hits, 1);
    t.is(client.stats.hits, 1);

    for (const each of context.sessions()) t.true(context.removeSession(each));
    const third = connect(context, client, session === undefined ? {} : { session });
    t.false(third.server.isSessionReused);
    t.is(context.stats.hits, 1);
    close(third);
  });

  test(`an expired session is not resumed, ${protocol}`, (t) => {
    const context = serverContext(protocol, { tickets: 'stateful' });
    const client = clientContext();
    const first = connect(context, client);
    const { session } = first.client;
    close(first);
    for (const each of context.sessions()) each.time = now() - 10_000;
    const second = connect(context, client, session === undefined ? {} : { session });
    t.false(second.server.isSessionReused);
    t.is(context.stats.timeouts, 1);
    close(second);
  });

  test(`sessions resume only in the same session ID context, ${protocol}`, (t) => {
    const context = serverContext(protocol, { tickets: 'stateful', sessionIdContext: 'one' });
    const client = clientContext();
    const first = connect(context, client);
    const { session } = first.client;
    close(first);
    context.sessionIdContext = 'two';
    const second = connect(context, client, session === undefined ? {} : { session });
    t.false(second.server.isSessionReused);
    close(second);
    context.sessionIdContext = 'one';
    const third = connect(context, client, session === undefined ? {} : { session });
    t.true(third.server.isSessionReused);
    close(third);
  });
}

test('free gives the cache back at once, and is final', (t) => {
  const before = capi.debug.live();
  const context = new SslContext();
  const session = SslSession.create();
  context.addSession(session);
  session.free();
  t.is(capi.debug.live().SSL_SESSION, before.SSL_SESSION + 1);
  context.free();
  context.free();
  t.deepEqual(capi.debug.live(), before);
  const other = SslSession.create();
  const uses: Array<() => unknown> = [
    () => context.addSession(other),
    () => context.removeSession(other),
    () => context.hasSession(other.id),
    () => context.getSession(other.id),
    () => [...context.sessions()],
    () => context.flushSessions(),
    () => context.clearSessions(),
    () => context.sessionCacheMode,
    () => (context.sessionCacheMode = 2),
    () => context.sessionCacheModes,
    () => context.sessionCacheSize,
    () => context.sessionTimeout,
    () => (context.sessionIdContext = 'x'),
    () => context.ticketKeys,
    () => context.numTickets,
    () => context.stats,
  ];
  for (const use of uses) t.throws(use, { code: 'ERR_SSLCTX_FREED' });
  t.is(inspect(context), 'SslContext { freed }');
});

test('using frees at the end of the block', (t) => {
  let kept: SslContext | undefined;
  {
    using context = new SslContext();
    kept = context;
  }
  t.throws(() => kept?.stats, { code: 'ERR_SSLCTX_FREED' });
});

test('a freed context lives on in its connections', (t) => {
  const context = serverContext('TLSv1.3', { tickets: 'stateful' });
  const pair = connect(context, clientContext());
  context.free();
  t.true(pair.server.write(Buffer.from('still here')));
  close(pair);
});

test('inspect is short and shows no keys', (t) => {
  const context = serverContext('TLSv1.3', { ticketKeys: Buffer.alloc(80, 0x61) });
  t.is(
    inspect(context, { breakLength: Number.POSITIVE_INFINITY }),
    "SslContext { sessions: 0, sessionCacheModes: [ 'server' ], sessionCacheSize: 20480, sessionTimeout: 7200 }",
  );
});

test('tickets says what the option has set', (t) => {
  for (const tickets of ['stateful', 'stateless', 'none'] as const) {
    using context = new SslContext({ tickets });
    t.is(context.tickets, tickets);
  }
  using context = new SslContext();
  t.is(context.tickets, 'stateless');
});
