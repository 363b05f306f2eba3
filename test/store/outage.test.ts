// A store that hangs, and one that dies: connections go on.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import test from 'ava';
import { attachSessionStore, RedisSessionStore, SslContext } from '../../src/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { RedisServer } from './redis.ts';
import { listen, visit } from './servers.ts';

/** Node's own client: says hello, hears it, leaves. Returns whether it has resumed, and the session it got. */
async function greet(port: number, session?: Buffer): Promise<{ reused: boolean; session: Buffer | undefined }> {
  const options = { port, host: '127.0.0.1', servername: 'localhost', ca: certificate().cert };
  const socket: TLSSocket = connect({ ...options, session });
  let next = session;
  socket.on('session', (given: Buffer) => {
    next = given;
  });
  await once(socket, 'secureConnect');
  const reused = socket.isSessionReused();
  socket.end('hello\n');
  await once(socket, 'data');
  await once(socket, 'close');
  return { reused, session: next };
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

for (const protocol of protocols) {
  test.serial(`while Redis hangs for two seconds, others go on, ${protocol}`, async (t) => {
    const redis = await RedisServer.start(t);
    const sessionStore = new RedisSessionStore({ client: redis.client(), keys: randomBytes(32) });
    const listening = await listen(t, { sessionStore, lookupTimeout: 10_000 }, (socket) => socket.pipe(socket));
    const greeting = { send: 'hello\n', until: /hello/ };
    const first = await visit(listening, protocol, undefined, greeting);
    await redis.cli('CLIENT', 'PAUSE', '2000', 'ALL');
    let hangs = true;
    const pause = performance.now();
    const waiting = visit(listening, protocol, first.session, greeting).finally(() => {
      hangs = false;
    });
    const latencies: number[] = [];
    while (hangs) {
      const start = performance.now();
      t.false((await greet(listening.port)).reused);
      if (hangs) latencies.push(performance.now() - start);
    }
    t.true((await waiting).reused, 'the lookup was answered after all');
    t.true(latencies.length > 1, 'handshakes and data of others, while one waited');
    const worst = Math.max(...latencies).toFixed(0);
    t.log(`lookup waited ${(performance.now() - pause).toFixed(0)} ms; meanwhile ${latencies.length} connections`);
    t.log(`handshake, echo and close: median ${median(latencies).toFixed(1)} ms, worst ${worst} ms`);
  });

  test.serial(`a store that is too slow costs a full handshake, ${protocol}`, async (t) => {
    const redis = await RedisServer.start(t);
    const sessionStore = new RedisSessionStore({ client: redis.client(), keys: randomBytes(32) });
    const listening = await listen(t, { sessionStore, lookupTimeout: 50 });
    const first = await visit(listening, protocol);
    await redis.cli('CLIENT', 'PAUSE', '600000', 'ALL');
    t.false((await visit(listening, protocol, first.session)).reused);
    t.like(listening.server.sessionStore?.statistics, { lookups: 1, timeouts: 1, hits: 0 });
  });
}

test.serial('Redis is killed and comes back under load: no connection fails, and sessions resume again', async (t) => {
  const redis = await RedisServer.start(t);
  const sessionStore = new RedisSessionStore({ client: redis.client(), keys: randomBytes(32) });
  const context = new SslContext({ ...certificate(), sessionIdContext: 'outage' });
  const store = attachSessionStore(context, sessionStore, { lookupTimeout: 300, writeTimeout: 300, retryAfter: 100 });
  t.teardown(() => store.close());
  const options = { context, cert: undefined, key: undefined, sessionIdContext: undefined };
  const { server, port } = await listen(t, options, (socket) => socket.pipe(socket));
  let made = 0;
  let resumed = 0;
  const failures: unknown[] = [];
  server.on('tlsClientError', (error) => failures.push(error));
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const workers = Array.from({ length: 4 }, async () => {
    let session: Buffer | undefined;
    while (!stop.signal.aborted) {
      try {
        const result = await greet(port, session);
        session = result.session;
        made++;
        if (result.reused) resumed++;
      } catch (error) {
        failures.push(error);
      }
    }
  });
  /** Until so many more have come. */
  const more = async (count: number, of: () => number): Promise<void> => {
    const goal = of() + count;
    while (of() < goal && failures.length === 0) await once(server, 'secureConnection');
  };
  await more(40, () => resumed);
  const before = made;
  await redis.kill();
  await more(1, () => Number(store.statistics.breaker === 'open'));
  await more(40, () => made);
  const down = made - before;
  await redis.start();
  await more(1, () => Number(store.statistics.breaker === 'closed'));
  // Not those that are resumed from writes that wait.
  await more(40, () => store.statistics.hits - store.statistics.shared);
  stop.abort();
  await Promise.all(workers);
  t.deepEqual(failures, []);
  t.is(store.statistics.breaker, 'closed');
  t.log(`${made} connections, ${down} of them without Redis, ${resumed} resumed, none failed`);
  t.log(JSON.stringify(store.statistics));
});
