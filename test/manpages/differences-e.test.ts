// What is kept, encoded, counted, and what early data does: where the man pages are wrong or silent.
// docs/differences.md has the same tags.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { message, readEarlyData, setupEarlyData } from '../helpers/early-data.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import {
  createSslConnection,
  createSslCtxPair,
  createSslObjects,
  exchange,
  shutdownSslConnection,
} from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import { has, protocols, recordRemovals, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

const { TLS1_2_VERSION, TLS1_3_VERSION } = capi;

test.serial(
  'C23: SSL_clear after a clean end keeps the session for the next connection; after an unclean one it does not',
  (t) => {
    for (const isClean of [true, false]) {
      const pair = statefulPair(TLS1_2_VERSION);
      const ssls = createSslObjects(pair.sctx, pair.cctx);
      t.true(createSslConnection(ssls));
      if (isClean) {
        capi.SSL_shutdown(ssls.client);
        capi.SSL_shutdown(ssls.server);
        capi.SSL_shutdown(ssls.client);
      }
      t.is(capi.SSL_clear(ssls.client), 1);
      const fresh = createSslObjects(pair.sctx, pair.cctx);
      capi.SSL_set_bio(ssls.client, capi.SSL_get_wbio(fresh.server), capi.SSL_get_rbio(fresh.server));
      t.true(createSslConnection({ server: fresh.server, client: ssls.client }));
      t.is(capi.SSL_session_reused(ssls.client), isClean ? 1 : 0);
      shutdownSslConnection({ server: fresh.server, client: ssls.client });
      capi.SSL_free(fresh.client);
      capi.SSL_free(ssls.server);
    }
  },
);

test.serial(
  'C24: from DER a timeout of 0 becomes 3 seconds; what is after the end is an error here; the peer chain is lost',
  (t) => {
    const session = makeSession({ id: 1, timeout: 0 });
    const der = capi.i2d_SSL_SESSION(session);
    if (der === null) return t.fail();
    const again = capi.d2i_SSL_SESSION(der);
    t.is(again && capi.SSL_SESSION_get_timeout(again), 3);
    t.is(capi.d2i_SSL_SESSION(Buffer.concat([der, Buffer.alloc(1)])), null);
    t.is(capi.ERR_GET_REASON(capi.ERR_get_error()), capi.SSL_R_LENGTH_MISMATCH);
  },
);

test.serial('C24: an unknown cipher, or no bytes at all, make d2i fail without an error in the queue', (t) => {
  const der = capi.i2d_SSL_SESSION(makeSession({ id: 1 }));
  if (der === null) return t.fail();
  // SEQUENCE, INTEGER 1, INTEGER version, OCTET STRING cipher.
  const at = der.indexOf(Buffer.from('0402', 'hex'));
  der.writeUInt16BE(0xfefe, at + 2);
  for (const bytes of [der, Buffer.of()]) {
    t.is(capi.d2i_SSL_SESSION(bytes), null);
    t.is(capi.ERR_peek_error(), 0);
  }
});

test.serial('C25: application data that makes a ticket too large would kill the handshake: refused', (t) => {
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_SESSION_set1_ticket_appdata(session, Buffer.alloc(32_768)), 1);
  t.throws(() => capi.SSL_SESSION_set1_ticket_appdata(session, Buffer.alloc(70_000)), { code: 'ERR_OUT_OF_RANGE' });
  const pair = createSslCtxPair(TLS1_3_VERSION, TLS1_3_VERSION);
  capi.SSL_CTX_set_session_ticket_cb(
    pair.sctx,
    (ssl) => {
      const current = capi.SSL_get_session(ssl);
      return current === null ? 0 : capi.SSL_SESSION_set1_ticket_appdata(current, Buffer.alloc(32_768, 1));
    },
    null,
  );
  t.false(has(pair.sctx, session));
  t.notThrows(() => exchange(pair));
});

