// Sessions that a client offers without being theirs: their IDs can be seen on the wire.
import { once } from 'node:events';
import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';
import { contextHandle } from '../../src/context.ts';
import { MemorySessionStore, SslConnection, SslctxError, SslSession } from '../../src/index.ts';
import { sessionHandle } from '../../src/session.ts';
import { clientContext } from '../helpers/classes.ts';
import { fail, type Listening, listen } from './servers.ts';

const [AES256, AES128] = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256'] as const;

interface Offer {
  cipher?: string;
  /** The client's own. */
  session?: SslSession | undefined;
  /** The ID of somebody else's ticket, for which it has no key. */
  seen?: Buffer | undefined;
}

interface Visit {
  reused: boolean;
  isServed: boolean;
  session: SslSession | undefined;
}

async function visit({ server, port }: Listening, { cipher = AES128, session, seen }: Offer = {}): Promise<Visit> {
  const context = clientContext({
    ciphers: cipher,
    minVersion: 'TLSv1.3',
    sessionCache: { mode: ['client', 'no-internal'] },
  });
  const stolen = seen && SslSession.create({ id: seen, cipher });
  if (seen !== undefined && stolen !== undefined) {
    const offer = { identity: seen, session: sessionHandle(stolen) };
    capi.SSL_CTX_set_psk_use_session_callback(contextHandle(context), () => offer);
  }
  const client = new SslConnection(context, { servername: 'localhost', session });
  const socket = net.connect(port, '127.0.0.1');
  const send = (): void => {
    const output = client.takeOutput();
    if (output !== undefined) socket.write(output);
  };
  let isServed = false;
  socket.on('data', (data) => {
    try {
      client.receive(data);
      for (let text = client.read(); text !== undefined; text = client.read()) isServed = true;
      if (client.isShutdownReceived) client.shutdown();
    } catch (error) {
      socket.destroy();
      if (!(error instanceof SslctxError)) throw error;
    }
    send();
  });
  client.handshake();
  send();
  await once(socket, 'close');
  await server.sessionStore?.flush();
  return { reused: client.isSessionReused, isServed, session: client.takeSessions().at(-1) };
}

/** A server on which `user()` logs in. */
async function site(t: ExecutionContext, internalCache: boolean, user: () => string): Promise<Listening> {
  const mode = internalCache ? ({ sessionCache: { mode: ['server'] } } as const) : {};
  const sessionStore = new MemorySessionStore();
  return listen(t, { sessionStore, numTickets: 1, ...mode }, (socket) => {
    socket.on('error', () => {});
    socket.labelSession(user()).then(() => socket.end('hello\n'), fail(t));
  });
}

/** The ticket of TLS 1.3 is the ID that the server has for it. */
function ticketOf(session: SslSession | undefined): Buffer {
  const ticket = session?.ticket;
  if (ticket === undefined) throw new Error('no ticket');
  return Buffer.from(ticket);
}

for (const internalCache of [false, true]) {
  const where = internalCache ? 'in the internal cache' : 'in the store';
  test(`an offer that comes to nothing changes no label, ${where}`, async (t) => {
    let user = 'victim';
    const listening = await site(t, internalCache, () => user);
    const victim = await visit(listening, { cipher: AES256 });
    user = 'mallory';
    const mallory = await visit(listening, { seen: ticketOf(victim.session) });
    t.like(mallory, { reused: false, isServed: true }, 'a session with another hash');
    t.is(await listening.server.sessionStore?.revoke({ label: 'mallory' }), 1);
    user = 'victim';
    const again = await visit(listening, { cipher: AES256, session: victim.session });
    t.true(again.reused);
    t.true(((await listening.server.sessionStore?.revoke({ label: 'victim' })) ?? 0) > 0);
    t.false((await visit(listening, { cipher: AES256, session: again.session })).reused);
  });
}
