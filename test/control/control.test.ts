// The control socket: its file, its protocol, and what it does to a cache.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectControl, serveControl } from '../../src/control/index.ts';
import { SslContext, SslSession } from '../../src/index.ts';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sslctx-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function session(first: number, more: Parameters<typeof SslSession.create>[0] = {}): SslSession {
  return SslSession.create({ id: Buffer.alloc(32, first), timeout: 300, ...more });
}

async function start(t: ExecutionContext, context = new SslContext({ tickets: 'stateful' })) {
  const path = join(folder(t), 'socket');
  const server = await serveControl(context, path);
  const client = await connectControl(path);
  t.teardown(async () => {
    client.close();
    await server.close();
    context.free();
  });
  return { context, path, server, client };
}

/** Sends raw lines and returns all that is answered until the socket closes or has `count` lines. */
async function raw(path: string, text: string, count: number): Promise<string[]> {
  const socket = connect(path).setEncoding('utf8');
  socket.write(text);
  let answer = '';
  for await (const part of socket) {
    answer += part;
    if (answer.split('\n').length > count) break;
  }
  return answer.trimEnd().split('\n');
}

test('the socket is for its user alone, and goes with its server', async (t) => {
  const { path, server } = await start(t);
  const stat = lstatSync(path);
  t.true(stat.isSocket());
  t.is(stat.mode & 0o777, 0o600);
  t.deepEqual(readdirSync(join(path, '..')), ['socket']);
  await server.close();
  await server.close();
  t.deepEqual(readdirSync(join(path, '..')), []);
});

test('the socket of a process that was killed is replaced; one that is in use, and any file, is not', async (t) => {
  const path = join(folder(t), 'socket');
  const program = `require('net').createServer().listen(process.argv[1], () => console.log('ready'))`;
  const child = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  using context = new SslContext();
  await t.throwsAsync(serveControl(context, path), { code: 'ERR_SSLCTX_CONTROL_IN_USE' });
  child.kill('SIGKILL');
  await once(child, 'close');
  t.true(lstatSync(path).isSocket());
  await using server = await serveControl(context, path);
  await t.throwsAsync(serveControl(context, path), { code: 'ERR_SSLCTX_CONTROL_IN_USE' });
  await server.close();
  writeFileSync(path, 'precious');
  await t.throwsAsync(serveControl(context, path), { code: 'ERR_SSLCTX_CONTROL_IN_USE' });
  t.deepEqual(readdirSync(join(path, '..')), ['socket']);
});

test('what is no context, and what is no folder, is refused', async (t) => {
  // @ts-expect-error: that is the point
  await t.throwsAsync(serveControl({ shop: 1 }, 'x'), { code: 'ERR_INVALID_ARG_TYPE' });
  // @ts-expect-error: that is the point
  await t.throwsAsync(serveControl(null, 'x'), { code: 'ERR_INVALID_ARG_TYPE' });
  using context = new SslContext();
  // @ts-expect-error: that is the point
  await t.throwsAsync(serveControl(context, 1), { code: 'ERR_INVALID_ARG_TYPE' });
  await t.throwsAsync(serveControl(context, join(folder(t), 'no', 'socket')), { code: 'ENOENT' });
});

test('info, list and show tell of a cache without its keys', async (t) => {
  const { context, client } = await start(t);
  const one = session(1, { hostname: 'localhost', alpn: 'h2' });
  context.addSession(one);
  context.addSession(session(2, { timeout: 600 }));
  t.is(client.pid, process.pid);
  const [info] = (await client.ask('info', {})).contexts;
  t.is(info?.name, 'default');
  t.is(info?.stats.number, 2);
  t.is(info?.tickets, 'stateful');
  t.is(info?.size, 20_480);
  const { sessions, total } = await client.ask('list', {});
  t.is(total, 2);
  t.deepEqual(
    sessions.map(({ id, isExpired }) => [id, isExpired]),
    [
      ['02'.repeat(32), false],
      ['01'.repeat(32), false],
    ],
  );
  t.is((await client.ask('list', { limit: 1 })).sessions.length, 1);
  const shown = await client.ask('show', { id: '01' });
  t.is(shown.hostname, 'localhost');
  t.is(shown.alpn, 'h2');
  t.false(JSON.stringify(shown).includes(one.exportMasterKey().toString('hex')));
  await t.throwsAsync(client.ask('show', { id: '0' }), { code: 'ERR_SSLCTX_CONTROL_AMBIGUOUS' });
  await t.throwsAsync(client.ask('show', { id: 'ff'.repeat(32) }), { code: 'ERR_SSLCTX_CONTROL_NOT_FOUND' });
});

