// SSL_CTX_set_session_ticket_cb(3) and the application data of tickets, in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslConnection, createSslCtxPair, createSslObjects, exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { emptyContext, protocols } from './common.ts';

test.afterEach(leavesNoErrors);

const data = Buffer.from('application data');

/** Puts data into the tickets of a server; how often that happened. */
function addData(sctx: capi.SSL_CTX, bytes: Buffer = data): { calls: number } {
  const count = { calls: 0 };
  capi.SSL_CTX_set_session_ticket_cb(
    sctx,
    (ssl) => {
      count.calls++;
      const session = capi.SSL_get_session(ssl);
      return session === null ? 0 : capi.SSL_SESSION_set1_ticket_appdata(session, bytes);
    },
    null,
  );
  return count;
}

/** A ticket key for all servers that use it. */
function useKey(sctx: capi.SSL_CTX, name: number, decrypted = 1): void {
  const key = { name: Buffer.alloc(16, name), aesKey: Buffer.alloc(32, name), hmacKey: Buffer.alloc(32, name) };
  capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(sctx, (_ssl, presented, encrypt) => {
    if (encrypt === 1) return { ret: 1, ...key };
    return presented?.[0] === name ? { ret: decrypted, ...key } : 0;
  });
}

/** Counts tickets, and answers the decrypt callback; without an answer, as the page says that libssl would. */
function answering(sctx: capi.SSL_CTX, answer?: number): { made: number; statuses: number[] } {
  const seen = { made: 0, statuses: [] as number[] };
  const defaults = new Map([
    [capi.SSL_TICKET_EMPTY, capi.SSL_TICKET_RETURN_IGNORE_RENEW],
    [capi.SSL_TICKET_NO_DECRYPT, capi.SSL_TICKET_RETURN_IGNORE_RENEW],
    [capi.SSL_TICKET_SUCCESS, capi.SSL_TICKET_RETURN_USE],
    [capi.SSL_TICKET_SUCCESS_RENEW, capi.SSL_TICKET_RETURN_USE_RENEW],
  ]);
  capi.SSL_CTX_set_session_ticket_cb(
    sctx,
    () => {
      seen.made++;
      return 1;
    },
    (_ssl, _session, _name, status) => {
      seen.statuses.push(status);
      return answer ?? defaults.get(status) ?? capi.SSL_TICKET_RETURN_ABORT;
    },
  );
  return seen;
}

for (const { name, version, isTls13 } of protocols) {
  test.serial(
    `${name}: a server puts application data into the ticket and gets it back; either callback may be null`,
    (t) => {
      const pair = createSslCtxPair(version, version);
      addData(pair.sctx);
      const { session } = exchange(pair);
      const found: unknown[] = [];
      capi.SSL_CTX_set_session_ticket_cb(pair.sctx, null, (_ssl, decrypted) => {
        found.push(decrypted && capi.SSL_SESSION_get0_ticket_appdata(decrypted));
        return capi.SSL_TICKET_RETURN_USE;
      });
      t.true(exchange(pair, session).reused);
      t.deepEqual(found, [data]);
      capi.SSL_CTX_set_session_ticket_cb(pair.sctx, null, null);
      t.true(exchange(pair, session).reused);
      t.is(found.length, 1);
    },
  );

  test.serial(
    `${name}: the generate callback is called when a ticket is about to be made, with its session in use`,
    (t) => {
      const pair = createSslCtxPair(version, version);
      const sessions: (capi.SSL_SESSION | null)[] = [];
      const generate = (ssl: capi.SSL) => {
        sessions.push(capi.SSL_get_session(ssl));
        return 1;
      };
      capi.SSL_CTX_set_session_ticket_cb(pair.sctx, generate, null);
      exchange(pair);
      t.is(sessions.length, isTls13 ? 2 : 1);
      t.false(sessions.includes(null));
      capi.SSL_CTX_set_options(pair.sctx, capi.SSL_OP_NO_TICKET);
      const before = sessions.length;
      exchange(pair);
      t.is(sessions.length, isTls13 ? before + 2 : before, 'TLS 1.2: no tickets. TLS 1.3: stateful ones');
    },
  );

  test.serial(`${name}: the decrypt callback gets session, name of the key, and status`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx, 5);
    const { session } = exchange(pair);
    const calls: unknown[][] = [];
    capi.SSL_CTX_set_session_ticket_cb(pair.sctx, null, (_ssl, decrypted, keyName, status) => {
      calls.push([decrypted && capi.SSL_SESSION_get_protocol_version(decrypted), keyName, status]);
      return capi.SSL_TICKET_RETURN_USE;
    });
    t.true(exchange(pair, session).reused);
    t.deepEqual(calls, [[version, Buffer.alloc(16, 5), capi.SSL_TICKET_SUCCESS]]);
  });

  test.serial(`${name}: SSL_SESSION_set1_ticket_appdata can update the data before each ticket`, (t) => {
    const pair = createSslCtxPair(version, version);
    addData(pair.sctx, Buffer.from('old'));
    exchange(pair);
    addData(pair.sctx, Buffer.from('new'));
    const { session } = exchange(pair);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_session(ssls.client, session);
    t.true(createSslConnection(ssls));
    const resumed = capi.SSL_get_session(ssls.server);
    t.deepEqual(resumed && capi.SSL_SESSION_get0_ticket_appdata(resumed), Buffer.from('new'), 'at any time after');
  });
}