test.serial(
  'C26: a stateless TLS 1.3 ticket names a cached session: an unclean end takes it, but for a new ticket',
  (t) => {
    for (const tickets of [0, 1]) {
      const pair = createSslCtxPair(TLS1_3_VERSION, TLS1_3_VERSION);
      const removed = recordRemovals(pair.sctx);
      const { session } = exchange(pair);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), 2);
      capi.SSL_CTX_set_num_tickets(pair.sctx, tickets);
      const ssls = createSslObjects(pair.sctx, pair.cctx);
      capi.SSL_set_session(ssls.client, session);
      t.true(createSslConnection(ssls));
      t.is(capi.SSL_session_reused(ssls.server), 1);
      const own = capi.SSL_get_session(ssls.server);
      if (own === null) return t.fail();
      // From the ticket, not from the cache; the new ticket's is cached itself.
      t.is(has(pair.sctx, own), tickets === 1);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), 2 + tickets);
      t.not(capi.lh_SSL_SESSION_retrieve(pair.sctx, own), null);
      capi.SSL_free(ssls.server);
      sameObjects(t, removed, [own]);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), 1 + tickets);
      t.is(capi.lh_SSL_SESSION_retrieve(pair.sctx, own), null);
      capi.SSL_free(ssls.client);
    }
  },
);

for (const { name, version } of protocols) {
  test.serial(
    `C27: ${name}: a client counts a miss when what it offers is not resumed (the page: server mode)`,
    (t) => {
      const pair = statefulPair(version);
      const { session } = exchange(pair);
      t.true(exchange(pair, session).reused);
      t.is(capi.SSL_CTX_sess_misses(pair.cctx), 0);
      capi.SSL_CTX_flush_sessions(pair.sctx, 0);
      t.false(exchange(pair, session).reused);
      t.is(capi.SSL_CTX_sess_misses(pair.cctx), 1);
    },
  );

  test.serial(
    `C28: ${name}: a client with another session ID context than its session fails (the page: unused)`,
    (t) => {
      const pair = statefulPair(version);
      capi.SSL_CTX_set_session_id_context(pair.cctx, Buffer.from('one'));
      const { session } = exchange(pair);
      t.true(exchange(pair, session).reused);
      capi.SSL_CTX_set_session_id_context(pair.cctx, Buffer.from('other'));
      const error = t.throws(() => exchange(pair, session));
      t.regex(error?.message ?? '', /attempt to reuse session in different context/);
      capi.ERR_clear_error();
    },
  );

  test.serial(
    `C29: ${name}: when the key callback makes no ticket, nothing can resume (the page: session IDs)`,
    (t) => {
      const pair = createSslCtxPair(version, version);
      capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(pair.sctx, () => 0);
      const { session } = exchange(pair);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
      t.is(capi.SSL_SESSION_get_id(session).length, 0);
      t.false(exchange(pair, session).reused);
    },
  );
}

test.serial(
  'C30: early data of a client after a read that found nothing breaks the connection; SSL_connect does not',
  (t) => {
    for (const goesOn of [true, false]) {
      const { sctx, cctx, session } = setupEarlyData();
      const ssls = createSslObjects(sctx, cctx);
      capi.SSL_set_session(ssls.client, session);
      t.is(capi.SSL_write_early_data(ssls.client, message), message.length);
      t.is(capi.SSL_read(ssls.client, Buffer.alloc(1)), -1);
      t.is(readEarlyData(ssls.server).text, 'Hello');
      if (goesOn) t.is(capi.SSL_connect(ssls.client), 1);
      else t.is(capi.SSL_write_early_data(ssls.client, message), message.length);
      const expected = goesOn ? capi.SSL_READ_EARLY_DATA_FINISH : capi.SSL_READ_EARLY_DATA_ERROR;
      t.is(readEarlyData(ssls.server).status, expected);
      capi.ERR_clear_error();
      t.is(createSslConnection(ssls), goesOn);
      capi.ERR_clear_error();
      capi.SSL_free(ssls.server);
      capi.SSL_free(ssls.client);
    }
  },
);

test.serial('C31: SSL_clear after a clean end: the version is negotiated anew (the page: it is kept)', (t) => {
  const { cctx } = createSslCtxPair();
  const first = createSslObjects(statefulPair(TLS1_2_VERSION).sctx, cctx);
  t.true(createSslConnection(first));
  t.is(capi.SSL_version(first.client), TLS1_2_VERSION);
  for (const ssl of [first.client, first.server, first.client]) capi.SSL_shutdown(ssl);
  t.is(capi.SSL_clear(first.client), 1);
  const next = createSslObjects(statefulPair(TLS1_3_VERSION).sctx, cctx);
  capi.SSL_set_bio(first.client, capi.SSL_get_rbio(next.client), capi.SSL_get_wbio(next.client));
  const ssls = { server: next.server, client: first.client };
  t.true(createSslConnection(ssls));
  t.is(capi.SSL_version(ssls.client), TLS1_3_VERSION);
  shutdownSslConnection(ssls);
});
