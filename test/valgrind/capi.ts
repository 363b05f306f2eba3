// The C functions by themselves: each field of a session set and read, DER and PEM there and back, caches that evict and
// flush, bulk import and export, connections in memory that end well, badly and not at all.
import * as capi from '../../src/capi/index.ts';
import { SslContext } from '../../src/index.ts';
import { certificate, clientContext, connect, makePair, protocols, serverContext } from '../helpers/classes.ts';
import { bioFrom, createSslConnection, createSslCtxPair, createSslObjects, exchange } from '../helpers/pair.ts';
import { copyOf, makeSession } from '../helpers/session.ts';
import { collect, expect } from './collect.ts';
import { made } from './made.ts';

function fields(): void {
  const session = makeSession({ id: 1, time: 1000, timeout: 60 });
  capi.SSL_SESSION_set1_id_context(session, Buffer.from('context'));
  capi.SSL_SESSION_set1_hostname(session, 'localhost');
  capi.SSL_SESSION_set1_alpn_selected(session, Buffer.from('h2'));
  capi.SSL_SESSION_set1_ticket_appdata(session, Buffer.from('label'));
  capi.SSL_SESSION_set_max_early_data(session, 100);
  for (const one of [session, copyOf(session)]) {
    const der = capi.i2d_SSL_SESSION(one);
    if (der === null) throw new Error('i2d_SSL_SESSION');
    for (let cut = 0; cut < der.length; cut += 7)
      expect(capi.d2i_SSL_SESSION(der.subarray(0, cut)), null, 'half a DER');
    const back = capi.d2i_SSL_SESSION(der);
    if (back === null) throw new Error('d2i_SSL_SESSION');
    expect(capi.i2d_SSL_SESSION(back), der, 'DER there and back');
    expect(capi.SSL_SESSION_get0_hostname(back), 'localhost', 'host name');
    expect(capi.SSL_SESSION_get_master_key(back), Buffer.alloc(48, 7), 'master key');
    capi.SSL_SESSION_get0_ticket(back);
    capi.SSL_SESSION_get0_ticket_appdata(back);
    capi.SSL_SESSION_get0_alpn_selected(back);
    capi.SSL_SESSION_get0_id_context(back);
    capi.SSL_SESSION_get0_peer(back);
    capi.SSL_SESSION_free(back);
  }
  while (capi.ERR_get_error() !== 0);
  expect(capi.PEM_read_bio_X509(bioFrom('nothing')), null, 'no PEM');
  while (capi.ERR_get_error() !== 0);
}

function connections(): void {
  for (const version of [capi.TLS1_2_VERSION, capi.TLS1_3_VERSION]) {
    const contexts = createSslCtxPair(version, version);
    capi.SSL_CTX_set_session_id_context(contexts.sctx, Buffer.from('valgrind'));
    const { session } = exchange(contexts);
    expect(exchange(contexts, session).reused, true, 'resumption');
    for (const steps of [0, 1, 2]) {
      const pair = createSslObjects(contexts.sctx, contexts.cctx);
      for (let step = 0; step < steps; step++) {
        capi.SSL_connect(pair.client);
        capi.SSL_accept(pair.server);
      }
      capi.SSL_free(pair.server);
    }
    const others = createSslCtxPair(capi.TLS1_2_VERSION, capi.TLS1_2_VERSION);
    capi.SSL_CTX_set_min_proto_version(others.sctx, capi.TLS1_3_VERSION);
    capi.SSL_CTX_set_max_proto_version(others.sctx, capi.TLS1_3_VERSION);
    expect(createSslConnection(createSslObjects(others.sctx, others.cctx)), false, 'no version in common');
    while (capi.ERR_get_error() !== 0);
  }
}

function contexts(): void {
  const context = new SslContext({ sessionCache: { size: 20 } });
  let removed = 0;
  context.on('removeSession', () => removed++);
  const sessions = Array.from({ length: 60 }, (_, number) => made(number));
  for (const session of sessions) context.addSession(session);
  expect(removed, 41, 'evictions');
  const ders = sessions.map((session) => session.toDER());
  expect(context.importSessions(ders), 60, 'imports');
  expect(Array.from(context.sessions(), (session) => session.toPEM()).length, 19, 'sessions');
  expect(context.clearSessions(), 19, 'flushed');
}

function classes(): void {
  for (const protocol of protocols) {
    const server = serverContext(protocol, { tickets: 'stateful' });
    const pair = connect(server, clientContext());
    pair.server.write(Buffer.alloc(20_000, 1));
    pair.client.receive(pair.server.takeOutput() ?? Buffer.of());
    pair.client.read();
    const { session } = pair.client;
    if (session === undefined) throw new Error('no session');
    const again = connect(server, clientContext(), { session });
    expect(again.server.isSessionReused, true, 'resumption');
    again.server.free();
    const broken = makePair(server, new SslContext({ ca: certificate().cert }));
    broken.client.handshake();
    try {
      broken.server.receive(Buffer.alloc(100, 'garbage'));
    } catch {}
    expect(broken.server.failure !== undefined, true, 'garbage is a failure');
  }
}

for (const part of [fields, connections, contexts, classes]) {
  part();
  await collect();
}
