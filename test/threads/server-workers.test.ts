// A server whose connections are in several threads: one port, one cache.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import {
  connect,
  createServer,
  joinServer,
  SslContext,
  type SslServer,
  type SslServerOptions,
} from '../../src/index.ts';
import { assertResumed, sClient } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';
import { file, Gate, open, threads } from './serving.ts';

async function say(port: number, text: string, options: object = {}): Promise<{ answer: string; reused: boolean }> {
  const socket = open(port, text, { ca: certificate().cert, ...options });
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  await once(socket, 'end');
  const reused = socket.resumption.accepted;
  socket.destroy();
  return { answer, reused };
}

for (const protocol of protocols) {
  test(`s_client resumes in whichever of four threads it comes to, ${protocol}`, async (t) => {
    const gate = new Gate();
    const versions = { minVersion: protocol, maxVersion: protocol };
    const options = {
      ...certificate(),
      ...versions,
      tickets: 'stateful',
      workers: threads(4, { greets: true, gate: gate.shared }),
    } as const;
    const server = createServer(options);
    const port = await listenOn(t, server);
    t.teardown(() => gate.release());
    const seen = new Set<string>();
    let session: string | undefined;
    while (seen.size < 4) {
      const result = await sClient({ port, servername: 'localhost', until: 'closed', sessionIn: session });
      if (session !== undefined) assertResumed(result);
      session = String(result.session ?? session);
      const thread = /thread (\d+)/.exec(result.output)?.[1] ?? t.fail('a thread');
      const worker = server.workers.find(({ threadId }) => String(threadId) === thread);
      if (worker === undefined || seen.has(String(thread))) return t.fail('another thread');
      // The next connection is for one of the others.
      seen.add(String(thread));
      const heldUp = once(worker, 'message');
      worker.postMessage('hold up');
      await heldUp;
    }
    t.true(server.context.stats.hits >= 3);
    t.is(server.workers.length, 4);
  });
}

test('the server hears of the sessions of its threads, and removes them', async (t) => {
  const server = createServer({ ...certificate(), maxVersion: 'TLSv1.2', tickets: 'stateful', workers: threads(2) });
  const port = await listenOn(t, server);
  const heard = once(server.context, 'newSession');
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate().cert });
  const [[session, isElsewhere], [own]] = await Promise.all([heard, once(socket, 'session')]);
  t.true(isElsewhere);
  socket.resume().end('bye');
  await once(socket, 'close');
  t.true(server.context.hasSession(session.id));
  t.true((await say(port, 'x', { session: own })).reused);
  t.true(server.context.removeSession(session));
  t.false((await say(port, 'x', { session: own })).reused);
});

test('virtual hosts, limits and another context reach the threads', async (t) => {
  const server = createServer({ ...certificate(), workers: threads(1) });
  server.addContext('before.example', { ...certificate(), maxVersion: 'TLSv1.2' });
  const port = await listenOn(t, server);
  server.addContext('after.example', new SslContext({ ...certificate(), maxVersion: 'TLSv1.2' }));
  for (const servername of ['before.example', 'after.example']) {
    const result = await sClient({ port, servername });
    t.is(result.protocol, 'TLSv1.2', servername);
  }
  t.is((await sClient({ port, servername: 'localhost' })).protocol, 'TLSv1.3');
  server.setSecureContext({ ...certificate(), maxVersion: 'TLSv1.2' });
  t.is((await sClient({ port, servername: 'localhost' })).protocol, 'TLSv1.2');
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate().cert });
  socket.write('stay');
  await once(socket, 'secure');
  t.is(await connections(server), 1);
  server.maxConnections = 1;
  await t.throwsAsync(say(port, 'x'));
  socket.destroy();
});

function connections(server: SslServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

test('the server closes when the last connection of its threads has ended', async (t) => {
  const server = createServer({ ...certificate(), workers: threads(2) });
  const port = await listenOn(t, server);
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate().cert });
  socket.write('stay');
  await once(socket, 'secure');
  const exits = server.workers.map((worker) => once(worker, 'exit'));
  let isClosed = false;
  const closed = once(server, 'close').then(() => {
    isClosed = true;
  });
  server.close();
  await t.throwsAsync(say(port, 'x'));
  t.false(isClosed);
  socket.end('now end');
  await closed;
  // By themselves: nothing keeps them.
  await Promise.all(exits);
});

test('a thread that ends early is told of, and another can take its place', async (t) => {
  const server = createServer({ ...certificate(), workers: threads(1) });
  const port = await listenOn(t, server);
  const exit = once(server, 'workerExit');
  t.is((await say(port, 'throw')).answer, '');
  const [, code, error] = await exit;
  t.is(code, 1);
  t.is(error.message, 'thrown by a listener');
  t.deepEqual(server.workers, []);
  const worker = await server.addWorker();
  t.deepEqual(server.workers, [worker]);
  t.is((await say(port, 'x')).answer, `thread ${worker.threadId}`);
});

test('what cannot work is an error', async (t) => {
  const bad = (workers: object, more: SslServerOptions = {}) =>
    t.throws(() => createServer({ ...certificate(), ...more, workers: Object(workers) }))?.message;
  t.regex(bad({}) ?? '', /workers.file/);
  t.regex(bad({ file, count: 0 }) ?? '', /workers.count/);
  t.regex(bad({ file, number: 2 }) ?? '', /number/);
  t.regex(bad({ file, options: { workerData: 5 } }) ?? '', /workerData/);
  t.regex(bad({ file }, { SNICallback: () => {} }) ?? '', /joinServer/);
  t.throws(() => createServer({ ...certificate(), workers: threads(1) }, () => {}), { message: /joinServer/ });
  t.throws(() => joinServer(), { code: 'ERR_SSLCTX_STATE' });
  const failing = createServer({ ...certificate(), workers: threads(2, { fails: true }) });
  failing.listen({ port: 0, host: '127.0.0.1' });
  const [error] = await once(failing, 'error');
  t.is(error.message, 'a worker that cannot start');
  t.is(failing.address(), null);
  const mute = createServer({
    ...certificate(),
    workers: {
      file: fileURLToPath(file),
      count: 1,
      options: { execArgv: [], eval: false, workerData: { script: 'data:text/javascript,' } },
    },
  });
  mute.listen({ port: 0, host: '127.0.0.1' });
  const [missing] = await once(mute, 'error');
  t.is(missing.code, 'ERR_SSLCTX_STATE');
  await t.throwsAsync(createServer(certificate()).addWorker(), { code: 'ERR_SSLCTX_STATE' });
});
