// SSL_session_reused(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { connect, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

function reused({ server, client }: { server: capi.SSL; client: capi.SSL }): [number, number] {
  return [capi.SSL_session_reused(server), capi.SSL_session_reused(client)];
}

for (const { name, version } of protocols) {
  test.serial(
    `${name}: the server looks up what a client proposes: both must have the session, or none reuses it`,
    (t) => {
      const pair = statefulPair(version);
      const { session } = exchange(pair);
      const none = connect(pair);
      t.deepEqual(reused(none), [0, 0], 'nothing was proposed');
      shutdownSslConnection(none);
      capi.SSL_CTX_flush_sessions(pair.sctx, 0);
      const unknown = connect(pair, session);
      t.deepEqual(reused(unknown), [0, 0], 'the server does not have it');
      shutdownSslConnection(unknown);
    },
  );

  test.serial(`${name}: a new session was negotiated: 0 on both sides; one was reused: 1`, (t) => {
    const pair = statefulPair(version);
    const full = connect(pair);
    t.deepEqual(reused(full), [0, 0]);
    const session = capi.SSL_get1_session(full.client);
    shutdownSslConnection(full);
    const resumed = connect(pair, session);
    t.deepEqual(reused(resumed), [1, 1]);
    shutdownSslConnection(resumed);
  });

  test.serial(`${name}: before the handshake it is 0, also when a session is set`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_set_session(ssls.client, session);
    t.deepEqual(reused(ssls), [0, 0]);
  });
}
