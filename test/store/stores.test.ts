import { randomBytes } from 'node:crypto';
import test from 'ava';
import { EncryptedSessionStore, MemorySessionStore, RedisSessionStore } from '../../src/index.ts';
import { startCluster } from './cluster.ts';
import { storeTests } from './contract.ts';
import { RedisServer } from './redis.ts';

storeTests(test, 'memory', async () => {
  const store = new MemorySessionStore();
  return [store, store];
});

storeTests(test, 'encrypted memory', async () => {
  const store = new EncryptedSessionStore(new MemorySessionStore(), randomBytes(32));
  return [store, store];
});

storeTests(test, 'Redis', async (t) => {
  const redis = await RedisServer.start(t);
  const keys = randomBytes(32);
  return [
    new RedisSessionStore({ client: redis.client(), keys }),
    new RedisSessionStore({ client: redis.client(), keys }),
  ];
});

storeTests(test, 'Redis in plain text, with a prefix of pattern characters', async (t) => {
  const redis = await RedisServer.start(t);
  const options = { plaintext: true, prefix: 'a[b]*?\\:' };
  const other = new RedisSessionStore({ client: redis.client(), plaintext: true, prefix: 'ab:' });
  await other.set({ id: randomBytes(32), data: randomBytes(9), context: '', expiresAt: Date.now() + 60_000, tags: [] });
  return [
    new RedisSessionStore({ client: redis.client(), ...options }),
    new RedisSessionStore({ client: redis.client(), ...options }),
  ];
});

storeTests(test.serial, 'Redis Cluster', async (t) => {
  const client = await startCluster(t);
  const keys = randomBytes(32);
  return [new RedisSessionStore({ client: client(), keys }), new RedisSessionStore({ client: client(), keys })];
});

test('Redis needs keys, or to be told that it does not', (t) => {
  const client = Object.create(RedisSessionStore.prototype);
  const fake = Object.assign(client, { getdelBuffer: () => {} });
  t.throws(() => new RedisSessionStore({ client: fake }), { code: 'ERR_INVALID_ARG_VALUE' });
  const both = { client: fake, keys: randomBytes(32), plaintext: true };
  t.throws(() => new RedisSessionStore(both), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => new RedisSessionStore({ client: fake, keys: randomBytes(16) }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => new RedisSessionStore({ client: fake, plaintext: true, lease: 1 }), { code: 'ERR_OUT_OF_RANGE' });
});
