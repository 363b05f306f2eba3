// What is told of session stores.
import test from 'ava';
import { createServer, MemorySessionStore, type SessionStore, SslContext, type StoreEntry } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';
import { Told } from './told.ts';

class Moody implements SessionStore {
  readonly #store = new MemorySessionStore();
  readonly idKeys = this.#store.idKeys;
  mood: 'well' | 'failing' | 'silent' = 'well';

  async get(id: Buffer, context: string): Promise<Uint8Array | undefined> {
    if (this.mood === 'failing') throw new Error('no disk');
    if (this.mood === 'silent') await new Promise(() => {});
    return this.#store.get(id, context);
  }

  async set(entry: StoreEntry): Promise<void> {
    if (this.mood === 'failing') throw new Error('no disk');
    this.#store.set(entry);
  }

  delete(id: Buffer): boolean {
    return this.#store.delete(id);
  }
}

test.serial('each lookup and each write is told, with the time and the outcome', async (t) => {
  const lookups = new Told(t, 'sslctx:store:lookup');
  const writes = new Told(t, 'sslctx:store:write');
  const context = new SslContext({ ...certificate(), sessionIdContext: 'test' });
  const store = new Moody();
  const server = createServer({ context, sessionStore: store, lookupTimeout: 20 }, (socket) => socket.end('hello\n'));
  const port = await listenOn(t, server);
  const visit = { port, protocol: 'TLSv1.2', until: 'closed' } as const;
  const { session, sessionId } = await sClient(visit);
  await server.sessionStore?.flush();
  await sClient({ ...visit, sessionIn: session });
  store.mood = 'silent';
  await sClient({ ...visit, sessionIn: session });
  store.mood = 'failing';
  await sClient({ ...visit, sessionIn: session });
  await server.sessionStore?.flush();
  store.mood = 'well';
  await server.sessionStore?.revoke(sessionId);
  await sClient({ ...visit, sessionIn: session });
  await server.sessionStore?.flush();

  t.deepEqual(
    lookups.messages.map(({ operation, outcome }) => [operation, outcome]),
    [
      ['get', 'hit'],
      ['get', 'timeout'],
      ['get', 'failure'],
      ['get', 'miss'],
    ],
  );
  const [hit, late, failed] = lookups.messages;
  t.is(hit?.context, context);
  t.is(hit?.error, undefined);
  t.like(late?.error, { code: 'ERR_SSLCTX_STORE_TIMEOUT' });
  t.true((late?.duration ?? 0) >= 10);
  t.is(failed?.error?.message, 'no disk');
  const outcomes = writes.messages.map(({ operation, outcome }) => `${operation} ${outcome}`);
  t.is(outcomes[0], 'set success');
  t.true(outcomes.includes('set failure'));
});
