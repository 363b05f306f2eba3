// After the early data tests of OpenSSL's test/sslapitest.c, as far as they concern sessions.
import test, { type ExecutionContext } from 'ava';
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

test.afterEach(leavesNoErrors);

test.serial(
  'sslapitest: test_early_data_read_write: data arrives before the handshake is done, both sides call it accepted',
  (t) => {
    const { sctx, cctx, session } = setupEarlyData();
    t.is(capi.SSL_SESSION_get_max_early_data(session), 16_384);
    const ssls = createSslObjects(sctx, cctx);
    capi.SSL_set_session(ssls.client, session);
    t.is(capi.SSL_write_early_data(ssls.client, message), message.length);
    t.deepEqual(readEarlyData(ssls.server), { status: capi.SSL_READ_EARLY_DATA_SUCCESS, text: 'Hello' });
    t.is(capi.SSL_get_early_data_status(ssls.server), capi.SSL_EARLY_DATA_ACCEPTED);
    t.is(capi.SSL_connect(ssls.client), 1);
    t.deepEqual(readEarlyData(ssls.server), { status: capi.SSL_READ_EARLY_DATA_FINISH, text: '' });
    t.true(createSslConnection(ssls));
    t.is(capi.SSL_get_early_data_status(ssls.client), capi.SSL_EARLY_DATA_ACCEPTED);
    t.is(capi.SSL_session_reused(ssls.server), 1);
    shutdownSslConnection(ssls);
  },
);

test.serial('sslapitest: test_early_data_not_sent: a server that reads early data finds none', (t) => {
  const { sctx, cctx, session } = setupEarlyData();
  const ssls = createSslObjects(sctx, cctx);
  capi.SSL_set_session(ssls.client, session);
  capi.SSL_connect(ssls.client);
  t.deepEqual(readEarlyData(ssls.server), { status: capi.SSL_READ_EARLY_DATA_FINISH, text: '' });
  t.is(capi.SSL_get_early_data_status(ssls.server), capi.SSL_EARLY_DATA_NOT_SENT);
  t.true(createSslConnection(ssls));
  shutdownSslConnection(ssls);
});

/** Early data with a session that has been used once. */
function replay(
  t: ExecutionContext,
  { sctx, cctx, session }: ReturnType<typeof setupEarlyData>,
  accepted: boolean,
): boolean {
  t.true(exchange({ sctx, cctx }, session).reused);
  const ssls = createSslObjects(sctx, cctx);
  capi.SSL_set_session(ssls.client, session);
  t.is(capi.SSL_write_early_data(ssls.client, message), message.length);
  const { status } = readEarlyData(ssls.server);
  t.is(status, accepted ? capi.SSL_READ_EARLY_DATA_SUCCESS : capi.SSL_READ_EARLY_DATA_FINISH);
  const expected = accepted ? capi.SSL_EARLY_DATA_ACCEPTED : capi.SSL_EARLY_DATA_REJECTED;
  t.is(capi.SSL_get_early_data_status(ssls.server), expected);
  if (accepted) {
    t.is(capi.SSL_connect(ssls.client), 1);
    t.is(readEarlyData(ssls.server).status, capi.SSL_READ_EARLY_DATA_FINISH);
  }
  t.true(createSslConnection(ssls));
  const reused = capi.SSL_session_reused(ssls.client) === 1;
  shutdownSslConnection(ssls);
  return reused;
}

test.serial('sslapitest: test_early_data_replay: the second use is rejected, and does not resume', (t) => {
  t.false(replay(t, setupEarlyData(), false));
});

test.serial('sslapitest: test_early_data_replay, callback refuses: resumes without early data', (t) => {
  const setup = setupEarlyData(capi.SSL_OP_NO_ANTI_REPLAY);
  let asked = 0;
  capi.SSL_CTX_set_allow_early_data_cb(setup.sctx, () => {
    asked++;
    return 0;
  });
  t.true(replay(t, setup, false));
  t.true(asked > 0);
});

test.serial('sslapitest: test_early_data_replay, callback allows', (t) => {
  const setup = setupEarlyData(capi.SSL_OP_NO_ANTI_REPLAY);
  capi.SSL_CTX_set_allow_early_data_cb(setup.sctx, () => 1);
  t.true(replay(t, setup, true));
});

test.serial('sslapitest: test_early_data_tls1_2: a TLS 1.2 server refuses, and reads nothing', (t) => {
  const { sctx, cctx, session } = setupEarlyData();
  capi.SSL_CTX_set_max_proto_version(sctx, capi.TLS1_2_VERSION);
  const ssls = createSslObjects(sctx, cctx);
  capi.SSL_set_session(ssls.client, session);
  t.is(capi.SSL_write_early_data(ssls.client, message), message.length);
  t.is(readEarlyData(ssls.server).status, capi.SSL_READ_EARLY_DATA_ERROR);
  capi.ERR_clear_error();
  capi.SSL_free(ssls.client);
  capi.SSL_free(ssls.server);
});

test.serial('sslapitest: test_keylog: the lines of both sides are the same, under the labels of the protocol', (t) => {
  for (const [version, labels] of [
    [capi.TLS1_2_VERSION, ['CLIENT_RANDOM']],
    [
      capi.TLS1_3_VERSION,
      [
        'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
        'CLIENT_TRAFFIC_SECRET_0',
        'EXPORTER_SECRET',
        'SERVER_HANDSHAKE_TRAFFIC_SECRET',
        'SERVER_TRAFFIC_SECRET_0',
      ],
    ],
  ] as const) {
    const pair = createSslCtxPair(version, version);
    t.is(capi.SSL_CTX_get_keylog_callback(pair.sctx), null);
    const lines = [pair.sctx, pair.cctx].map((ctx) => {
      const seen: string[] = [];
      capi.SSL_CTX_set_keylog_callback(ctx, (_ssl, line) => void seen.push(line));
      return seen;
    });
    exchange(pair);
    const [server, client] = lines.map((seen) => [...seen].sort());
    t.deepEqual(server, client);
    t.deepEqual(
      server?.map((line) => line.split(' ')[0]),
      [...labels].sort(),
    );
  }
});