test('remove and flush change the cache', async (t) => {
  const { context, client } = await start(t);
  const one = session(1);
  context.addSession(one);
  context.addSession(session(2, { time: 1000, timeout: 5 }));
  context.addSession(session(3));
  t.is((await client.ask('remove', { id: '010' })).removed.id, '01'.repeat(32));
  t.false(one.isResumable);
  await t.throwsAsync(client.ask('remove', { id: '01' }), { code: 'ERR_SSLCTX_CONTROL_NOT_FOUND' });
  t.is((await client.ask('flush', { at: 1001 })).count, 0);
  t.is((await client.ask('flush', {})).count, 1);
  t.is(context.stats.number, 1);
  t.is((await client.ask('flush', { all: true })).count, 1);
});

test('watch tells of sessions that leave, and leaves nothing behind', async (t) => {
  const { context, client } = await start(t);
  context.addSession(session(1));
  t.true((await client.ask('watch', {})).removals);
  const told = once(client, 'event');
  context.removeSession(session(1));
  const [event] = await told;
  t.is(event.event, 'removeSession');
  t.is(event.reason, 'removed');
  t.is(event.session.id, '01'.repeat(32));
  client.close();
  while (context.listenerCount('newSession') > 0) await new Promise(setImmediate);
  t.is(context.listenerCount('removeSession'), 0);
});

test('to watch stateless tickets does not put their sessions into the cache, unless asked to', async (t) => {
  const { context, client } = await start(t, new SslContext());
  t.false((await client.ask('watch', {})).removals);
  t.is(context.listenerCount('removeSession'), 0);
  t.true((await client.ask('watch', { removals: true })).removals);
  t.is(context.listenerCount('removeSession'), 1);
});

test('several contexts, by name, each looked up when it is asked for', async (t) => {
  const [shop, blog, next] = [new SslContext(), new SslContext(), new SslContext({ sessionTimeout: 9 })];
  let current = blog;
  const contexts = {
    shop,
    get blog() {
      return current;
    },
  };
  const path = join(folder(t), 'socket');
  await using server = await serveControl(contexts, path);
  await using client = await connectControl(server.path);
  blog.addSession(session(1));
  t.is((await client.ask('list', {})).total, 0);
  t.is((await client.ask('list', { context: 'blog' })).total, 1);
  await t.throwsAsync(client.ask('list', { context: 'constructor' }), { code: 'ERR_SSLCTX_CONTROL_NOT_FOUND' });
  current = next;
  t.is((await client.ask('info', {})).contexts[1]?.timeout, 9);
  next.free();
  await t.throwsAsync(client.ask('list', { context: 'blog' }), { code: 'ERR_SSLCTX_CONTROL_FAILED', message: /freed/ });
});

for (const [title, line] of [
  ['no JSON', 'hello'],
  ['no object', '[1]'],
  ['no number', '{"method":"info"}'],
  ['no method', '{"id":1}'],
  ['a method of objects', '{"id":1,"method":"constructor"}'],
  ['parameters of another kind', '{"id":1,"method":"info","params":[]}'],
  ['an unknown parameter', '{"id":1,"method":"info","params":{"x":1}}'],
  ['no ID', '{"id":1,"method":"remove"}'],
  ['an ID that is none', '{"id":1,"method":"remove","params":{"id":"xyz"}}'],
  ['a limit that is none', '{"id":1,"method":"list","params":{"limit":-1}}'],
  ['the time 0, libssl for everything', '{"id":1,"method":"flush","params":{"at":0}}'],
] as const) {
  test(`a bad request is answered, and the next one too: ${title}`, async (t) => {
    const { path, context } = await start(t);
    context.addSession(session(1));
    const [greeting, bad, good] = await raw(path, `${line}\n{"id":7,"method":"list"}\n`, 3);
    t.deepEqual(JSON.parse(greeting ?? ''), { sslctx: 'control', version: 1, pid: process.pid });
    t.is(JSON.parse(bad ?? '').error.code, 'ERR_SSLCTX_CONTROL_REQUEST');
    t.is(JSON.parse(good ?? '').result.total, 1);
  });
}

test('a request without an end is the end of the connection', async (t) => {
  const { path } = await start(t);
  const [, answer] = await raw(path, 'x'.repeat(5000), Number.POSITIVE_INFINITY);
  t.is(JSON.parse(answer ?? '').error.code, 'ERR_SSLCTX_CONTROL_REQUEST');
});

for (const [title, greeting] of [
  ['a later version', '{"sslctx":"control","version":2,"pid":1}\n'],
  ['another program', 'SSH-2.0-x\n'],
] as const) {
  test(`a client does not go on with ${title}`, async (t) => {
    const path = join(folder(t), 'socket');
    const server = createServer((socket) => socket.end(greeting)).listen(path);
    t.teardown(() => server.close());
    await once(server, 'listening');
    await t.throwsAsync(connectControl(path), { code: 'ERR_SSLCTX_CONTROL_VERSION' });
  });
}

test('a client hears of the end of the server', async (t) => {
  const { client, server, path } = await start(t);
  const closed = once(client, 'close');
  await server.close();
  await closed;
  await t.throwsAsync(client.ask('info', {}), { code: 'ERR_SSLCTX_CONTROL_CLOSED' });
  await t.throwsAsync(connectControl(path), { code: 'ENOENT' });
});
