// SslAgent resumes sessions: one ticket for each connection, and a stock of them.
import { once } from 'node:events';
import { createServer as createPlain } from 'node:net';
import test from 'ava';
import { SslContext, SslSocket } from '../../src/index.ts';
import { sServer } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { nginxPeer } from '../interop/peers/nginx.ts';
import { agentFor, ask, noting } from './clients.ts';

const kinds = { 'TLSv1.2': 'session-id', 'TLSv1.3': 'stateful-ticket' } as const;

for (const protocol of protocols) {
  test(`each connection after the first resumes, ${protocol}`, async (t) => {
    const server = await noting(t, { minVersion: protocol, maxVersion: protocol, tickets: 'stateful' });
    const agent = agentFor(t);
    for (let round = 0; round < 4; round++) {
      const { text, authorized } = await ask(agent, { port: server.port });
      t.is(text, 'hello');
      t.true(authorized);
    }
    t.deepEqual(server.reused, [false, true, true, true]);
    t.true(server.resumptions.slice(1).every(({ kind }) => kind === kinds[protocol]));
  });

  test(`parallel connections resume, ${protocol}`, async (t) => {
    const server = await noting(t, { minVersion: protocol, maxVersion: protocol, numTickets: 4 });
    const agent = agentFor(t);
    await ask(agent, { port: server.port });
    const parallel = () => Promise.all(Array.from({ length: 4 }, () => ask(agent, { port: server.port })));
    const answers = [...(await parallel()), ...(await parallel()), ...(await parallel())];
    t.true(answers.every(({ text }) => text === 'hello'));
    t.deepEqual(server.reused, [false, ...Array.from({ length: 12 }, () => true)]);
  });
}

test('no TLS 1.3 ticket is offered twice', async (t) => {
  const server = await noting(t, { minVersion: 'TLSv1.3', numTickets: 1 });
  const agent = agentFor(t);
  await ask(agent, { port: server.port });
  const answers = await Promise.all(Array.from({ length: 3 }, () => ask(agent, { port: server.port })));
  t.is(answers.filter(({ resumption }) => resumption.offered).length, 1);
  // They have brought a ticket each.
  const later = await Promise.all(Array.from({ length: 3 }, () => ask(agent, { port: server.port })));
  t.is(later.filter(({ resumption }) => resumption.accepted).length, 3);
});

test('sessions are in the client cache of the context, as many as it holds', async (t) => {
  const servers = [await noting(t), await noting(t), await noting(t)];
  const context = new SslContext({ ca: certificate().cert, sessionCache: { mode: ['client'], size: 4 } });
  const agent = agentFor(t, { ca: undefined, context });
  for (const { port } of servers) await ask(agent, { port });
  t.is(context.stats.number, 3);
  t.is(context.stats.cacheFull, 3);
  for (const session of context.sessions()) t.true(session.isResumable);
  // Those of the last server, and one of the one before.
  for (const { port } of servers.toReversed()) await ask(agent, { port });
  t.deepEqual(
    servers.map(({ reused }) => reused.at(-1)),
    [false, true, true],
  );
  context.clearSessions();
  for (const { port } of servers) await ask(agent, { port });
  t.true(servers.every(({ reused }) => reused.at(-1) === false));
});

test('an origin has 32 sessions at most, however many tickets it sends', async (t) => {
  const server = await noting(t, { minVersion: 'TLSv1.3', numTickets: 20 });
  const context = new SslContext({ ca: certificate().cert, sessionCache: { mode: ['client'] } });
  const agent = agentFor(t, { ca: undefined, context });
  await Promise.all([ask(agent, { port: server.port }), ask(agent, { port: server.port })]);
  t.is(context.stats.number, 32);
  t.true((await ask(agent, { port: server.port })).resumption.accepted);
});

test('a context whose mode keeps no sessions, and maxCachedSessions: 0, do not resume', async (t) => {
  const server = await noting(t);
  const context = new SslContext({ ca: certificate().cert, sessionCache: { mode: ['client', 'no-internal'] } });
  for (const options of [{ ca: undefined, context }, { maxCachedSessions: 0 }]) {
    const agent = agentFor(t, options);
    await ask(agent, { port: server.port });
    await ask(agent, { port: server.port });
  }
  t.true(server.resumptions.every(({ offered }) => !offered));
  t.throws(() => agentFor(t, { maxCachedSessions: -1 }), { code: 'ERR_OUT_OF_RANGE' });
});

