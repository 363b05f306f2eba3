// What is in a cache, and how much: neither is the client's to choose.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createServer, SslSession } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate, clientContext, close, connect, makePair, serverContext, transfer } from '../helpers/classes.ts';
import { createSslConnection, createSslCtxPair, createSslObjects, exchange } from '../helpers/pair.ts';
import { listenOn } from '../net/listen.ts';

test('a session ID that a client has chosen is not taken over', async (t) => {
  const server = createServer({ ...certificate(), tickets: 'stateful' }, (socket) => socket.end());
  const port = await listenOn(t, server);
  const id = Buffer.alloc(32, 0x61);
  const cipher = 'ECDHE-ECDSA-AES128-GCM-SHA256';
  const chosen = SslSession.create({ id, protocol: 'TLSv1.2', cipher, time: Math.floor(Date.now() / 1000) });
  const result = await sClient({ port, protocol: 'TLSv1.2', sessionIn: chosen.toPEM(), until: 'closed' });
  t.true(result.connected);
  t.false(result.reused);
  t.is(result.sessionId.length, 32);
  t.notDeepEqual(result.sessionId, id);
  t.false(server.context.hasSession(id));
});

// Two resume one session, and one of them fails: libssl marks the session that the other goes on to make tickets of.
// Before OpenSSL 3.0.14, 3.1.6 and 3.2.2, these went into the cache without an ID, and were never evicted.
test('CVE-2024-2511: a session that another connection has spoilt does not keep the cache from evicting', (t) => {
  const context = serverContext('TLSv1.3', { tickets: 'stateful', sessionCache: { size: 6 } });
  const client = clientContext();
  for (let round = 0; round < 10; round++) {
    const first = connect(context, client);
    const { session } = first.client;
    close(first);
    const stored = context.getSession(session?.ticket ?? Buffer.alloc(0));
    t.true(stored?.isResumable);
    const [good, bad] = [makePair(context, client, { session }), makePair(context, client, { session })];
    for (const pair of [good, bad]) {
      pair.client.handshake();
      pair.server.receive(pair.client.takeOutput() ?? Buffer.alloc(0));
    }
    t.throws(() => bad.server.receive(Buffer.from([23, 3, 3, 0, 20, ...Buffer.alloc(20)])), {
      code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    });
    t.false(stored?.isResumable);
    transfer(good);
    t.true(good.server.isHandshakeDone && good.server.isSessionReused);
    close(good);
    for (const end of [bad.client, bad.server]) end.free();
  }
  for (let count = 0; count < 20; count++) close(connect(context, client));
  t.is(context.stats.number, 5);
  t.true([...context.sessions()].every(({ id }) => id.length === 32));
});

test('a session with the extended master secret is not resumed without it', (t) => {
  const pair = createSslCtxPair(capi.TLS1_2_VERSION, capi.TLS1_2_VERSION);
  const { session } = exchange(pair);
  const without = createSslCtxPair(capi.TLS1_2_VERSION, capi.TLS1_2_VERSION).cctx;
  capi.SSL_CTX_set_options(without, 1); // SSL_OP_NO_EXTENDED_MASTER_SECRET
  const ends = createSslObjects(pair.sctx, without);
  t.is(capi.SSL_set_session(ends.client, session), 1);
  t.false(createSslConnection(ends));
  t.is(capi.ERR_GET_REASON(capi.ERR_get_error()), capi.SSL_R_INCONSISTENT_EXTMS);
});
