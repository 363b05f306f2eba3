// socket.resumption: each reason, produced by the real s_client. More of them are in reasons.test.ts.
import test from 'ava';
import { SslContext } from '../../src/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { kindOf, listenAndExplain } from './explained.ts';

for (const protocol of protocols) {
  for (const tickets of ['stateful', 'stateless'] as const) {
    const kind = kindOf(protocol, tickets);
    const name = `${tickets}, ${protocol}`;

    test(`nothing offered, then accepted, ${name}`, async (t) => {
      const peer = await listenAndExplain(t, { tickets });
      const [first, none] = await peer.connect(protocol);
      t.deepEqual(none, { offered: false, accepted: false });
      const [second, accepted] = await peer.connect(protocol, { sessionIn: first.session });
      t.true(second.reused);
      t.deepEqual(accepted, { offered: true, kind, accepted: true });
    });

    test(`another server name, ${name}`, async (t) => {
      const peer = await listenAndExplain(t, { tickets });
      const [first] = await peer.connect(protocol, { servername: 'one.test' });
      const [second, reason] = await peer.connect(protocol, { sessionIn: first.session, servername: 'two.test' });
      t.false(second.reused);
      t.deepEqual(reason, { offered: true, kind, accepted: false, reason: 'servername-mismatch' });
      const [third] = await peer.connect(protocol, { sessionIn: second.session, servername: 'two.test' });
      t.true(third.reused, 'the refusal leaves a session that can be resumed');
    });

    test(`another session ID context, ${name}`, async (t) => {
      const peer = await listenAndExplain(t, { tickets });
      const [first] = await peer.connect(protocol);
      peer.server.context.sessionIdContext = 'other';
      const [second, reason] = await peer.connect(protocol, { sessionIn: first.session });
      t.false(second.reused);
      t.deepEqual(reason, { offered: true, kind, accepted: false, reason: 'id-context-mismatch' });
    });
  }

  test(`expired, ${protocol}`, async (t) => {
    const peer = await listenAndExplain(t, { tickets: 'stateful' });
    const [first] = await peer.connect(protocol);
    for (const session of peer.server.context.sessions()) session.time -= 2 * session.timeout;
    const [second, reason] = await peer.connect(protocol, { sessionIn: first.session });
    t.false(second.reused);
    t.deepEqual(reason, { offered: true, kind: kindOf(protocol, 'stateful'), accepted: false, reason: 'expired' });
  });

  test(`removed, not found, ${protocol}`, async (t) => {
    const kind = kindOf(protocol, 'stateful');
    const peer = await listenAndExplain(t, { tickets: 'stateful' });
    const [first] = await peer.connect(protocol);
    const { context } = peer.server;
    for (const session of [...context.sessions()]) context.removeSession(session);
    const [, removed] = await peer.connect(protocol, { sessionIn: first.session });
    t.deepEqual(removed, { offered: true, kind, accepted: false, reason: 'removed' });
    const other = await listenAndExplain(t, { tickets: 'stateful' });
    const [, unknown] = await other.connect(protocol, { sessionIn: first.session });
    t.deepEqual(unknown, { offered: true, kind, accepted: false, reason: 'not-found' });
  });

  test(`the cache mode forbids it, ${protocol}`, async (t) => {
    const peer = await listenAndExplain(t, { tickets: 'stateful' });
    const [first] = await peer.connect(protocol);
    peer.server.context.sessionCacheMode = ['server', 'no-internal-lookup'];
    const [second, reason] = await peer.connect(protocol, { sessionIn: first.session });
    t.false(second.reused);
    t.deepEqual(reason, { offered: true, kind: kindOf(protocol, 'stateful'), accepted: false, reason: 'cache-mode' });
  });

  test(`the ticket's key is unknown, ${protocol}`, async (t) => {
    const peer = await listenAndExplain(t, { tickets: 'stateless' });
    const [first] = await peer.connect(protocol);
    peer.server.setTicketKeys(Buffer.alloc(80, 7));
    const [second, reason] = await peer.connect(protocol, { sessionIn: first.session });
    t.false(second.reused);
    t.deepEqual(reason, { offered: true, kind: 'stateless-ticket', accepted: false, reason: 'ticket-key-unknown' });
  });

  test(`tickets are off, ${protocol}`, async (t) => {
    const stateless = await listenAndExplain(t, { tickets: 'stateless' });
    const [first] = await stateless.connect(protocol);
    const stateful = await listenAndExplain(t, { tickets: 'stateful' });
    const [, reason] = await stateful.connect(protocol, { sessionIn: first.session });
    t.is(reason.reason, 'tickets-disabled');
  });
}

test('a virtual host has a cache of its own', async (t) => {
  const peer = await listenAndExplain(t, { tickets: 'stateful' });
  const host = new SslContext({ ...certificate(), tickets: 'stateful', sessionIdContext: 'two' });
  peer.server.addContext('two.test', host);
  const [first] = await peer.connect('TLSv1.3', { servername: 'two.test' });
  t.is(host.stats.number, 2);
  t.is(peer.server.context.stats.number, 0);
  const [again] = await peer.connect('TLSv1.3', { servername: 'two.test', sessionIn: first.session });
  t.true(again.reused);
  const [elsewhere, reason] = await peer.connect('TLSv1.3', { servername: 'one.test', sessionIn: first.session });
  t.false(elsewhere.reused);
  t.is(reason.reason, 'not-found');
});

for (const protocol of protocols) {
  test(`an asynchronous store, ${protocol}`, async (t) => {
    const stored = new Map<string, Uint8Array>();
    const peer = await listenAndExplain(t, { tickets: 'stateful', sessionCache: { mode: ['server', 'no-internal'] } });
    peer.server.on('newSession', (id, der) => stored.set(id.toString('hex'), der));
    peer.server.on('resumeSession', (id, callback) => {
      setImmediate(() => callback(null, stored.get(id.toString('hex'))));
    });
    const [first] = await peer.connect(protocol);
    t.true(stored.size > 0);
    t.is(peer.server.context.stats.number, 0);
    const [second, reason] = await peer.connect(protocol, { sessionIn: first.session });
    t.true(second.reused);
    t.true(reason.accepted);
    stored.clear();
    const [third, missing] = await peer.connect(protocol, { sessionIn: first.session });
    t.false(third.reused);
    t.true(missing.offered);
  });
}
