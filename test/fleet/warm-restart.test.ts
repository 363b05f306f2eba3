import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createServer, loadSessions, SslContext, SslSession, saveSessions } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { asRemoved } from '../helpers/removal-order.ts';

const key = Buffer.alloc(32, 'k');
const unlimited = { sessionCache: { size: 0 } };

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sslctx-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function fill(context: SslContext, count: number, lifetime: (index: number) => number = () => 7200): SslSession[] {
  const time = Math.floor(Date.now() / 1000);
  const sessions = Array.from({ length: count }, (_, index) =>
    SslSession.create({ protocol: 'TLSv1.2', time, timeout: lifetime(index) }),
  );
  for (const session of sessions) context.addSession(session);
  return sessions;
}

/** A file of several chunks. */
async function saved(t: ExecutionContext, count = 5000): Promise<{ path: string; sessions: SslSession[] }> {
  const path = join(folder(t), 'sessions');
  const context = new SslContext(unlimited);
  const sessions = fill(context, count, (index) => 1000 + ((index * 7919) % 5000));
  const result = await saveSessions(context, path, { key });
  t.is(result.sessions, count);
  t.is(result.bytes, statSync(path).size);
  return { path, sessions };
}

test('what was in one cache is in the other', async (t) => {
  const { path, sessions } = await saved(t);
  const context = new SslContext(unlimited);
  const result = await loadSessions(context, path, { key });
  t.deepEqual(result, { added: 5000, expired: 0, otherIdContext: 0, duplicate: 0, noRoom: 0, unreadable: 0 });
  t.is(context.stats.number, 5000);
  for (const session of sessions) t.true(context.getSession(session.id)?.toDER().equals(session.toDER()));
});

test("libssl's list is in order after a load: the first to expire are evicted first", async (t) => {
  const { path } = await saved(t, 3000);
  const context = new SslContext(unlimited);
  await loadSessions(context, path, { key });
  const evicted: number[] = [];
  context.on('removeSession', (session, reason) => {
    t.is(reason, 'evicted');
    evicted.push(session.expiresAt);
  });
  context.sessionCacheSize = 2;
  fill(context, 1, () => 100_000);
  t.is(evicted.length, 3000);
  t.deepEqual(evicted, asRemoved(evicted.toSorted((left, right) => left - right)));
});

test('the file is private, and holds nothing in plaintext', async (t) => {
  const { path, sessions } = await saved(t, 10);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(join(path, '..')), ['sessions']);
  const bytes = readFileSync(path);
  for (const session of sessions) {
    t.false(bytes.includes(session.exportMasterKey()));
    t.false(bytes.includes(session.id));
  }
});

test('two files of the same cache have nothing in common', async (t) => {
  const context = new SslContext();
  fill(context, 1);
  const [one, other] = ['one', 'other'].map((name) => join(folder(t), name));
  if (one === undefined || other === undefined) return t.fail();
  await saveSessions(context, one, { key });
  await saveSessions(context, other, { key });
  t.notDeepEqual(readFileSync(one).subarray(56), readFileSync(other).subarray(56));
});

/** Where each chunk begins, and the end. */
function chunksOf(bytes: Buffer): number[] {
  const starts = [56];
  for (let at = 56; at < bytes.length; starts.push(at)) at += 4 + (bytes.readUInt32BE(at) & 0x7fffffff) + 16;
  return starts;
}

async function refuses(t: ExecutionContext, bytes: Buffer, code: string, what: string): Promise<void> {
  const path = join(folder(t), 'bad');
  writeFileSync(path, bytes);
  const context = new SslContext(unlimited);
  await t.throwsAsync(loadSessions(context, path, { key }), { code }, what);
  t.is(context.stats.number, 0, what);
}

test('a file that was changed anywhere adds nothing', async (t) => {
  const { path } = await saved(t);
  const bytes = readFileSync(path);
  const starts = chunksOf(bytes);
  t.true(starts.length >= 4);
  // The word, the text and the tag of each chunk.
  const places = starts.slice(0, -1).flatMap((start, index) => {
    const end = starts[index + 1] ?? bytes.length;
    return [start, start + 3, start + 4, end - 17, end - 1];
  });
  for (const place of places) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 1;
    await refuses(t, changed, 'ERR_SSLCTX_FILE_DAMAGED', `byte ${place}`);
  }
  for (const place of [8, 39, 40, 55]) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 1;
    await refuses(t, changed, 'ERR_SSLCTX_FILE_KEY', `byte ${place}`);
  }
});

