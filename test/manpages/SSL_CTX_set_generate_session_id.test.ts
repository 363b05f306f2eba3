// SSL_CTX_set_generate_session_id(3), SSL_set_generate_session_id(3) and SSL_has_matching_session_id(3), in the order of the page.

import { randomBytes } from 'node:crypto';
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslConnection, createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { makeSession, sessionId } from '../helpers/session.ts';
import { connect, emptyContext, protocols, sessionsOf, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

function cachedIds(ctx: capi.SSL_CTX): string[] {
  return capi.SSL_CTX_sessions(ctx).map((session) => capi.SSL_SESSION_get_id(session).toString('latin1'));
}

/** An ID that begins with this text, and is random behind it. */
function marked(text: string, length = 32): Buffer {
  return Buffer.concat([Buffer.from(text), randomBytes(length - text.length)]);
}

/** The reason of a handshake that fails. */
function failure(pair: { sctx: capi.SSL_CTX; cctx: capi.SSL_CTX }): number {
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  if (createSslConnection(ssls)) throw new Error('the handshake did not fail');
  const reason = capi.ERR_GET_REASON(capi.ERR_get_error());
  capi.ERR_clear_error();
  capi.SSL_free(ssls.server);
  capi.SSL_free(ssls.client);
  return reason;
}

for (const { name, version, isTls13 } of protocols) {
  test.serial(`${name}: the callback of a context makes the IDs of its new sessions`, (t) => {
    const pair = statefulPair(version);
    let calls = 0;
    capi.SSL_CTX_set_generate_session_id(pair.sctx, () => marked(`host-${calls++}`));
    const { session } = exchange(pair);
    t.is(calls, sessionsOf(version));
    t.deepEqual(
      cachedIds(pair.sctx)
        .map((id) => id.slice(0, 6))
        .sort(),
      isTls13 ? ['host-0', 'host-1'] : ['host-0'],
    );
    t.true(exchange(pair, session).reused);
  });

  test.serial(`${name}: the callback of a connection is for that connection, before that of its context`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_generate_session_id(pair.sctx, () => marked('context'));
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_generate_session_id(ssls.server, () => marked('connection'));
    t.true(createSslConnection(ssls));
    shutdownSslConnection(ssls);
    for (const id of cachedIds(pair.sctx)) t.true(id.startsWith('connection'));
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    exchange(pair);
    for (const id of cachedIds(pair.sctx)) t.true(id.startsWith('context'));
  });

  test.serial(`${name}: SSL_has_matching_session_id: whether the cache of the connection's context has an ID`, (t) => {
    const pair = statefulPair(version);
    const ssls = connect(pair);
    const other = connect(statefulPair(version));
    const session = capi.SSL_get_session(ssls.server);
    if (session === null) return t.fail();
    const id = capi.SSL_SESSION_get_id(session);
    t.is(capi.SSL_has_matching_session_id(ssls.server, id), 1);
    t.is(capi.SSL_has_matching_session_id(other.server, id), 0, 'another context');
    t.is(capi.SSL_has_matching_session_id(ssls.server, sessionId(1)), 0, 'another ID');
    for (const one of [ssls, other]) shutdownSslConnection(one);
  });

  test.serial(`${name}: an ID is any sequence of bytes, as long as the protocol looks it up`, (t) => {
    // A stateful ticket of TLS 1.3 has 32 bytes; C9 of docs/differences.md has the shorter ones.
    for (const length of isTls13 ? [32] : [1, 16, 32]) {
      const pair = statefulPair(version);
      let byte = 0xfe;
      capi.SSL_CTX_set_generate_session_id(pair.sctx, () => Buffer.alloc(length, byte++));
      t.true(exchange(pair, exchange(pair).session).reused, `${length} bytes`);
    }
  });

  test.serial(`${name}: an ID is unique for the server: a conflict that is not resolved fails the handshake`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_num_tickets(pair.sctx, 1);
    capi.SSL_CTX_set_generate_session_id(pair.sctx, () => Buffer.alloc(32, 7));
    exchange(pair);
    t.is(failure(pair), capi.SSL_R_SSL_SESSION_ID_CONFLICT);
  });
}

test.serial('TLS 1.2: the ID is in the clear when the session is reused, and in TLS 1.3 with stateful tickets', (t) => {
  for (const { version } of protocols) {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ids = capi.SSL_CTX_sessions(pair.sctx).map(capi.SSL_SESSION_get_id);
    const { client } = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_session(client, session);
    capi.SSL_do_handshake(client);
    const wire = Buffer.alloc(2000);
    const wbio = capi.SSL_get_wbio(client);
    t.true(wbio !== null && capi.BIO_read(wbio, wire) > 0);
    t.true(ids.some((id) => wire.includes(id)));
  }
});

