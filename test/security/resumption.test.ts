// Sessions offered where they must not be resumed any more, though libssl itself would.
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { connect, createServer, SslContext, type SslServerOptions, type SslSession } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';
import { makeExpired, stopClock } from './expired.ts';

const ticketKeys = Buffer.alloc(80, 3);

/** Says whether it trusts its client, and why nothing was resumed. */
async function serve(t: ExecutionContext, options: SslServerOptions): Promise<number> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => {});
    const { reason = 'none' } = socket.resumption;
    socket.end(`authorized=${socket.authorized} reason=${reason}\n`);
  });
  server.on('tlsClientError', () => {});
  return await listenOn(t, server);
}

/** What a client offers, and the last session it gets. */
async function visit(port: number, context: SslContext, session?: SslSession) {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', context, session });
  let latest: SslSession | undefined;
  socket.on('session', (next) => {
    latest = next;
  });
  await once(socket.resume(), 'end');
  return { offered: socket.resumption.offered, session: latest };
}

test('a cipher suite that the server has given up comes back with no ticket', async (t) => {
  const common = { ...certificate(), ticketKeys, sessionIdContext: 'shop', maxVersion: 'TLSv1.2' } as const;
  const weak = await serve(t, { ...common, ciphers: 'ECDHE-ECDSA-AES128-SHA' });
  const strong = await serve(t, { ...common, ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
  const first = await sClient({ port: weak, until: 'closed' });
  t.is(first.cipher, 'ECDHE-ECDSA-AES128-SHA');
  const second = await sClient({ port: strong, sessionIn: first.session, until: 'closed' });
  t.false(second.reused);
  t.is(second.cipher, 'ECDHE-ECDSA-AES256-GCM-SHA384');
  t.regex(second.output, /reason=cipher/);
  t.true((await sClient({ port: weak, sessionIn: first.session, until: 'closed' })).reused);
});

for (const protocol of protocols) {
  for (const tickets of ['stateless', 'stateful'] as const) {
    test(`a client certificate that has expired is trusted in no resumption, ${tickets}, ${protocol}`, async (t) => {
      const { ca, cert, key } = makeExpired();
      const common = { ...certificate(), ca, ticketKeys, tickets, sessionIdContext: 'shop' };
      const versions = { minVersion: protocol, maxVersion: protocol };
      const before = new SslContext({ ...common, ...versions, requestCert: true });
      const after = new SslContext({ ...common, ...versions, requestCert: true });
      const open = new SslContext({ ...common, ...versions });
      stopClock(before);
      const [then, now, anybody] = [before, after, open].map((context) => serve(t, { context }));
      const first = await sClient({ port: (await then) ?? 0, cert, key, until: 'closed', waitForTickets: 1 });
      t.regex(first.output, /authorized=true/);
      for (const context of tickets === 'stateful' ? [after, open] : []) {
        context.importSessions(Array.from(before.sessions(), (session) => session.toDER()));
      }
      const sessionIn = first.session;
      const second = await sClient({
        port: (await now) ?? 0,
        cert,
        key,
        sessionIn,
        until: 'closed',
        waitForTickets: 0,
      });
      t.true(second.alerts.some(({ description }) => description === 'certificate expired'));
      // Who does not ask for a certificate has no use for its time.
      const third = await sClient({ port: (await anybody) ?? 0, sessionIn, until: 'closed', waitForTickets: 0 });
      t.true(third.reused);
    });
  }

  test(`a client does not resume with a server whose certificate has expired, ${protocol}`, async (t) => {
    const { ca, cert, key } = makeExpired();
    const port = await serve(t, { cert, key, minVersion: protocol, maxVersion: protocol });
    const context = new SslContext({ ca, sessionCache: { mode: ['client', 'no-internal'] } });
    stopClock(context);
    const { session } = await visit(port, context);
    t.true(session?.isResumable);
    t.false((await visit(port, context, session)).offered);
  });
}

test('a client offers no ticket of TLS 1.3 that is older than seven days, whatever its timeout', async (t) => {
  const day = 24 * 3600;
  const port = await serve(t, { ...certificate(), maxVersion: 'TLSv1.3', sessionTimeout: 30 * day });
  const keepsAll = { sessionCache: { mode: ['client', 'no-internal'] }, sessionTimeout: 30 * day } as const;
  const context = new SslContext({ ca: certificate().cert, ...keepsAll });
  const { session } = await visit(port, context);
  t.truthy(session);
  if (session === undefined) return;
  t.is(session.timeout, 30 * day);
  const { time } = session;
  session.time = time - 6 * day;
  t.true((await visit(port, context, session)).offered);
  session.time = time - 8 * day;
  t.false((await visit(port, context, session)).offered);
});
