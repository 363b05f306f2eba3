// In TLS 1.3 a client may offer many sessions in one hello, and libssl takes the first one that it finds.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import {
  connect,
  createServer,
  MemorySessionStore,
  SslContext,
  type SslServer,
  type SslSession,
} from '../../src/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';
import { helloWithId, helloWithSessions, selectedSession } from './psk.ts';

async function sessionFrom(port: number, servername: string): Promise<SslSession> {
  const context = new SslContext({ ca: certificate().cert, sessionCache: { mode: ['client', 'no-internal'] } });
  const where = { port, host: '127.0.0.1', servername, rejectUnauthorized: false, context };
  const socket = connect(where);
  const session: Promise<SslSession> = once(socket.resume(), 'session').then(([first]) => first);
  await once(socket, 'end');
  return await session;
}

async function answerTo(port: number, hello: Buffer): Promise<Buffer> {
  const socket = connectTcp({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.write(hello);
  const answer: Buffer = await once(socket, 'data').then(([data]) => data);
  socket.destroy();
  return answer;
}

function serve(t: ExecutionContext, server: SslServer): Promise<number> {
  server.on('secureConnection', (socket) => socket.end());
  server.on('tlsClientError', () => {});
  return listenOn(t, server);
}

for (const kind of ['cache', 'store', 'tickets'] as const) {
  test(`a session that must not be resumed is not, wherever in the list it stands: ${kind}`, async (t) => {
    const store = kind === 'store' ? { sessionStore: new MemorySessionStore() } : {};
    const server = createServer({
      ...certificate(),
      ...store,
      tickets: kind === 'tickets' ? 'stateless' : 'stateful',
      sessionIdContext: 'shop',
    });
    const port = await serve(t, server);
    // A handshake that breaks off costs its session: each needs its own.
    const attempt = async (before: number, servername: string): Promise<number | undefined> => {
      const session = await sessionFrom(port, 'one.example');
      await server.sessionStore?.flush();
      return selectedSession(await answerTo(port, helloWithSessions(session, before, servername)));
    };
    // The list is understood, and the proof is right.
    t.is(await attempt(0, 'one.example'), 0);
    t.is(await attempt(1, 'one.example'), 1);
    for (const before of [0, 1, 2, 7, 8, 20]) {
      t.is(await attempt(before, 'two.example'), undefined, `behind ${before} others`);
    }
  });
}

test('a session of TLS 1.2 that must not be resumed is not, behind a list of TLS 1.3 either', async (t) => {
  const server = createServer({
    ...certificate(),
    maxVersion: 'TLSv1.2',
    tickets: 'stateful',
    sessionIdContext: 'shop',
  });
  const port = await serve(t, server);
  for (const [servername, isTaken] of [
    ['one.example', true],
    ['two.example', false],
  ] as const) {
    const { id } = await sessionFrom(port, 'one.example');
    const serverHello = await answerTo(port, helloWithId(id, servername));
    t.is(serverHello.subarray(44, 76).equals(id), isTaken);
  }
});

// Otherwise its connection might have the label of one and the session of the other.
test('of two sessions that a store knows none is resumed', async (t) => {
  const server = createServer({ ...certificate(), sessionStore: new MemorySessionStore(), sessionIdContext: 'shop' });
  const port = await serve(t, server);
  const [one, other] = [await sessionFrom(port, 'one.example'), await sessionFrom(port, 'one.example')];
  await server.sessionStore?.flush();
  const both = helloWithSessions(one, [other], 'one.example');
  t.is(selectedSession(await answerTo(port, both)), undefined);
});
