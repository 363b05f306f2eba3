// SSL_SESSION_is_resumable(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { handshake, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: 1 for a session that a handshake can resume`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    t.is(capi.SSL_SESSION_is_resumable(session), 1);
    for (const one of capi.SSL_CTX_sessions(pair.sctx)) t.is(capi.SSL_SESSION_is_resumable(one), 1);
    t.true(exchange(pair, session).reused);
  });
}

test.serial('0 for a session without an ID and without a ticket', (t) => {
  t.is(capi.SSL_SESSION_is_resumable(capi.SSL_SESSION_new()), 0);
  t.is(capi.SSL_SESSION_is_resumable(makeSession({ id: Buffer.alloc(0) })), 0);
  t.is(capi.SSL_SESSION_is_resumable(makeSession({ id: 1 })), 1);
});

test.serial('TLS 1.3: 0 for the session of a client that has not read a ticket', (t) => {
  const pair = statefulPair(capi.TLS1_3_VERSION);
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  handshake(ssls);
  const session = capi.SSL_get_session(ssls.client);
  t.is(session && capi.SSL_SESSION_is_resumable(session), 0);
  shutdownSslConnection(ssls);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: to resume with a session that is not resumable results in a full handshake`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    capi.SSL_CTX_remove_session(pair.cctx, session);
    t.is(capi.SSL_SESSION_is_resumable(session), 0);
    const again = exchange(pair, session);
    t.false(again.reused);
    t.is(capi.SSL_SESSION_is_resumable(again.session), 1);
  });
}