for (const { name, version } of protocols) {
  test.serial(`${name}: without a callback IDs are random and have 32 bytes, the most there are`, (t) => {
    const pair = statefulPair(version);
    for (let count = 0; count < 20; count++) exchange(pair);
    const ids = cachedIds(pair.sctx);
    t.is(new Set(ids).size, 20 * sessionsOf(version));
    for (const id of ids) t.is(id.length, 32);
    // By the byte: 40 random ones are not all the same.
    for (let at = 0; at < 32; at++) t.true(new Set(ids.map((id) => id[at])).size > 1);
  });

  test.serial(`${name}: the callback gets the connection and the maximum length, and may not exceed it`, (t) => {
    const pair = statefulPair(version);
    const given: unknown[][] = [];
    capi.SSL_CTX_set_generate_session_id(pair.sctx, (...args) => {
      given.push(args);
      return randomBytes(32);
    });
    const ssls = connect(pair);
    for (const args of given) sameObjects(t, args, [ssls.server, 32]);
    shutdownSslConnection(ssls);
    capi.SSL_CTX_set_generate_session_id(pair.sctx, () => Buffer.alloc(33));
    t.throws(() => exchange(pair), { code: 'ERR_OUT_OF_RANGE' });
    capi.ERR_clear_error();
  });
}

test.serial('TLS 1.2: the location is filled with zeros: what the callback does not fill is no part of the ID', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  capi.SSL_CTX_set_generate_session_id(pair.sctx, () => Buffer.from('short'));
  exchange(pair);
  t.deepEqual(cachedIds(pair.sctx), ['short']);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: a callback that asks SSL_has_matching_session_id resolves conflicts`, (t) => {
    const pair = statefulPair(version);
    let attempts = 0;
    capi.SSL_CTX_set_generate_session_id(pair.sctx, (ssl, length) => {
      for (let next = 1; next < 100; next++) {
        attempts++;
        const id = Buffer.alloc(length, next);
        if (capi.SSL_has_matching_session_id(ssl, id) === 0) return id;
      }
      return null;
    });
    for (let count = 0; count < 3; count++) exchange(pair);
    const made = 3 * sessionsOf(version);
    t.is(new Set(cachedIds(pair.sctx)).size, made);
    t.is(attempts, (made * (made + 1)) / 2, 'each of them found the IDs of all before it');
  });

  test.serial(`${name}: SSL_has_matching_session_id asks the internal cache only, not the external one`, (t) => {
    const pair = statefulPair(version);
    let asked = 0;
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, () => {
      asked++;
      return null;
    });
    const ssls = connect(pair);
    t.is(capi.SSL_has_matching_session_id(ssls.server, sessionId(1)), 0);
    t.is(asked, 0);
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: while its ID is made the session is not in the cache yet`, (t) => {
    const pair = statefulPair(version);
    const seen: number[] = [];
    const ids: Buffer[] = [];
    capi.SSL_CTX_set_generate_session_id(pair.sctx, () => {
      seen.push(capi.SSL_CTX_sess_number(pair.sctx));
      const id = randomBytes(32);
      ids.push(id);
      return id;
    });
    const ssls = connect(pair);
    t.is(seen[0], 0);
    for (const id of ids) t.is(capi.SSL_has_matching_session_id(ssls.server, id), 1, 'afterwards');
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: a callback that cannot make an ID fails the handshake`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_generate_session_id(pair.sctx, () => null);
    t.is(failure(pair), capi.SSL_R_SSL_SESSION_ID_CALLBACK_FAILED);
  });
}

test.serial('setting a callback returns 1', (t) => {
  const ctx = emptyContext();
  const ssl = capi.SSL_new(ctx);
  for (const callback of [() => randomBytes(32), null]) {
    t.is(capi.SSL_CTX_set_generate_session_id(ctx, callback), 1);
    t.is(capi.SSL_set_generate_session_id(ssl, callback), 1);
  }
});

test.serial('SSL_has_matching_session_id returns 1 for an ID of the cache, in the version of the connection', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  capi.SSL_CTX_add_session(pair.sctx, makeSession({ id: 1 }));
  capi.SSL_CTX_add_session(pair.sctx, makeSession({ id: 2, version: capi.TLS1_3_VERSION }));
  const ssls = connect(pair);
  t.is(capi.SSL_has_matching_session_id(ssls.server, sessionId(1)), 1);
  t.is(capi.SSL_has_matching_session_id(ssls.server, sessionId(2)), 0);
  shutdownSslConnection(ssls);
});