test.serial('SSL_SESSION_get0_ticket_appdata: what was set, and null where there is none', (t) => {
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_SESSION_get0_ticket_appdata(session), null);
  t.is(capi.SSL_SESSION_set1_ticket_appdata(session, data), 1);
  t.deepEqual(capi.SSL_SESSION_get0_ticket_appdata(session), data);
  t.is(capi.SSL_SESSION_set1_ticket_appdata(session, Buffer.of()), 1);
  t.is(capi.SSL_SESSION_get0_ticket_appdata(session), null);
});

for (const { name, version, isTls13 } of protocols) {
  test.serial(`${name}: in the decrypt callback the session is not the connection's yet`, (t) => {
    const pair = createSslCtxPair(version, version);
    const { session } = exchange(pair);
    const isAssigned: boolean[] = [];
    capi.SSL_CTX_set_session_ticket_cb(pair.sctx, null, (ssl, decrypted) => {
      isAssigned.push(decrypted === null || decrypted === capi.SSL_get_session(ssl));
      return capi.SSL_TICKET_RETURN_USE;
    });
    t.true(exchange(pair, session).reused);
    t.deepEqual(isAssigned, [false]);
  });

  test.serial(`${name}: SSL_TICKET_EMPTY: a client without a ticket gets one; not in TLS 1.3`, (t) => {
    const pair = createSslCtxPair(version, version);
    const seen = answering(pair.sctx);
    exchange(pair);
    t.deepEqual(seen.statuses, isTls13 ? [] : [capi.SSL_TICKET_EMPTY]);
    t.true(seen.made > 0);
  });

  test.serial(`${name}: SSL_TICKET_NO_DECRYPT: there is no session, no resumption, and a new ticket`, (t) => {
    const pair = createSslCtxPair(version, version);
    useKey(pair.sctx, 1);
    const { session } = exchange(pair);
    const other = createSslCtxPair(version, version).sctx;
    const seen = answering(other);
    const again = exchange({ sctx: other, cctx: pair.cctx }, session);
    t.false(again.reused);
    t.deepEqual(seen.statuses, [capi.SSL_TICKET_NO_DECRYPT]);
    t.true(seen.made > 0);
    capi.SSL_CTX_set_session_ticket_cb(other, null, (_ssl, decrypted, _name, status) => {
      t.deepEqual([decrypted, status], [null, capi.SSL_TICKET_NO_DECRYPT]);
      return capi.SSL_TICKET_RETURN_IGNORE_RENEW;
    });
    exchange({ sctx: other, cctx: pair.cctx }, session);
  });

  for (const [status, title, decrypted, renewed] of [
    ['SSL_TICKET_SUCCESS', 'the ticket was decrypted, and no new one is sent', 1, false],
    ['SSL_TICKET_SUCCESS_RENEW', 'the ticket was decrypted, and a new one is sent', 2, true],
  ] as const) {
    test.serial(`${name}: ${status}: ${title}`, (t) => {
      const pair = createSslCtxPair(version, version);
      useKey(pair.sctx, 1, decrypted);
      const { session } = exchange(pair);
      const seen = answering(pair.sctx);
      t.true(exchange(pair, session).reused);
      t.deepEqual(seen.statuses, [capi[status]]);
      t.is(seen.made, renewed ? 1 : 0);
    });
  }

  for (const [answer, title, reused, renewed] of [
    ['SSL_TICKET_RETURN_IGNORE', 'a full handshake, no new ticket', false, false],
    ['SSL_TICKET_RETURN_IGNORE_RENEW', 'a full handshake, a new ticket', false, true],
    ['SSL_TICKET_RETURN_USE', 'resumed, no new ticket', true, false],
    ['SSL_TICKET_RETURN_USE_RENEW', 'resumed, a new ticket', true, true],
  ] as const) {
    test.serial(`${name}: ${answer}: ${title}`, (t) => {
      const pair = createSslCtxPair(version, version);
      const { session } = exchange(pair);
      const seen = answering(pair.sctx, capi[answer]);
      t.is(exchange(pair, session).reused, reused);
      t.is(seen.made > 0, renewed);
    });
  }

  test.serial(`${name}: SSL_TICKET_RETURN_USE for a ticket that was not decrypted is an error`, (t) => {
    for (const answer of [capi.SSL_TICKET_RETURN_USE, capi.SSL_TICKET_RETURN_USE_RENEW]) {
      const pair = createSslCtxPair(version, version);
      useKey(pair.sctx, 1);
      const { session } = exchange(pair);
      const other = createSslCtxPair(version, version).sctx;
      answering(other, answer);
      t.throws(() => exchange({ sctx: other, cctx: pair.cctx }, session));
      capi.ERR_clear_error();
    }
  });

  const usual = isTls13 ? 'a resumption always makes one new ticket' : 'a resumption makes no new ticket';
  test.serial(`${name}: by default ${usual}; a key callback can change that`, (t) => {
    const pair = createSslCtxPair(version, version);
    const { session } = exchange(pair);
    const count = addData(pair.sctx);
    t.true(exchange(pair, session).reused);
    t.is(count.calls, isTls13 ? 1 : 0);
    useKey(pair.sctx, 1, isTls13 ? 1 : 2);
    const keyed = exchange(pair).session;
    count.calls = 0;
    t.true(exchange(pair, keyed).reused);
    t.is(count.calls, isTls13 ? 0 : 1);
  });
}