test('a file that is cut off adds nothing, wherever', async (t) => {
  const { path } = await saved(t);
  const bytes = readFileSync(path);
  for (const start of chunksOf(bytes)) {
    for (const length of [start - 1, start, start + 1, start + 4, start + 100]) {
      if (length >= bytes.length) continue;
      await refuses(t, bytes.subarray(0, length), 'ERR_SSLCTX_FILE_DAMAGED', `${length} bytes`);
    }
  }
  for (const length of [0, 7]) await refuses(t, bytes.subarray(0, length), 'ERR_SSLCTX_FILE_FORMAT', `${length} bytes`);
});

test('chunks in another order, twice, left out, of another file, or behind the end', async (t) => {
  const { path } = await saved(t);
  const bytes = readFileSync(path);
  const starts = chunksOf(bytes);
  const header = bytes.subarray(0, 56);
  const chunks = starts.slice(0, -1).map((start, index) => bytes.subarray(start, starts[index + 1]));
  const [first, second, ...rest] = chunks;
  const last = chunks.at(-1);
  if (first === undefined || second === undefined || last === undefined) return t.fail();
  const foreign = readFileSync((await saved(t)).path).subarray(...starts.slice(0, 2));
  const damages: Array<[string, Buffer[]]> = [
    ['swapped', [second, first, ...rest]],
    ['twice', [first, first, second, ...rest]],
    ['left out', [first, ...rest]],
    ['foreign', [foreign, second, ...rest]],
    ['the end alone', [last]],
    ['the end twice', [first, second, ...rest, last]],
    ['one byte more', [first, second, ...rest, Buffer.of(0)]],
  ];
  for (const [what, parts] of damages) {
    await refuses(t, Buffer.concat([header, ...parts]), 'ERR_SSLCTX_FILE_DAMAGED', what);
  }
  await refuses(t, Buffer.from('-----BEGIN SSL SESSION PARAMETERS-----'), 'ERR_SSLCTX_FILE_FORMAT', 'PEM');
});

