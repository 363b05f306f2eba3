// SSL_CTX_set_tlsext_ticket_key_evp_cb(3), in the order of its page, SSL_CTX_set_tlsext_ticket_key_cb(3).

import { createDecipheriv, createHmac } from 'node:crypto';
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { makeCertificate } from '../../src/testing/certificate.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { bioFrom, createSslCtxPair, exchange, shutdownSslConnection, useCertificate } from '../helpers/pair.ts';
import { connect, emptyContext, protocols } from './common.ts';

test.afterEach(leavesNoErrors);

const keyName = Buffer.from('sixteen-byte-key');
const aesKey = Buffer.alloc(32, 2);
const hmacKey = Buffer.alloc(32, 3);

/** Answers the callback with one key; records whether each call was for encryption, and the key names that were given. */
function useKey(
  sctx: capi.SSL_CTX,
  { encrypt = 1, decrypt = 1 }: { encrypt?: number; decrypt?: number } = {},
): { encrypts: number[]; names: (Buffer | null)[] } {
  const seen = { encrypts: [] as number[], names: [] as (Buffer | null)[] };
  capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(sctx, (_ssl, name, isEncryption) => {
    seen.encrypts.push(isEncryption);
    seen.names.push(name && Buffer.from(name));
    const ret = isEncryption === 1 ? encrypt : decrypt;
    return ret > 0 ? { ret, name: keyName, aesKey, hmacKey } : ret;
  });
  return seen;
}

function ticketOf(session: capi.SSL_SESSION): Buffer {
  const ticket = capi.SSL_SESSION_get0_ticket(session);
  if (ticket === null) throw new Error('there is no ticket');
  return ticket;
}

