import test from 'ava';
import { type SessionStore, SslContext, type StoreEntry } from '../../src/index.ts';
import { Breaker } from '../../src/store/breaker.ts';
import { noCounts } from '../../src/store/statistics.ts';
import { WriteQueue } from '../../src/store/write-queue.ts';
import { entryOf } from './contract.ts';

/** A store that answers when it is told to. */
class Slow implements SessionStore {
  readonly calls: Array<{ what: string; end: (error?: Error) => void }> = [];

  get(): undefined {
    return undefined;
  }

  set(entry: StoreEntry): Promise<void> {
    return this.#call(`set ${entry.id.toString('hex')}`);
  }

  delete(id: Buffer): Promise<void> {
    return this.#call(`delete ${id.toString('hex')}`);
  }

  #call(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.calls.push({ what, end: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }
}

function make(limit: number) {
  const store = new Slow();
  const counters = noCounts();
  const breaker = new Breaker(2, 60_000, () => queue.pump());
  const queue = new WriteQueue(store, breaker, counters, { context: new SslContext(), limit, timeout: 60_000 });
  return { store, counters, breaker, queue };
}

/** Until all that has been answered has had its consequences. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('writes are bounded, and what is dropped is counted', async (t) => {
  const { store, counters, queue } = make(10);
  for (let count = 0; count < 100; count++) queue.set(entryOf());
  t.is(store.calls.length, 64, 'at the same time');
  t.is(queue.size, 74);
  t.is(counters.dropped, 26);
  // A deletion is worth more than a session.
  const { id } = entryOf();
  queue.delete(id);
  t.is(counters.dropped, 27);
  for (let at = 0; at < store.calls.length; at++) {
    store.calls[at]?.end();
    await turn();
  }
  await queue.flush();
  t.is(queue.size, 0);
  t.like(counters, { writes: 73, deletes: 1, dropped: 27, writeFailures: 0 });
  t.is(store.calls.at(-1)?.what, `delete ${id.toString('hex')}`);
});

test('writes of one session keep their order', async (t) => {
  const { store, queue } = make(10);
  const entry = entryOf();
  queue.set(entry);
  queue.delete(entry.id);
  t.is(store.calls.length, 1, 'one at a time');
  t.is(queue.peek(entry.id), null);
  store.calls[0]?.end();
  await turn();
  t.regex(store.calls[1]?.what ?? '', /^delete/);
});

test('what is revoked while it is written is deleted when it has arrived', async (t) => {
  const { store, queue } = make(10);
  const entry = entryOf(['label:x']);
  queue.set(entry);
  t.is(queue.peek(entry.id), entry);
  let isDone = false;
  const revoked = queue
    .revoke(({ tags }) => tags.includes('label:x'))
    .then(() => {
      isDone = true;
    });
  t.is(queue.peek(entry.id), null);
  await turn();
  t.false(isDone);
  store.calls[0]?.end();
  await turn();
  t.is(store.calls[1]?.what, `delete ${entry.id.toString('hex')}`);
  t.false(isDone);
  store.calls[1]?.end();
  await revoked;
});

test('a store that fails is left alone, and one write finds out when it is back', async (t) => {
  const store = new Slow();
  const counters = noCounts();
  const breaker = new Breaker(2, 1, () => queue.pump());
  const queue = new WriteQueue(store, breaker, counters, { context: new SslContext(), limit: 100, timeout: 60_000 });
  t.teardown(() => breaker.close());
  for (const call of [0, 1]) {
    queue.set(entryOf());
    store.calls[call]?.end(new Error('no'));
    await turn();
  }
  t.not(breaker.state, 'closed');
  for (let count = 0; count < 5; count++) queue.set(entryOf());
  while (store.calls.length < 3) await turn();
  t.is(breaker.state, 'half-open');
  await turn();
  t.is(store.calls.length, 3, 'one at a time');
  t.false(breaker.allows());
  store.calls[2]?.end();
  await turn();
  t.is(breaker.state, 'closed');
  t.is(store.calls.length, 7);
  t.is(counters.writeFailures, 2);
});
