import { randomBytes } from 'node:crypto';
import test from 'ava';
import { EncryptedSessionStore, KeyRing, MemorySessionStore, type StoreEntry } from '../../src/index.ts';
import { entryOf } from './contract.ts';

async function only(store: MemorySessionStore): Promise<StoreEntry> {
  for await (const entry of store.entries()) return entry;
  throw new Error('the store is empty');
}

test('what was changed, moved or made by others is no entry', async (t) => {
  const inner = new MemorySessionStore();
  const store = new EncryptedSessionStore(inner, randomBytes(32));
  const entry = entryOf(['label:alice']);
  await store.set(entry);
  const sealed = await only(inner);
  t.false(Buffer.from(sealed.data).includes(Buffer.from(entry.data)));
  t.false(sealed.tags.some((tag) => tag.includes('alice')));
  for (let at = 0; at < sealed.data.length; at++) {
    const data = Buffer.from(sealed.data);
    data[at] = (data[at] ?? 0) ^ 1;
    inner.set({ ...sealed, data });
    t.is(await store.get(entry.id, 'here'), undefined, `byte ${at}`);
  }
  for (let length = 0; length < sealed.data.length; length++) {
    inner.set({ ...sealed, data: sealed.data.subarray(0, length) });
    t.is(await store.get(entry.id, 'here'), undefined, `${length} bytes`);
  }
  t.is(store.unreadable, 2 * sealed.data.length);
  const other = randomBytes(32);
  inner.set({ ...sealed, id: other });
  t.is(await store.get(other, 'here'), undefined, 'under another ID');
  inner.set({ ...sealed, context: 'there' });
  t.is(await store.get(entry.id, 'there'), undefined, 'for another context');
  inner.set(sealed);
  t.deepEqual(await store.get(entry.id, 'here'), entry.data);
});

test('keys are changed without losing a session', async (t) => {
  const inner = new MemorySessionStore();
  const [old, young] = [randomBytes(32), randomBytes(32)];
  const one = new EncryptedSessionStore(inner, old);
  const two = new EncryptedSessionStore(inner, old);
  const before = entryOf(['x']);
  await one.set(before);
  const idKey = one.idKeys[0];
  const name = one.keys.add(young);
  t.is(two.keys.add(young), name, 'all servers call it the same');
  t.deepEqual(one.idKeys[0], idKey, 'not in use yet');
  one.keys.use(name);
  const after = entryOf(['x']);
  await one.set(after);
  t.deepEqual(await two.get(after.id, 'here'), after.data);
  t.deepEqual(await one.get(before.id, 'here'), before.data);
  t.is((await two.tagged?.('x'))?.length, 2, 'tags of both keys');
  two.keys.use(name);
  const [, oldName = ''] = two.keys.ids;
  two.keys.remove(oldName);
  t.is(await two.get(before.id, 'here'), undefined);
  t.deepEqual(await two.get(after.id, 'here'), after.data);
});

test('a message that nobody of the fleet has sent is not obeyed, and not confirmed', async (t) => {
  const inner = new MemorySessionStore();
  const store = new EncryptedSessionStore(inner, randomBytes(32));
  const heard: string[] = [];
  await store.subscribe?.({
    onMessage: (message) => void heard.push(String(message)),
    onLost: () => t.fail(),
    onFound: () => t.fail(),
  });
  await t.throwsAsync(inner.broadcast(Buffer.from('revoke all')));
  await t.throwsAsync(inner.broadcast(Buffer.alloc(0)));
  await store.broadcast?.(Buffer.from('hello'));
  t.deepEqual(heard, ['hello']);
});

test('a key ring refuses what is no key', (t) => {
  const code = 'ERR_INVALID_ARG_VALUE';
  const key = randomBytes(32);
  t.throws(() => new KeyRing([]), { code });
  t.throws(() => new KeyRing(randomBytes(31)), { code });
  t.throws(() => new KeyRing([key, key]), { code });
  const ring = new KeyRing(key);
  t.throws(() => ring.remove(ring.ids[0] ?? ''), { code });
  t.throws(() => ring.use('00000000'), { code });
  const sealed = ring.seal(Buffer.from('x'), Buffer.from('a'));
  t.is(String(ring.open(sealed, Buffer.from('a'))), 'x');
  t.is(ring.open(sealed, Buffer.from('b')), undefined);
  t.notDeepEqual(ring.seal(Buffer.from('x'), Buffer.from('a')), sealed);
});