for (const { name, version, isTls13 } of protocols) {
  const tickets = isTls13 ? [1, 1] : [1];

  test.serial(`${name}: the callback is called for each session of a client that can do tickets`, (t) => {
    const pair = createSslCtxPair(version, version);
    const seen = useKey(pair.sctx);
    const { session } = exchange(pair);
    t.deepEqual(seen.encrypts, tickets);
    seen.encrypts.length = 0;
    t.true(exchange(pair, session).reused);
    t.deepEqual(seen.encrypts, [0]);
  });

  test.serial(
    `${name}: no state is kept for a session: the cache is empty, and any server with the key resumes it`,
    (t) => {
      const pair = createSslCtxPair(version, version);
      const other = createSslCtxPair(version, version);
      for (const { sctx } of [pair, other]) useKey(sctx);
      const { session } = exchange(pair);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
      t.true(exchange({ sctx: other.sctx, cctx: pair.cctx }, session).reused);
    },
  );

  test.serial(`${name}: a client that offers a session sends exactly one ticket`, (t) => {
    const pair = createSslCtxPair(version, version);
    const seen = useKey(pair.sctx);
    const { session } = exchange(pair);
    seen.names.length = 0;
    t.true(exchange(pair, session).reused);
    t.deepEqual(seen.names, [keyName]);
  });

  test.serial(`${name}: the callback either agrees to a ticket, or there is a full handshake and a new ticket`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx);
    const { session } = exchange(pair);
    t.true(exchange(pair, session).reused);
    const seen = useKey(pair.sctx, { decrypt: 0 });
    const again = exchange(pair, session);
    t.false(again.reused);
    t.deepEqual(seen.encrypts, [0, ...tickets], 'with 0 for a ticket the callback is called again, to encrypt');
    t.notDeepEqual(ticketOf(again.session), ticketOf(session));
  });

  test.serial(`${name}: without a ticket of the client the callback is called to encrypt, and has no name`, (t) => {
    const pair = createSslCtxPair(version, version);
    const seen = useKey(pair.sctx);
    exchange(pair);
    t.deepEqual(seen, { encrypts: tickets, names: tickets.map(() => null) });
  });

  test.serial(`${name}: the name has 16 bytes, identifies the key, and comes first in the ticket`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx);
    t.deepEqual(ticketOf(exchange(pair).session).subarray(0, 16), keyName);
    const key = { ret: 1, aesKey, hmacKey };
    capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(pair.sctx, () => ({ ...key, name: Buffer.alloc(15) }));
    t.throws(() => exchange(pair));
    capi.ERR_clear_error();
  });

  test.serial(
    `${name}: where the page lets the callback choose, the IV is random, AES-256-CBC and HMAC-SHA256 are used`,
    (t) => {
      const pair = createSslCtxPair(version, version);
      useKey(pair.sctx);
      const ivs = new Set<string>();
      for (let count = 0; count < 5; count++) {
        const ticket = ticketOf(exchange(pair).session);
        ivs.add(ticket.toString('hex', 16, 32));
        const mac = createHmac('sha256', hmacKey).update(ticket.subarray(0, -32)).digest();
        t.deepEqual(ticket.subarray(-32), mac);
      }
      t.is(ivs.size, 5);
    },
  );

  test.serial(`${name}: for a ticket of the client the callback is called with the name out of it`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx);
    const { session } = exchange(pair);
    const seen = useKey(pair.sctx);
    t.true(exchange(pair, session).reused);
    t.deepEqual(seen, { encrypts: [0], names: [keyName] });
  });

  test.serial(
    `${name}: 2: the session goes on, the callback is called again to encrypt, and the ticket replaced`,
    (t) => {
      const pair = createSslCtxPair(version, version);
      const seen = useKey(pair.sctx, { decrypt: 2 });
      const { session } = exchange(pair);
      seen.encrypts.length = 0;
      const again = exchange(pair, session);
      t.true(again.reused);
      t.deepEqual(seen.encrypts, [0, 1]);
      t.notDeepEqual(ticketOf(again.session), ticketOf(session));
      t.true(exchange(pair, again.session).reused);
    },
  );

  test.serial(`${name}: 1: the session goes on with this ticket`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx);
    const { session } = exchange(pair);
    const again = exchange(pair, session);
    t.true(again.reused);
    t.deepEqual(capi.SSL_SESSION_get_id(again.session), capi.SSL_SESSION_get_id(session));
    t.deepEqual(ticketOf(again.session), ticketOf(session));
  });

  test.serial(`${name}: 0 to encrypt: no ticket, and the connection goes on`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx, { encrypt: 0 });
    const ssls = connect(pair);
    const session = capi.SSL_get1_session(ssls.client);
    t.is(session && capi.SSL_SESSION_has_ticket(session), 0);
    t.is(capi.SSL_write(ssls.client, Buffer.from('x')), 1);
    t.is(capi.SSL_read(ssls.server, Buffer.alloc(1)), 1);
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: less than 0: an error, and the handshake fails`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx);
    const { session } = exchange(pair);
    useKey(pair.sctx, { decrypt: -1 });
    t.throws(() => exchange(pair, session));
    capi.ERR_clear_error();
    useKey(pair.sctx, { encrypt: -1 });
    t.throws(() => exchange(pair));
    capi.ERR_clear_error();
  });
}

test.serial('TLS 1.2: a client that cannot do tickets: the callback is not called, session IDs are used', (t) => {
  const pair = createSslCtxPair(capi.TLS1_2_VERSION, capi.TLS1_2_VERSION);
  capi.SSL_CTX_set_options(pair.cctx, capi.SSL_OP_NO_TICKET);
  const seen = useKey(pair.sctx);
  const { session } = exchange(pair);
  t.true(exchange(pair, session).reused);
  t.deepEqual(seen.encrypts, []);
  t.is(capi.SSL_CTX_sess_number(pair.sctx), 1);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: the client's certificate is in the ticket: a resumed server has it without asking`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx);
    capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('one'));
    const certificate = makeCertificate({ client: true });
    const trusted = capi.PEM_read_bio_X509(bioFrom(certificate.cert));
    if (trusted === null) return t.fail();
    useCertificate(pair.cctx, certificate);
    capi.X509_STORE_add_cert(capi.SSL_CTX_get_cert_store(pair.sctx), trusted);
    capi.SSL_CTX_set_verify(pair.sctx, capi.SSL_VERIFY_PEER | capi.SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
    const { session } = exchange(pair);
    const ssls = connect(pair, session);
    t.is(capi.SSL_session_reused(ssls.server), 1);
    const found = capi.SSL_get1_peer_certificate(ssls.server);
    t.deepEqual(found && capi.i2d_X509(found), capi.i2d_X509(trusted));
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: whoever has the key reads the master secret out of the ticket`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx);
    const { session } = exchange(pair);
    const ticket = ticketOf(session);
    const cipher = createDecipheriv('aes-256-cbc', aesKey, ticket.subarray(16, 32));
    const der = Buffer.concat([cipher.update(ticket.subarray(32, -32)), cipher.final()]);
    const read = capi.d2i_SSL_SESSION(der);
    t.deepEqual(read && capi.SSL_SESSION_get_master_key(read), capi.SSL_SESSION_get_master_key(session));
  });

  test.serial(`${name}: several keys: each ticket is decrypted with the one that it names`, (t) => {
    const pair = createSslCtxPair(version, version);
    const keys = new Map(['old', 'new'].map((text) => [text.padEnd(16), Buffer.alloc(32, text)]));
    let current = 'old'.padEnd(16);
    capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(pair.sctx, (_ssl, wanted, encrypt) => {
      const label = encrypt === 1 ? current : `${wanted}`;
      const bytes = keys.get(label);
      return bytes === undefined ? 0 : { ret: 1, name: Buffer.from(label), aesKey: bytes, hmacKey: bytes };
    });
    const old = exchange(pair).session;
    current = 'new'.padEnd(16);
    const recent = exchange(pair).session;
    for (const session of [old, recent]) t.true(exchange(pair, session).reused);
    keys.delete('old'.padEnd(16));
    t.deepEqual([exchange(pair, old).reused, exchange(pair, recent).reused], [false, true]);
  });
}

test.serial('returns 1', (t) => {
  const ctx = emptyContext();
  for (const callback of [() => 0, null]) t.is(capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, callback), 1);
});
