// SSL_get_extms_support(3).
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { connect, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

test.serial(
  'TLS 1.2: 1 when the session used extended master secret, also when it is resumed, 0 when it did not',
  (t) => {
    const pair = statefulPair(capi.TLS1_2_VERSION);
    const resumed = connect(pair, exchange(pair).session);
    t.is(capi.SSL_session_reused(resumed.client), 1);
    for (const ssl of [resumed.client, resumed.server]) t.is(capi.SSL_get_extms_support(ssl), 1);
    shutdownSslConnection(resumed);
    capi.SSL_CTX_set_options(pair.cctx, capi.SSL_OP_NO_EXTENDED_MASTER_SECRET);
    const without = connect(pair);
    for (const ssl of [without.client, without.server]) t.is(capi.SSL_get_extms_support(ssl), 0);
    shutdownSslConnection(without);
  },
);

test.serial('-1 during the handshake', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const { client } = createSslObjects(pair.sctx, pair.cctx);
  capi.SSL_do_handshake(client);
  t.is(capi.SSL_get_extms_support(client), -1);
});
