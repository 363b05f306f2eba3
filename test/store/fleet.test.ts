// Two server processes on one Redis, and the real s_client.
import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { RedisSessionStore, SslSession } from '../../src/index.ts';
import { protocols } from '../helpers/classes.ts';
import { Member } from './fleet.ts';
import { RedisServer } from './redis.ts';
import { listen, visit } from './servers.ts';

async function pair(t: ExecutionContext): Promise<{ redis: RedisServer; one: Member; two: Member }> {
  const redis = await RedisServer.start(t);
  const key = randomBytes(32);
  const [one, two] = await Promise.all([Member.start(t, redis.path, key), Member.start(t, redis.path, key)]);
  return { redis, one, two };
}

for (const protocol of protocols) {
  test(`a session of one process resumes on the other until its label is revoked, ${protocol}`, async (t) => {
    const { one, two } = await pair(t);
    const first = await one.visit(protocol, { send: 'label alice\n', until: /labelled alice/ });
    t.false(first.reused);
    const second = await two.visit(protocol, { sessionIn: first.session });
    t.true(second.reused);
    const { count = 0, milliseconds = 0 } = await two.ask({ ask: 'revoke', label: 'alice' });
    t.log(`revoked on all servers in ${milliseconds.toFixed(1)} ms`);
    // TLS 1.3: two tickets of the first connection, one of the second, which has the label of the first.
    t.is(count, protocol === 'TLSv1.3' ? 3 : 1);
    for (const server of [one, two]) {
      for (const sessionIn of [first.session, second.session]) {
        t.false((await server.visit(protocol, { sessionIn })).reused);
      }
    }
  });

  test(`a session is revoked by its ID, ${protocol}`, async (t) => {
    const { one, two } = await pair(t);
    const first = await one.visit(protocol);
    const session = SslSession.fromPEM(first.session ?? '');
    // What an s_client of TLS 1.3 calls its ID is a digest of the ticket, which is the ID of the server's.
    const id = (session.ticket ?? session.id).toString('hex');
    const { count, milliseconds = 0 } = await two.ask({ ask: 'revoke', id });
    t.log(`revoked on all servers in ${milliseconds.toFixed(1)} ms`);
    t.is(count, 1);
    for (const server of [one, two]) t.false((await server.visit(protocol, { sessionIn: first.session })).reused);
  });

  test(`an ID of another server costs no lookup, ${protocol}`, async (t) => {
    const { one } = await pair(t);
    const other = await pair(t);
    const foreign = await other.one.visit(protocol);
    t.false((await one.visit(protocol, { sessionIn: foreign.session })).reused);
    const { statistics } = await one.ask({ ask: 'statistics' });
    t.like(statistics, { lookups: 0, foreign: 1 });
  });
}

test('a server that loses Redis stops to resume from its own cache when its lease ends', async (t) => {
  const redis = await RedisServer.start(t);
  const sessionStore = new RedisSessionStore({ client: redis.client(), keys: randomBytes(32), lease: 1000 });
  const sessionCache = { mode: ['server'] } as const;
  const listening = await listen(t, { sessionStore, sessionCache, lookupTimeout: 100 });
  const first = await visit(listening, 'TLSv1.3');
  t.true((await visit(listening, 'TLSv1.3', first.session)).reused);
  const { context } = listening.server;
  t.is(listening.server.sessionStore?.statistics.lookups, 0, 'from its own cache');
  t.not(context.stats.number, 0);
  await redis.kill();
  while (context.stats.number > 0) await new Promise((resolve) => setImmediate(resolve));
  const after = await visit(listening, 'TLSv1.3', first.session);
  t.true(after.connected);
  t.false(after.reused);
});

test('revoke waits for a server that hangs until that has lost its lease', async (t) => {
  const { one, two } = await pair(t);
  const first = await one.visit('TLSv1.3', { send: 'label carol\n', until: /labelled carol/ });
  one.signal('SIGSTOP');
  const { count, milliseconds = 0 } = await two.ask({ ask: 'revoke', label: 'carol' });
  one.signal('SIGCONT');
  t.log(`revoked with one of two servers stopped in ${milliseconds.toFixed(0)} ms, lease 2000 ms`);
  t.is(count, 2);
  t.false((await one.visit('TLSv1.3', { sessionIn: first.session })).reused);
});
