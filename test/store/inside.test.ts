// Revocation of sessions that are in the internal cache as well as in the store, or there alone.
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { MemorySessionStore, type Revocable, type SessionStore, type SslSocket } from '../../src/index.ts';
import { type Protocol, protocols } from '../helpers/classes.ts';
import { fail, type Listening, listen, visit } from './servers.ts';

/** A server that labels each connection `alice`, and looks for sessions in its own cache first. */
function inside(t: ExecutionContext, sessionStore: SessionStore): Promise<Listening> {
  return listen(t, { sessionStore, sessionCache: { mode: ['server'] } }, (socket: SslSocket) => {
    socket.labelSession('alice').then(() => socket.end('hello\n'), fail(t));
  });
}

/** Tickets of a full handshake. */
function made(protocol: Protocol): number {
  return protocol === 'TLSv1.3' ? 2 : 1;
}

for (const protocol of protocols) {
  test(`revoke counts what the store had, not what the internal cache has, ${protocol}`, async (t) => {
    const sessionStore = new MemorySessionStore();
    const listening = await inside(t, sessionStore);
    const { context, sessionStore: store } = listening.server;
    const ways: Array<(id: Buffer) => Revocable> = [() => ({ label: 'alice' }), () => () => true, (id) => id];
    for (const [at, way] of ways.entries()) {
      const { session } = await visit(listening, protocol);
      const ids = Array.from(context.sessions(), ({ id }) => id);
      t.is(ids.length, made(protocol));
      const one = at === 2 ? ids.slice(0, 1) : ids;
      t.is(await store?.revoke(way(one[0] ?? Buffer.alloc(0))), one.length);
      await store?.flush();
      t.is(context.stats.number, ids.length - one.length);
      t.is(sessionStore.size, ids.length - one.length);
      if (at < 2) t.false((await visit(listening, protocol, session)).reused);
      await store?.revoke(() => true);
    }
  });
}

/** Loses what it has, as a store that runs out of room does. */
async function lose(store: MemorySessionStore): Promise<void> {
  for await (const { id } of store.entries()) store.delete(id);
}

for (const protocol of protocols) {
  test(`a session that the store has lost is revoked by its label, ${protocol}`, async (t) => {
    const sessionStore = new MemorySessionStore();
    const [one, two] = [await inside(t, sessionStore), await inside(t, sessionStore)];
    const [first, second] = [await visit(one, protocol), await visit(one, protocol)];
    await lose(sessionStore);
    t.true((await visit(one, protocol, first.session)).reused);
    await lose(sessionStore);
    t.is(await two.server.sessionStore?.revoke({ label: 'alice' }), 0);
    for (const { session } of [first, second]) t.false((await visit(one, protocol, session)).reused);
  });

  test(`a session that the store never had is revoked by its label, ${protocol}`, async (t) => {
    const bare: SessionStore = { get: () => undefined, set: () => {}, delete: () => false, tagged: () => [] };
    const listening = await inside(t, bare);
    const { session } = await visit(listening, protocol);
    t.is(await listening.server.sessionStore?.revoke({ label: 'alice' }), 0);
    t.false((await visit(listening, protocol, session)).reused);
  });

  test(`who logs in on a connection that was resumed from the internal cache, ${protocol}`, async (t) => {
    const sessionStore = new MemorySessionStore();
    const sessionCache = { mode: ['server'] } as const;
    let logsIn = false;
    const listening = await listen(t, { sessionStore, sessionCache }, (socket) => {
      const labelled = logsIn ? socket.labelSession('bob') : Promise.resolve();
      labelled.then(() => socket.end('hello\n'), fail(t));
    });
    const first = await visit(listening, protocol);
    logsIn = true;
    t.true((await visit(listening, protocol, first.session)).reused);
    t.true(((await listening.server.sessionStore?.revoke({ label: 'bob' })) ?? 0) > 0);
    t.false((await visit(listening, protocol, first.session)).reused);
  });
}
