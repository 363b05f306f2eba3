// `sslctx cache`: the caches of `sslctx serve` and of a program of one's own.
import { lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { serveControl } from '../../src/control/index.ts';
import { SslContext, SslSession } from '../../src/index.ts';
import { sClient, serverSessionIds } from '../../src/testing/index.ts';
import { execute } from '../helpers/process.ts';
import { commandLine, environment, folder, serve, sslctx, start } from './cli.ts';

test.serial('list, show, flush: what is there and what is not', async (t) => {
  const server = await serve(t, '--tickets', 'stateful');
  const { port } = server;
  const cache = ['cache', '--port', String(port)];
  t.is((await sslctx(...cache, 'list')).stdout, '0 sessions\n');
  const first = await sClient({ port, protocol: 'TLSv1.3', servername: 'localhost', waitForTickets: 2 });
  const ids = serverSessionIds(first).map((id) => id.toString('hex'));
  const listed = await sslctx(...cache, '--json', 'list');
  const sessions = listed.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.deepEqual(sessions.map(({ id }) => id).sort(), [...ids].sort());
  t.regex((await sslctx(...cache, 'list')).stdout, /^session +protocol +cipher +expires in +name\n/);
  t.is((await sslctx(...cache, '--json', 'list', '--limit', '1')).stdout.split('\n').length, 2);
  const shown = await sslctx(...cache, 'show', ids[0]?.slice(0, 12) ?? '');
  t.is(shown.code, 0);
  t.regex(shown.stdout, new RegExp(`^id +${ids[0]}\n`));
  t.regex(shown.stdout, /^hostname +localhost$/m);
  t.is((await sslctx(...cache, 'flush')).stdout, 'removed 0 sessions\n');
  t.is((await sslctx(...cache, 'flush', '--all')).stdout, 'removed 2 sessions\n');
  const gone = await sslctx(...cache, 'show', ids[0] ?? '');
  t.is(gone.code, 1);
  t.regex(gone.stderr, /ERR_SSLCTX_CONTROL_NOT_FOUND/);
});

test.serial('remove: one that is there and one that is not; the answer is no, and the first is gone', async (t) => {
  const path = join(folder(t), 'socket');
  using context = new SslContext({ tickets: 'stateful' });
  await using _control = await serveControl(context, path);
  const session = SslSession.create({ timeout: 300 });
  context.addSession(session);
  const id = session.id.toString('hex');
  const { code, stdout, stderr } = await sslctx('cache', '--socket', path, 'remove', id, 'ffff');
  t.is(code, 1);
  t.is(stdout, `removed ${id} (TLSv1.3)\n`);
  t.regex(stderr, /no such session/);
  t.is(context.stats.number, 0);
});

test.serial('watch tells of sessions that come and go', async (t) => {
  const server = await serve(t, '--tickets', 'stateful');
  const watcher = await start(t, 'cache', '--port', String(server.port), '--json', 'watch');
  t.true((await watcher.next('watching')).removals);
  const { tickets } = await sClient({ port: server.port, protocol: 'TLSv1.3', waitForTickets: 2 });
  const { session } = await watcher.next('newSession');
  t.is(session.id, tickets[0]?.ticket?.toString('hex'));
  await sslctx('cache', '--port', String(server.port), 'remove', session.id);
  const removed = await watcher.next('removeSession');
  t.is(removed.session.id, session.id);
  t.is(removed.reason, 'removed');
  t.is((await watcher.stop('SIGINT')).code, 0);
});

test.serial('watch ends with the server, and says so', async (t) => {
  const server = await serve(t);
  const watcher = await start(t, 'cache', '--port', String(server.port), '--json', 'watch');
  await watcher.next('watching');
  await server.stop();
  const { code, stderr } = await watcher.ended;
  t.is(code, 3);
  t.regex(stderr, /has closed the control socket/);
});

test.serial('several contexts by name', async (t) => {
  const path = join(folder(t), 'socket');
  using shop = new SslContext();
  using blog = new SslContext({ sessionTimeout: 77 });
  await using _control = await serveControl({ shop, blog }, path);
  const all = await sslctx('cache', '--socket', path, 'info');
  t.regex(all.stdout, /^shop\n(?:.*\n)*blog\n/);
  const one = await sslctx('cache', '--socket', path, '--context', 'blog', '--json', 'info');
  t.is(JSON.parse(one.stdout).contexts[0].timeout, 77);
  t.is((await sslctx('cache', '--socket', path, '--context', 'x', 'info')).code, 1);
});

test.serial('without a port: the only server is meant, and a folder of others is not trusted', async (t) => {
  const runtime = folder(t);
  const [program = '', ...before] = commandLine;
  const run = (XDG_RUNTIME_DIR: string) =>
    execute(program, [...before, 'cache', 'list'], { env: { ...environment, XDG_RUNTIME_DIR } });
  const none = await run(runtime);
  t.is(none.code, 3);
  t.regex(none.stderr, /no `sslctx serve` is running/);
  t.is(lstatSync(join(runtime, 'sslctx')).mode & 0o777, 0o700);

  using context = new SslContext();
  await using one = await serveControl(context, join(runtime, 'sslctx', '1.sock'));
  t.is((await run(runtime)).stdout, '0 sessions\n');
  await using _two = await serveControl(context, join(runtime, 'sslctx', '2.sock'));
  t.regex((await run(runtime)).stderr, /several servers, on ports 1, 2/);
  await one.close();
  t.is((await run(runtime)).stdout, '0 sessions\n');

  const open = folder(t);
  mkdirSync(join(open, 'sslctx'), { mode: 0o777 });
  const wide = await run(open);
  if ((lstatSync(join(open, 'sslctx')).mode & 0o077) !== 0) t.regex(wide.stderr, /mode 0700/);
  const linked = folder(t);
  symlinkSync(tmpdir(), join(linked, 'sslctx'));
  t.regex((await run(linked)).stderr, /mode 0700/);
});