test('the key must be one of those given', async (t) => {
  const { path } = await saved(t, 3);
  const other = Buffer.alloc(32, 'o');
  const context = new SslContext();
  await t.throwsAsync(loadSessions(context, path, { key: other }), { code: 'ERR_SSLCTX_FILE_KEY' });
  t.is((await loadSessions(context, path, { key: [other, key] })).added, 3);
  await t.throwsAsync(loadSessions(context, path, { key: Buffer.alloc(16) }), { code: 'ERR_INVALID_ARG_VALUE' });
  await t.throwsAsync(loadSessions(context, path, { key: [] }), { code: 'ERR_INVALID_ARG_VALUE' });
  const options: object = {};
  await t.throwsAsync(Reflect.apply(saveSessions, undefined, [context, path, options]), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
});

test('sessions whose time is over stay where they are', async (t) => {
  const path = join(folder(t), 'sessions');
  const context = new SslContext();
  const time = Math.floor(Date.now() / 1000);
  const over = SslSession.create({ protocol: 'TLSv1.2', time: time - 100, timeout: 50 });
  context.addSession(over);
  fill(context, 2);
  t.like(await saveSessions(context, path, { key }), { sessions: 2, expired: 1, skipped: 0 });
});

test('sessions of another ID context are taken only when asked for', async (t) => {
  const path = join(folder(t), 'sessions');
  const context = new SslContext();
  for (const idContext of ['shop', 'blog', 'shop']) {
    context.addSession(SslSession.create({ protocol: 'TLSv1.3', idContext: Buffer.from(idContext) }));
  }
  await saveSessions(context, path, { key });
  const shop = new SslContext({ sessionIdContext: 'shop' });
  t.like(await loadSessions(shop, path, { key }), { added: 2, otherIdContext: 1 });
  const all = new SslContext({ sessionIdContext: 'shop' });
  t.like(await loadSessions(all, path, { key, anyIdContext: true }), { added: 3, otherIdContext: 0 });
});

test('what is in the cache stays there, and belongs to its context', async (t) => {
  const { path, sessions } = await saved(t, 10);
  const context = new SslContext();
  const [known] = sessions;
  if (known === undefined) return t.fail();
  const own = known.clone();
  own.timeout = 77;
  context.addSession(own);
  t.like(await loadSessions(context, path, { key }), { added: 9, duplicate: 1 });
  t.is(context.getSession(known.id)?.timeout, 77);
  const [loaded] = [...context.sessions()];
  if (loaded === undefined) return t.fail();
  t.throws(() => new SslContext().addSession(loaded), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
});

test('a cache that is too small takes those that expire last', async (t) => {
  const { path, sessions } = await saved(t, 100);
  const context = new SslContext({ sessionCache: { size: 31 } });
  context.on('removeSession', () => t.fail());
  t.like(await loadSessions(context, path, { key }), { added: 30, noRoom: 70 });
  const latest = sessions.map(({ expiresAt }) => expiresAt).sort((left, right) => right - left);
  t.deepEqual(
    [...context.sessions()].map(({ expiresAt }) => expiresAt),
    latest.slice(0, 30),
  );
  context.removeAllListeners();
});

test('a save that does not end well leaves the old file and nothing else', async (t) => {
  const { path } = await saved(t, 3);
  const before = readFileSync(path);
  const context = new SslContext();
  fill(context, 5);
  const reason = new Error('enough');
  await t.throwsAsync(saveSessions(context, path, { key, signal: AbortSignal.abort(reason) }), { is: reason });
  t.deepEqual(readdirSync(join(path, '..')), ['sessions']);
  t.true(readFileSync(path).equals(before));
  await t.throwsAsync(loadSessions(context, path, { key, signal: AbortSignal.abort(reason) }), { is: reason });
  t.is(context.stats.number, 5);
  await t.throwsAsync(saveSessions(context, join(path, 'no', 'folder'), { key }), { code: 'ENOTDIR' });
  await t.throwsAsync(loadSessions(context, join(path, '..', 'none'), { key }), { code: 'ENOENT' });
});

test('a context that is freed meanwhile', async (t) => {
  const { path } = await saved(t);
  const context = new SslContext(unlimited);
  const loading = loadSessions(context, path, { key });
  context.free();
  await t.throwsAsync(loading, { code: 'ERR_SSLCTX_FREED' });
});

test('the event loop goes on', async (t) => {
  const path = join(folder(t), 'sessions');
  const context = new SslContext(unlimited);
  fill(context, 30_000);
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  turn();
  await saveSessions(context, path, { key });
  // One chunk each at least.
  t.true(turns > 10);
  turns = 0;
  t.is((await loadSessions(new SslContext(unlimited), path, { key })).added, 30_000);
  t.true(turns > 10);
  isOver = true;
});

for (const protocol of protocols) {
  test(`s_client resumes on the next server, ${protocol}`, async (t) => {
    const path = join(folder(t), 'sessions');
    const options = { ...certificate(), sessionIdContext: 'warm', tickets: 'stateful' } as const;
    const serve = async (): Promise<{ context: SslContext; port: number; [Symbol.asyncDispose](): Promise<void> }> => {
      const server = createServer(options, (socket) => socket.end('hello\n'));
      server.listen({ port: 0, host: '127.0.0.1' });
      await once(server, 'listening');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      return {
        context: server.context,
        port: address.port,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    };
    const before = await serve();
    const first = await sClient({ port: before.port, protocol, until: 'closed' });
    t.false(first.reused);
    await saveSessions(before.context, path, { key });
    await before[Symbol.asyncDispose]();
    const after = await serve();
    t.teardown(() => after[Symbol.asyncDispose]());
    t.true((await loadSessions(after.context, path, { key })).added > 0);
    const second = await sClient({ port: after.port, protocol, until: 'closed', sessionIn: first.session });
    t.true(second.reused);
  });
}