for (const protocol of protocols) {
  test(`a session that the server refuses is not offered again, ${protocol}`, async (t) => {
    const version = { minVersion: protocol, maxVersion: protocol, numTickets: 1 };
    const keys = Buffer.alloc(80, 1);
    const server = await noting(t, { ...version, ticketKeys: keys });
    const context = new SslContext({ ca: certificate().cert, sessionCache: { mode: ['client'] } });
    const agent = agentFor(t, { ca: undefined, context });
    await ask(agent, { port: server.port });
    const [before] = context.sessions();
    server.server.setTicketKeys(Buffer.alloc(80, 2));
    const refused = await ask(agent, { port: server.port });
    t.like(refused.resumption, { offered: true, accepted: false });
    t.is(server.resumptions.at(-1)?.reason, 'ticket-key-unknown');
    t.false(before?.isResumable);
    t.false([...context.sessions()].some((session) => before?.equals(session)));
    const { resumption } = await ask(agent, { port: server.port });
    t.true(resumption.accepted);
  });
}

test('what was not offered, because nobody could be reached, is still there', async (t) => {
  const server = await noting(t, { numTickets: 1 });
  const agent = agentFor(t);
  await ask(agent, { port: server.port });
  const nobody = { port: server.port, lookup: failingLookup };
  await t.throwsAsync(ask(agent, nobody), { code: 'ENOTFOUND' });
  const { resumption } = await ask(agent, { port: server.port });
  t.true(resumption.accepted);
});

function failingLookup(_name: string, _options: object, callback: (error: Error) => void): void {
  callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
}

test('a connection that breaks in the handshake costs the session that it offered', async (t) => {
  const server = await noting(t, { numTickets: 2 });
  const context = new SslContext({ ca: certificate().cert, sessionCache: { mode: ['client'] } });
  const agent = agentFor(t, { ca: undefined, context });
  await ask(agent, { port: server.port });
  t.is(context.stats.number, 2);
  const breaking = createPlain((socket) => socket.once('data', () => socket.destroy())).listen(0, '127.0.0.1');
  await once(breaking, 'listening');
  t.teardown(() => breaking.close());
  const address = breaking.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  // The same origin, led elsewhere.
  const transport = () =>
    import('node:net').then(({ connect }) => connect({ port: address.port, allowHalfOpen: true }));
  await t.throwsAsync(ask(agent, { port: server.port, socket: await transport() }));
  t.is(context.stats.number, 1);
  await ask(agent, { port: server.port });
  t.deepEqual(server.reused, [false, true]);
});

test('keep-alive connections are used again, and sessions when they are gone', async (t) => {
  const server = await noting(t);
  const agent = agentFor(t, { keepAlive: true });
  await ask(agent, { port: server.port });
  await ask(agent, { port: server.port });
  t.is(server.resumptions.length, 1);
  const [free] = Object.values(agent.freeSockets).flat();
  if (!(free instanceof Object) || !(Object(free) instanceof SslSocket)) throw new Error('no socket is kept');
  const closed = once(free, 'close');
  free.destroy();
  await closed;
  await ask(agent, { port: server.port });
  t.deepEqual(server.reused, [false, true]);
});

for (const protocol of protocols) {
  for (const noTicket of [false, true]) {
    test(`resumes at the real s_server, ${protocol}, ${noTicket ? 'session IDs' : 'tickets'}`, async (t) => {
      const { cert, key } = certificate();
      await using server = await sServer({ cert, key, protocol, noTicket, www: true });
      const agent = agentFor(t);
      const answers = [];
      for (let round = 0; round < 3; round++) answers.push(await ask(agent, { port: server.port }));
      t.deepEqual(
        answers.map(({ resumption }) => resumption.accepted),
        [false, true, true],
      );
      // Its own word.
      t.deepEqual(
        answers.map(({ text }) => /(New|Reused), /.exec(text)?.[1]),
        ['New', 'Reused', 'Reused'],
      );
    });
  }

  test(`parallel connections resume at nginx, ${protocol}`, async (t) => {
    const mechanism = protocol === 'TLSv1.2' ? 'session ID' : 'stateless ticket';
    const server = await nginxPeer.start({ protocol, mechanism, credentials: certificate() });
    t.teardown(() => server.stop());
    if (!('path' in server.address)) throw new Error('nginx listens on a Unix socket');
    const agent = agentFor(t);
    const where = { socketPath: server.address.path, servername: 'localhost' };
    t.regex((await ask(agent, where)).text, /^saw \. /);
    const parallel = () => Promise.all([ask(agent, where), ask(agent, where)]);
    const answers = [...(await parallel()), ...(await parallel()), ...(await parallel())];
    t.true(answers.every(({ text, authorized }) => authorized && /^saw r /.test(text)));
  });
}
