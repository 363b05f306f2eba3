// One SSL_CTX, and so one session cache, in several threads.
import { once } from 'node:events';
import test from 'ava';
import { SslContext, SslSession, TicketKeyRing } from '../../src/index.ts';
import { assertResumed, sClient } from '../../src/testing/index.ts';
import { certificate, close, connect, protocols, serverContext } from '../helpers/classes.ts';
import { Thread } from './worker.ts';

const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex');

function made(number: number): SslSession {
  const id = Buffer.alloc(32, 7);
  id.writeUInt32LE(number);
  return SslSession.create({ id, protocol: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256', timeout: 1000 });
}

for (const protocol of protocols) {
  test(`a session of one thread is resumed by s_client in another, ${protocol}`, async (t) => {
    const context = serverContext(protocol, { tickets: 'stateful' });
    const one = await Thread.with(t, context);
    const other = await Thread.with(t, context);
    const before = await sClient({ port: (await one.ask('listen')).port, servername: 'localhost' });
    const session = before.session ?? t.fail('a session');
    const { port } = await other.ask('listen');
    assertResumed(await sClient({ port, servername: 'localhost', sessionIn: String(session) }));
    t.is(context.stats.hits, 1);
    t.is((await one.ask('stats')).hits, 1);
    t.is((await other.ask('stats')).accept, 2);
  });
}

test('all threads see what each of them does to the cache', async (t) => {
  const context = serverContext('TLSv1.2');
  const [one, two, three] = [made(1), made(2), made(3)];
  context.addSession(one);
  const thread = await Thread.with(t, context);
  context.addSession(two);
  t.deepEqual(await thread.ask('ids'), [hex(two.id), hex(one.id)]);
  t.is(await thread.ask('add', [three.toDER()]), 1);
  t.deepEqual(
    Array.from(context.sessions(), ({ id }) => hex(id)),
    [three, two, one].map(({ id }) => hex(id)),
  );
  t.true(context.hasSession(three.id));
  t.true(await thread.ask('has', two.id));
  t.deepEqual(Buffer.from(await thread.ask('der', two.id)), two.toDER());
  t.true(await thread.ask('remove', two.id));
  t.false(await thread.ask('remove', two.id));
  t.false(context.hasSession(two.id));
  t.is(context.stats.number, 2);
  // Another object with the same ID.
  t.true(await thread.ask('removeDer', one.toDER()));
  t.deepEqual(
    Array.from(context.sessions(), ({ id }) => hex(id)),
    [hex(three.id)],
  );
  t.is(await thread.ask('flush'), 1);
  t.deepEqual([...context.sessions()], []);
  t.is(context.stats.number, 0);
});

test('evictions, replacements and what is added once more', async (t) => {
  const context = serverContext('TLSv1.2', { sessionCache: { size: 3 } });
  const thread = await Thread.with(t, context);
  const sessions = [0, 1, 2, 3].map(made);
  for (const session of sessions) context.addSession(session);
  const listed = (): string[] => Array.from(context.sessions(), ({ id }) => hex(id));
  t.is(context.stats.number, 2);
  t.deepEqual(
    listed(),
    [sessions[3], sessions[2]].map((session) => hex(session?.id ?? Buffer.of())),
  );
  t.deepEqual(await thread.ask('ids'), listed());
  const third = sessions[2] ?? t.fail('a third');
  t.false(context.addSession(third));
  t.true(context.removeSession(third));
  t.true(context.addSession(third));
  t.is(listed().length, 2);
  t.is(await thread.ask('add', [third.toDER()]), 1);
  t.is(listed().length, 2);
  t.not(context.getSession(third.id), third);
});

test('events reach the threads that listen, and tell whose they are', async (t) => {
  const context = serverContext('TLSv1.2', { tickets: 'stateful' });
  const thread = await Thread.with(t, context);
  const deaf = await Thread.with(t, context);
  await thread.ask('hear');
  const own: string[] = [];
  context.on('newSession', ({ id }, isElsewhere) => own.push(`new ${hex(id)} ${isElsewhere}`));
  context.on('removeSession', ({ id }, reason) => own.push(`${reason} ${hex(id)}`));
  const pair = connect(context, new SslContext({ ca: certificate().cert, maxVersion: 'TLSv1.2' }));
  const id = hex(pair.server.session?.id ?? Buffer.of());
  close(pair);
  t.deepEqual(await thread.ask('heard', 1), [`new ${id} true`]);
  const heard = once(context, 'removeSession');
  t.true(await thread.ask('remove', Buffer.from(id, 'hex')));
  await heard;
  t.deepEqual(own, [`new ${id} false`, `elsewhere ${id}`]);
  t.deepEqual(await thread.ask('heard', 1), [`removed ${id}`]);
  t.deepEqual(await deaf.ask('heard', 0), []);
});

test('a thread that takes its own context gets the same cache', (t) => {
  const context = serverContext('TLSv1.2');
  const same = SslContext.fromShared(context.share());
  const session = made(1);
  same.addSession(session);
  t.true(context.hasSession(session.id));
  same.free();
  t.throws(() => context.stats, { code: 'ERR_SSLCTX_FREED' });
});

test('what connections read without a lock cannot be set any more', async (t) => {
  const context = serverContext('TLSv1.2');
  t.false(context.isShared);
  const thread = await Thread.with(t, context);
  t.true(context.isShared);
  t.true(await thread.ask('isShared'));
  const shared = { code: 'ERR_SSLCTX_SHARED' };
  t.throws(() => (context.sessionTimeout = 1), shared);
  t.throws(() => (context.sessionCacheSize = 1), shared);
  t.throws(() => (context.sessionCacheMode = ['off']), shared);
  t.throws(() => (context.sessionIdContext = 'other'), shared);
  t.throws(() => (context.ticketKeys = Buffer.alloc(80)), shared);
  t.throws(() => (context.numTickets = 1), shared);
  await t.throwsAsync(() => thread.ask('setTimeout'), { any: true, ...shared });
  t.is(context.sessionTimeout, 7200);
  t.is(context.sessionIdContext.toString(), 'test');
  const session = made(1);
  context.addSession(session);
  t.throws(() => (session.timeout = 5), { code: 'ERR_SSLCTX_SESSION_FROZEN' });
});

test('a ring of ticket keys is that of all threads', async (t) => {
  const ring = new TicketKeyRing({ secret: Buffer.alloc(32, 1) });
  const context = serverContext('TLSv1.3', { ticketKeyRing: ring });
  const thread = await Thread.with(t, context);
  await thread.ask('revoke', 'somebody');
  t.true(ring.isRevoked('somebody'));
  const [before] = ring.keyNames;
  await thread.ask('rotate', Buffer.alloc(32, 2));
  t.notDeepEqual(ring.keyNames[0], before);
});

test('names of contexts are good in their process only', (t) => {
  const shared = serverContext('TLSv1.2').share();
  t.throws(() => SslContext.fromShared({ ...shared, process: 'other' }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => SslContext.fromShared({ ...shared, id: 2 ** 50 }), { code: 'ERR_SSLCTX_FREED' });
  t.throws(() => SslContext.fromShared({ ...shared, id: -1 }), { code: 'ERR_OUT_OF_RANGE' });
  for (const wrong of [null, {}, 'text', { ...shared, id: '1' }, { ...shared, sessionIdContext: 'x' }]) {
    t.throws(() => SslContext.fromShared(Object(wrong)), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});
