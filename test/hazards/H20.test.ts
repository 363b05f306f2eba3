// H20: SSL_get_session lends a pointer in C, and each ticket replaces it. Here the handle owns a reference.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { connected, idOf, statefulPair, VERSIONS } from './contexts.ts';
import { shownOnGlibc, unguarded } from './unguarded.ts';

for (const { name, version } of VERSIONS) {
  for (const get of ['SSL_get_session', 'SSL_get0_session', 'SSL_get1_session'] as const) {
    test(`${name}: what ${get} gave outlives the connection`, (t) => {
      const before = capi.debug.live().SSL_SESSION;
      const { client, server } = connected(statefulPair(version));
      const session = capi[get](client);
      if (session === null) return t.fail();
      const id = idOf(session);
      capi.SSL_set_shutdown(client, capi.SSL_SENT_SHUTDOWN);
      capi.SSL_free(client);
      capi.SSL_free(server);
      t.is(idOf(session), id);
      t.is(capi.SSL_SESSION_get_protocol_version(session), version);
      capi.SSL_SESSION_free(session);
      t.throws(() => idOf(session), { code: 'ERR_SSLCTX_FREED' });
      t.true(capi.debug.live().SSL_SESSION >= before);
    });
  }

  test(`${name}: the same session is the same object, however it is got`, (t) => {
    const { client } = connected(statefulPair(version));
    const session = capi.SSL_get_session(client);
    t.is(capi.SSL_get0_session(client), session);
    t.is(capi.SSL_get1_session(client), session);
  });
}

test('TLS 1.3: it outlives the tickets that come after it', (t) => {
  const { client, server } = connected(statefulPair(capi.TLS1_3_VERSION));
  const session = capi.SSL_get0_session(client);
  if (session === null) return t.fail();
  const id = idOf(session);
  for (let i = 0; i < 10; i++) {
    t.is(capi.SSL_new_session_ticket(server), 1);
    t.is(capi.SSL_do_handshake(server), 1);
    t.is(capi.SSL_read(client, Buffer.alloc(1)), -1);
  }
  t.not(capi.SSL_get0_session(client), session);
  t.is(idOf(session), id);
  t.is(capi.SSL_SESSION_get_protocol_version(session), capi.TLS1_3_VERSION);
});

shownOnGlibc('without the guard: the next ticket frees it', async (t) => {
  const { facts } = await unguarded('h20_borrowed');
  t.deepEqual(facts, { before: 1, same: 0, after: 0 });
});
