// SSL_CTX_set_num_tickets(3), SSL_set_num_tickets(3) and SSL_new_session_ticket(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { makeCertificate } from '../../src/testing/certificate.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import {
  bioFrom,
  createSslConnection,
  createSslObjects,
  exchange,
  shutdownSslConnection,
  useCertificate,
} from '../helpers/pair.ts';
import { connect, emptyContext, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

const { TLS1_2_VERSION, TLS1_3_VERSION } = capi;

/** A pair, and the sessions that its client has been told of, which are as many as tickets. */
function ticketPair(): { sctx: capi.SSL_CTX; cctx: capi.SSL_CTX; tickets: capi.SSL_SESSION[] } {
  const pair = statefulPair(TLS1_3_VERSION);
  const tickets: capi.SSL_SESSION[] = [];
  capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT | capi.SSL_SESS_CACHE_NO_INTERNAL_STORE);
  capi.SSL_CTX_sess_set_new_cb(pair.cctx, (_ssl, session) => void tickets.push(session));
  return { ...pair, tickets };
}

const byte = Buffer.alloc(1);

for (const count of [0, 1, 4]) {
  test.serial(`TLS 1.3: SSL_CTX_set_num_tickets: as many tickets are sent after a full handshake (${count})`, (t) => {
    const pair = ticketPair();
    capi.SSL_CTX_set_num_tickets(pair.sctx, count);
    exchange(pair);
    t.is(pair.tickets.length, count);
  });

  test.serial(`TLS 1.3: SSL_set_num_tickets: the same for one connection (${count})`, (t) => {
    const pair = ticketPair();
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    t.is(capi.SSL_set_num_tickets(ssls.server, count), 1);
    t.true(createSslConnection(ssls));
    t.is(pair.tickets.length, count);
    shutdownSslConnection(ssls);
    t.is(capi.SSL_CTX_get_num_tickets(pair.sctx), 2, 'the context is as before');
  });
}

test.serial('TLS 1.3: the default is 2', (t) => {
  const pair = ticketPair();
  exchange(pair);
  t.is(pair.tickets.length, 2);
});

test.serial(
  'TLS 1.3: after a resumption there is never more than 1, whatever is set for context or connection',
  (t) => {
    const pair = ticketPair();
    capi.SSL_CTX_set_num_tickets(pair.sctx, 5);
    const { session } = exchange(pair);
    pair.tickets.length = 0;
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_num_tickets(ssls.server, 7);
    capi.SSL_set_session(ssls.client, session);
    t.true(createSslConnection(ssls));
    t.is(capi.SSL_session_reused(ssls.server), 1);
    t.is(pair.tickets.length, 1);
    shutdownSslConnection(ssls);
  },
);

test.serial('TLS 1.3: with 0 there is none, neither after a full handshake nor after a resumption', (t) => {
  const pair = ticketPair();
  const { session } = exchange(pair);
  pair.tickets.length = 0;
  capi.SSL_CTX_set_num_tickets(pair.sctx, 0);
  t.true(exchange(pair, session).reused);
  exchange(pair);
  t.is(pair.tickets.length, 0);
});

test.serial('TLS 1.3: tickets follow a post-handshake certificate, as many as set, with the client in them', (t) => {
  const pair = ticketPair();
  const certificate = makeCertificate({ client: true });
  useCertificate(pair.cctx, certificate);
  const trusted = capi.PEM_read_bio_X509(bioFrom(certificate.cert));
  if (trusted === null) return t.fail();
  capi.X509_STORE_add_cert(capi.SSL_CTX_get_cert_store(pair.sctx), trusted);
  capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('one'));
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  capi.SSL_set_post_handshake_auth(ssls.client, 1);
  t.true(createSslConnection(ssls));
  const before = capi.SSL_get_session(ssls.server);
  t.is(before && capi.SSL_SESSION_get0_peer(before), null);
  t.is(pair.tickets.length, 2);
  t.is(capi.SSL_set_num_tickets(ssls.server, 3), 1);
  capi.SSL_set_verify(ssls.server, capi.SSL_VERIFY_PEER);
  t.is(capi.SSL_verify_client_post_handshake(ssls.server), 1);
  t.is(capi.SSL_do_handshake(ssls.server), 1);
  t.is(capi.SSL_read(ssls.client, byte), -1);
  t.is(capi.SSL_read(ssls.server, byte), -1);
  t.is(capi.SSL_read(ssls.client, byte), -1);
  t.is(pair.tickets.length, 5);
  const after = capi.SSL_get_session(ssls.server);
  t.truthy(after && capi.SSL_SESSION_get0_peer(after));
  shutdownSslConnection(ssls);
});

test.serial('TLS 1.3: SSL_new_session_ticket is for after the handshake', (t) => {
  const pair = ticketPair();
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  t.is(capi.SSL_new_session_ticket(ssls.server), 0);
  capi.ERR_clear_error();
  t.true(createSslConnection(ssls));
  t.is(capi.SSL_new_session_ticket(ssls.server), 1);
  t.is(capi.SSL_do_handshake(ssls.server), 1);
  shutdownSslConnection(ssls);
});

test.serial('TLS 1.2: SSL_new_session_ticket fails', (t) => {
  const ssls = connect(statefulPair(TLS1_2_VERSION));
  t.is(capi.SSL_new_session_ticket(ssls.server), 0);
  capi.ERR_clear_error();
  shutdownSslConnection(ssls);
});

test.serial('TLS 1.3: SSL_new_session_ticket is a request: the ticket goes with the next write', (t) => {
  const pair = ticketPair();
  const made: capi.SSL_SESSION[] = [];
  const ssls = connect(pair);
  capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, session) => void made.push(session));
  t.is(capi.SSL_new_session_ticket(ssls.server), 1);
  t.is(capi.SSL_read(ssls.client, byte), -1);
  t.deepEqual([made.length, pair.tickets.length], [0, 2], 'nothing was sent');
  t.is(capi.SSL_write(ssls.server, byte), 1);
  t.is(made.length, 1, 'the new callback tells when it is');
  t.is(capi.SSL_read(ssls.client, byte), 1);
  t.is(pair.tickets.length, 3);
  shutdownSslConnection(ssls);
});

test.serial('TLS 1.3: SSL_do_handshake sends it without a write; several requests go together', (t) => {
  const pair = ticketPair();
  const ssls = connect(pair);
  for (let request = 0; request < 3; request++) t.is(capi.SSL_new_session_ticket(ssls.server), 1);
  t.is(capi.SSL_do_handshake(ssls.server), 1);
  t.is(capi.SSL_read(ssls.client, byte), -1);
  t.is(pair.tickets.length, 2 + 3);
  shutdownSslConnection(ssls);
});

test.serial('the number that was set is returned, for contexts and connections, and otherwise 2', (t) => {
  const ctx = emptyContext();
  t.is(capi.SSL_CTX_get_num_tickets(ctx), 2);
  t.is(capi.SSL_get_num_tickets(capi.SSL_new(ctx)), 2);
  t.is(capi.SSL_CTX_set_num_tickets(ctx, 5), 1);
  t.is(capi.SSL_CTX_get_num_tickets(ctx), 5);
  const ssl = capi.SSL_new(ctx);
  t.is(capi.SSL_get_num_tickets(ssl), 5, "a connection begins with its context's");
  t.is(capi.SSL_set_num_tickets(ssl, 0), 1);
  t.deepEqual([capi.SSL_get_num_tickets(ssl), capi.SSL_CTX_get_num_tickets(ctx)], [0, 5]);
});