test.serial('returns 1; where the page says 0 for data that cannot be set, it is refused', (t) => {
  t.is(
    capi.SSL_CTX_set_session_ticket_cb(emptyContext(), () => 1, null),
    1,
  );
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_SESSION_set1_ticket_appdata(session, data), 1);
  t.throws(() => capi.SSL_SESSION_set1_ticket_appdata(session, Buffer.alloc(70_000)), { code: 'ERR_OUT_OF_RANGE' });
  t.deepEqual(capi.SSL_SESSION_get0_ticket_appdata(session), data);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: a generate callback that returns 0 ends the connection with the alert internal_error`, (t) => {
    const pair = createSslCtxPair(version, version);
    capi.SSL_CTX_set_session_ticket_cb(pair.sctx, () => 0, null);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    t.false(createSslConnection(ssls));
    capi.ERR_clear_error();
    t.true(capi.SSL_read(ssls.client, Buffer.alloc(1)) <= 0);
    t.is(
      capi.ERR_GET_REASON(capi.ERR_get_error()),
      1000 + capi.SSL_AD_INTERNAL_ERROR,
      'SSL_AD_REASON_OFFSET + internal_error',
    );
    capi.ERR_clear_error();
    capi.SSL_free(ssls.server);
    capi.SSL_free(ssls.client);
  });
}
