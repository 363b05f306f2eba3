// SSL_clear(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import {
  createSslConnection,
  createSslObjects,
  exchange,
  type SslPair,
  shutdownSslConnection,
} from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { connect, emptyContext, protocols, recordRemovals, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

/** Ends both sides cleanly, and keeps their objects. */
function close({ client, server }: SslPair): void {
  for (const ssl of [client, server, client, server]) capi.SSL_shutdown(ssl);
}

for (const { name, version } of protocols) {
  test.serial(`${name}: resets the object for another connection, with its settings and BIOs`, (t) => {
    const pair = statefulPair(version);
    const ssls = connect(pair);
    const bio = capi.SSL_get_rbio(ssls.server);
    const options = capi.SSL_get_options(ssls.server);
    close(ssls);
    for (const ssl of [ssls.client, ssls.server]) t.is(capi.SSL_clear(ssl), 1);
    t.is(capi.SSL_get_rbio(ssls.server), bio);
    t.is(capi.SSL_get_options(ssls.server), options);
    t.is(capi.SSL_is_init_finished(ssls.server), 0);
    t.true(createSslConnection(ssls));
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: a session that is still open is bad, and leaves the cache`, (t) => {
    const pair = statefulPair(version);
    const removed = recordRemovals(pair.sctx);
    const ssls = connect(pair);
    const session = capi.SSL_get_session(ssls.server);
    t.is(capi.SSL_clear(ssls.server), 1);
    sameObjects(t, removed, [session]);
    t.is(session && capi.SSL_SESSION_is_resumable(session), 0);
    for (const ssl of [ssls.client, ssls.server]) capi.SSL_free(ssl);
  });

  test.serial(`${name}: the recommended sequence instead: a session, a new object, SSL_set_session`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_session(ssls.client, session);
    t.true(createSslConnection(ssls));
    t.is(capi.SSL_session_reused(ssls.client), 1);
    shutdownSslConnection(ssls);
  });
}

test.serial('returns 1', (t) => {
  t.is(capi.SSL_clear(capi.SSL_new(emptyContext())), 1);
});
