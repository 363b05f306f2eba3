// SSL_SESSION_has_ticket(3), SSL_SESSION_get0_ticket(3) and the lifetime hint, in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslCtxPair, exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version, isTls13 } of protocols) {
  test.serial(`${name}: SSL_SESSION_has_ticket: 1 for a client's session with a ticket`, (t) => {
    const { session } = exchange(createSslCtxPair(version, version));
    t.is(capi.SSL_SESSION_has_ticket(session), 1);
    const again = capi.d2i_SSL_SESSION(capi.i2d_SSL_SESSION(session) ?? Buffer.of());
    t.is(again && capi.SSL_SESSION_has_ticket(again), 1, 'it is part of the session');
  });

  test.serial(`${name}: SSL_SESSION_has_ticket: 0 without`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    // TLS 1.3 has tickets always: a stateful one is a reference to the cache.
    t.is(capi.SSL_SESSION_has_ticket(session), isTls13 ? 1 : 0);
    for (const one of capi.SSL_CTX_sessions(pair.sctx)) t.is(capi.SSL_SESSION_has_ticket(one), 0);
    t.is(capi.SSL_SESSION_has_ticket(makeSession({ id: 1 })), 0);
  });

  test.serial(`${name}: SSL_SESSION_get_ticket_lifetime_hint: the seconds that came with the ticket`, (t) => {
    const pair = createSslCtxPair(version, version);
    for (const seconds of [60, 300]) {
      capi.SSL_CTX_set_timeout(pair.sctx, seconds);
      t.is(capi.SSL_SESSION_get_ticket_lifetime_hint(exchange(pair).session), seconds);
    }
    t.is(capi.SSL_SESSION_get_ticket_lifetime_hint(makeSession({ id: 1 })), 0, 'none without a ticket');
  });

  test.serial(`${name}: SSL_SESSION_get0_ticket: the ticket as the server sent it, null when there is none`, (t) => {
    const pair = createSslCtxPair(version, version);
    const keyName = Buffer.alloc(16, 9);
    const key = { aesKey: Buffer.alloc(32, 2), hmacKey: Buffer.alloc(32, 3) };
    capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(pair.sctx, () => ({ ret: 1, name: keyName, ...key }));
    const { session } = exchange(pair);
    t.deepEqual(capi.SSL_SESSION_get0_ticket(session)?.subarray(0, 16), keyName, 'a ticket begins with its key name');
    t.is(capi.SSL_SESSION_get0_ticket(makeSession({ id: 1 })), null);
  });

  test.serial(`${name}: where the page says that the pointer can become invalid, the bytes are a copy`, (t) => {
    const { session } = exchange(createSslCtxPair(version, version));
    const ticket = capi.SSL_SESSION_get0_ticket(session);
    if (ticket === null) return t.fail();
    const before = Buffer.from(ticket);
    ticket.fill(0);
    t.deepEqual(capi.SSL_SESSION_get0_ticket(session), before);
    const kept = capi.SSL_SESSION_get0_ticket(session);
    capi.SSL_SESSION_free(session);
    t.deepEqual(kept, before);
  });
}
