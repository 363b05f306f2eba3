// What every store must do.
import { randomBytes } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import type { SessionStore, StoreEntry, StoreListener } from '../../src/index.ts';

export function entryOf(tags: readonly string[] = [], lifetime = 60_000): StoreEntry {
  const [id, data] = [randomBytes(32), randomBytes(100)];
  return { id, data, context: 'here', expiresAt: Date.now() + lifetime, tags };
}

function bytes(data: Uint8Array | null | undefined): string | undefined {
  return data === null || data === undefined ? undefined : Buffer.from(data).toString('hex');
}

async function ids(found: Iterable<{ id: Buffer }> | AsyncIterable<{ id: Buffer }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { id } of found) all.push(id.toString('hex'));
  return all.sort();
}

/** Tests of a store; `make` gives a new, empty one, and others on the same entries. */
export function storeTests(
  test: (title: string, run: (t: ExecutionContext) => Promise<void>) => void,
  name: string,
  make: (t: ExecutionContext) => Promise<[SessionStore, SessionStore]>,
): void {
  test(`${name}: what one sets the other gets, until it is deleted`, async (t) => {
    const [one, two] = await make(t);
    const entry = entryOf();
    t.is(bytes(await one.get(entry.id, 'here')), undefined);
    await one.set(entry);
    t.is(bytes(await two.get(entry.id, 'here')), bytes(entry.data));
    t.is(bytes(await two.get(entry.id, 'there')), undefined, 'another context');
    t.is(bytes(await two.get(randomBytes(32), 'here')), undefined);
    const again = { ...entry, data: randomBytes(10) };
    await one.set(again);
    t.is(bytes(await two.get(entry.id, 'here')), bytes(again.data));
    t.truthy(await two.delete(entry.id));
    t.falsy(await two.delete(entry.id));
    t.is(bytes(await one.get(entry.id, 'here')), undefined);
  });

  test(`${name}: of many that take an entry, one gets it`, async (t) => {
    const [one, two] = await make(t);
    const entry = entryOf();
    await one.set(entry);
    const takers = Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? one : two));
    const taken = await Promise.all(takers.map((store) => store.take?.(entry.id, 'here')));
    t.deepEqual(taken.map(bytes).filter(Boolean), [bytes(entry.data)]);
  });

  test(`${name}: an entry ends with its session`, async (t) => {
    const [one, two] = await make(t);
    const [gone, short, long] = [entryOf([], -1), entryOf(['short'], 20), entryOf()];
    await one.set(long);
    await one.set(gone);
    await one.set(short);
    t.is(bytes(await two.get(gone.id, 'here')), undefined);
    t.is(bytes(await two.get(long.id, 'here')), bytes(long.data));
    // Redis counts from when it has heard of the entry.
    while (bytes(await two.get(short.id, 'here')) !== undefined) await new Promise(setImmediate);
    t.true(Date.now() >= short.expiresAt);
    t.is(bytes(await two.get(long.id, 'here')), bytes(long.data));
  });

  test(`${name}: entries are found by their tags, and all together`, async (t) => {
    const [one, two] = await make(t);
    const [a, b, c] = [entryOf(['x', 'y']), entryOf(['y']), entryOf()];
    for (const entry of [a, b, c]) await one.set(entry);
    t.deepEqual(await ids((await two.tagged?.('y'))?.map((id) => ({ id })) ?? []), await ids([a, b]));
    t.deepEqual(await ids((await two.tagged?.('x'))?.map((id) => ({ id })) ?? []), await ids([a]));
    t.deepEqual(await two.tagged?.('z'), []);
    const all = [];
    for await (const entry of two.entries?.() ?? []) all.push(entry);
    t.deepEqual(await ids(all), await ids([a, b, c]));
    for (const entry of all) t.is(bytes(await one.get(entry.id, entry.context)), bytes(entry.data));
  });

  test(`${name}: a broadcast ends when all others have obeyed`, async (t) => {
    const [one, two] = await make(t);
    const heard: string[] = [];
    const listener = (from: string): StoreListener => ({
      onMessage: async (message) => {
        await new Promise(setImmediate);
        heard.push(`${from}: ${message}`);
      },
      onLost: () => t.fail(),
      onFound: () => t.fail(),
    });
    const [own, other, third] = [listener('own'), listener('other'), listener('third')];
    const stops = [await one.subscribe?.(own), await one.subscribe?.(other), await two.subscribe?.(third)];
    await one.broadcast?.(Buffer.from('now'), own);
    t.deepEqual(heard.sort(), ['other: now', 'third: now']);
    for (const stop of stops) await stop?.();
    await one.broadcast?.(Buffer.from('alone'));
    t.is(heard.length, 2);
  });
}
