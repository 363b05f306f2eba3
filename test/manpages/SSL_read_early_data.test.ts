// SSL_read_early_data(3): early data and its protection against replays, in the order of the page. All of it is TLS 1.3.
import test, { type ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';
import { message, readEarlyData, setupEarlyData } from '../helpers/early-data.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import {
  createSslConnection,
  createSslObjects,
  exchange,
  type SslPair,
  shutdownSslConnection,
} from '../helpers/pair.ts';
import { copyOf, makeSession } from '../helpers/session.ts';
import { emptyContext, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

const finish = { status: capi.SSL_READ_EARLY_DATA_FINISH, text: '' };
const success = { status: capi.SSL_READ_EARLY_DATA_SUCCESS, text: 'Hello' };

/** A connection whose client offers the session: a copy, which an unclean end does not spoil. */
function offer(setup: ReturnType<typeof setupEarlyData>): SslPair {
  const ssls = createSslObjects(setup.sctx, setup.cctx);
  capi.SSL_set_session(ssls.client, copyOf(setup.session));
  return ssls;
}

/** The same, after the client has sent its message as early data. */
function sending(setup: ReturnType<typeof setupEarlyData>): SslPair {
  const ssls = offer(setup);
  if (capi.SSL_write_early_data(ssls.client, message) !== message.length) throw new Error('early data was not sent');
  return ssls;
}

/** Goes on after the server has read its early data. */
function complete(t: ExecutionContext, ssls: SslPair): void {
  capi.SSL_connect(ssls.client);
  t.deepEqual(readEarlyData(ssls.server), finish);
  t.true(createSslConnection(ssls));
  shutdownSslConnection(ssls);
}

function freeAfterFailure(ssls: SslPair): void {
  capi.ERR_clear_error();
  capi.SSL_free(ssls.client);
  capi.SSL_free(ssls.server);
}

function statusOf({ client, server }: SslPair): [number, number] {
  return [capi.SSL_get_early_data_status(client), capi.SSL_get_early_data_status(server)];
}

test.serial('a client sends early data right behind its hello, with a session of the server', (t) => {
  const ssls = sending(setupEarlyData());
  t.deepEqual(readEarlyData(ssls.server), success, 'before the client has read anything');
  complete(t, ssls);
});

test.serial('a client cannot send any without a session', (t) => {
  const setup = setupEarlyData();
  const ssls = createSslObjects(setup.sctx, setup.cctx);
  t.is(capi.SSL_write_early_data(ssls.client, message), -1);
  freeAfterFailure(ssls);
});

test.serial('a server may answer before the handshake is complete, which SSL_is_init_finished tells', (t) => {
  const ssls = sending(setupEarlyData());
  t.deepEqual(readEarlyData(ssls.server), success);
  t.is(capi.SSL_is_init_finished(ssls.server), 0);
  t.is(capi.SSL_write_early_data(ssls.server, Buffer.from('early')), 5);
  const buffer = Buffer.alloc(5);
  t.is(capi.SSL_read(ssls.client, buffer), 5);
  t.is(buffer.toString(), 'early');
  complete(t, ssls);
});

test.serial('SSL_SESSION_get_max_early_data: what the server allows with the session, 0 for none', (t) => {
  t.is(capi.SSL_SESSION_get_max_early_data(setupEarlyData().session), 16_384);
  t.is(capi.SSL_SESSION_get_max_early_data(exchange(statefulPair(capi.TLS1_3_VERSION)).session), 0);
});

test.serial('SSL_SESSION_set_max_early_data sets it, and returns 1', (t) => {
  const session = makeSession({ id: 1, version: capi.TLS1_3_VERSION });
  t.is(capi.SSL_SESSION_set_max_early_data(session, 1000), 1);
  t.is(capi.SSL_SESSION_get_max_early_data(session), 1000);
});

test.serial('SSL_write_early_data must be the first operation of a client', (t) => {
  const ssls = offer(setupEarlyData());
  capi.SSL_connect(ssls.client);
  t.is(capi.SSL_write_early_data(ssls.client, message), -1);
  freeAfterFailure(ssls);
});

test.serial(
  'SSL_write_early_data may be called several times, with reads of what the server answers in between',
  (t) => {
    const ssls = sending(setupEarlyData());
    t.deepEqual(readEarlyData(ssls.server), success);
    t.is(capi.SSL_write_early_data(ssls.server, Buffer.from('early')), 5);
    t.is(capi.SSL_read(ssls.client, Buffer.alloc(5)), 5);
    t.is(capi.SSL_write_early_data(ssls.client, message), message.length);
    t.deepEqual(readEarlyData(ssls.server), success);
    complete(t, ssls);
  },
);

test.serial('SSL_write_early_data: the total must not exceed SSL_SESSION_get_max_early_data', (t) => {
  const ssls = offer(setupEarlyData());
  t.is(capi.SSL_write_early_data(ssls.client, Buffer.alloc(10_000)), 10_000);
  t.is(capi.SSL_write_early_data(ssls.client, Buffer.alloc(10_000)), -1);
  freeAfterFailure(ssls);
});

test.serial('SSL_connect completes the handshake, and so does SSL_write, with its data behind', (t) => {
  const ssls = sending(setupEarlyData());
  t.deepEqual(readEarlyData(ssls.server), success);
  t.is(capi.SSL_write(ssls.client, Buffer.from('late')), 4);
  t.is(capi.SSL_is_init_finished(ssls.client), 1);
  t.deepEqual(readEarlyData(ssls.server), finish);
  const buffer = Buffer.alloc(4);
  t.is(capi.SSL_read(ssls.server, buffer), 4, 'SSL_read completes that of the server');
  t.is(buffer.toString(), 'late');
  capi.SSL_read(ssls.client, Buffer.alloc(1));
  shutdownSslConnection(ssls);
});

test.serial('SSL_get_early_data_status: accepted, rejected, or not sent, for both sides', (t) => {
  const accepted = sending(setupEarlyData());
  readEarlyData(accepted.server);
  capi.SSL_connect(accepted.client);
  readEarlyData(accepted.server);
  t.true(createSslConnection(accepted));
  t.deepEqual(statusOf(accepted), [capi.SSL_EARLY_DATA_ACCEPTED, capi.SSL_EARLY_DATA_ACCEPTED]);
  shutdownSslConnection(accepted);

  const setup = setupEarlyData();
  capi.SSL_CTX_set_allow_early_data_cb(setup.sctx, () => 0);
  const rejected = sending(setup);
  t.deepEqual(readEarlyData(rejected.server), finish, 'rejected: there is none');
  t.true(createSslConnection(rejected));
  t.deepEqual(statusOf(rejected), [capi.SSL_EARLY_DATA_REJECTED, capi.SSL_EARLY_DATA_REJECTED]);
  shutdownSslConnection(rejected);

  const unsent = offer(setupEarlyData());
  t.true(createSslConnection(unsent));
  t.deepEqual(statusOf(unsent), [capi.SSL_EARLY_DATA_NOT_SENT, capi.SSL_EARLY_DATA_NOT_SENT]);
  shutdownSslConnection(unsent);
});

test.serial('SSL_read_early_data must be the first operation of a server, and is for servers only', (t) => {
  const setup = setupEarlyData();
  const late = offer(setup);
  t.is(capi.SSL_accept(late.server), -1);
  t.is(readEarlyData(late.server).status, capi.SSL_READ_EARLY_DATA_ERROR);
  capi.ERR_clear_error();
  t.is(readEarlyData(late.client).status, capi.SSL_READ_EARLY_DATA_ERROR);
  freeAfterFailure(late);
});

test.serial('with a client of TLS 1.2 the first call may complete the handshake; SSL_accept then does nothing', (t) => {
  const setup = setupEarlyData();
  capi.SSL_CTX_set_max_proto_version(setup.cctx, capi.TLS1_2_VERSION);
  const ssls = createSslObjects(setup.sctx, setup.cctx);
  let last = { status: capi.SSL_READ_EARLY_DATA_ERROR, text: '' };
  for (let turn = 0; turn < 3; turn++) {
    capi.SSL_connect(ssls.client);
    if (last.status === capi.SSL_READ_EARLY_DATA_ERROR) last = readEarlyData(ssls.server);
  }
  t.deepEqual(last, finish);
  t.is(capi.SSL_is_init_finished(ssls.server), 1);
  t.is(capi.SSL_accept(ssls.server), 1);
  t.is(capi.SSL_is_init_finished(ssls.client), 1);
  shutdownSslConnection(ssls);
});

test.serial('a server does not accept early data unless it says so, for the context or for a connection', (t) => {
  const ctx = emptyContext();
  t.is(capi.SSL_CTX_get_max_early_data(ctx), 0);
  t.is(capi.SSL_CTX_set_max_early_data(ctx, 1000), 1);
  t.is(capi.SSL_CTX_get_max_early_data(ctx), 1000);
  const ssl = capi.SSL_new(ctx);
  t.is(capi.SSL_get_max_early_data(ssl), 1000);
  t.is(capi.SSL_set_max_early_data(ssl, 50), 1);
  t.deepEqual([capi.SSL_get_max_early_data(ssl), capi.SSL_CTX_get_max_early_data(ctx)], [50, 1000]);
});

test.serial('SSL_set_max_early_data is what the sessions of that connection allow', (t) => {
  const pair = statefulPair(capi.TLS1_3_VERSION);
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  capi.SSL_set_max_early_data(ssls.server, 50);
  t.true(createSslConnection(ssls));
  const session = capi.SSL_get_session(ssls.client);
  t.is(session && capi.SSL_SESSION_get_max_early_data(session), 50);
  shutdownSslConnection(ssls);
});

test.serial('recv_max_early_data is 16384, and can be set for the context and for a connection', (t) => {
  const ctx = emptyContext();
  t.is(capi.SSL_CTX_get_recv_max_early_data(ctx), 16_384);
  t.is(capi.SSL_CTX_set_recv_max_early_data(ctx, 100), 1);
  const ssl = capi.SSL_new(ctx);
  t.is(capi.SSL_get_recv_max_early_data(ssl), 100);
  t.is(capi.SSL_set_recv_max_early_data(ssl, 7), 1);
  t.deepEqual([capi.SSL_get_recv_max_early_data(ssl), capi.SSL_CTX_get_recv_max_early_data(ctx)], [7, 100]);
});

test.serial('rejected early data is skipped up to recv_max_early_data, and the connection aborted beyond', (t) => {
  for (const [limit, goesOn] of [
    [16_384, true],
    [1000, false],
  ] as const) {
    const setup = setupEarlyData();
    capi.SSL_CTX_set_allow_early_data_cb(setup.sctx, () => 0);
    capi.SSL_CTX_set_recv_max_early_data(setup.sctx, limit);
    const ssls = offer(setup);
    t.is(capi.SSL_write_early_data(ssls.client, Buffer.alloc(5000)), 5000);
    if (readEarlyData(ssls.server).status === capi.SSL_READ_EARLY_DATA_FINISH) createSslConnection(ssls);
    t.is(capi.SSL_is_init_finished(ssls.server) === 1, goesOn, `${limit}`);
    freeAfterFailure(ssls);
  }
});

test.serial('accepted is the lower of both limits, and the connection aborted beyond', (t) => {
  const setup = setupEarlyData();
  capi.SSL_CTX_set_recv_max_early_data(setup.sctx, 3);
  const ssls = sending(setup);
  t.is(readEarlyData(ssls.server).status, capi.SSL_READ_EARLY_DATA_ERROR);
  freeAfterFailure(ssls);
});

test.serial('the callback decides with 1 or 0, and is not asked for what is rejected anyway', (t) => {
  for (const answer of [0, 1]) {
    const setup = setupEarlyData();
    let asked = 0;
    capi.SSL_CTX_set_allow_early_data_cb(setup.sctx, () => {
      asked++;
      return answer;
    });
    const first = sending(setup);
    t.deepEqual(readEarlyData(first.server), answer === 1 ? success : finish);
    t.is(asked, 1);
    freeAfterFailure(first);
    const replay = sending(setup);
    t.deepEqual(readEarlyData(replay.server), finish);
    t.is(asked, 1, 'replay protection has rejected it');
    freeAfterFailure(replay);
  }
});

test.serial('replay protection: each session resumes once, with early data or without, and leaves the cache', (t) => {
  const setup = setupEarlyData();
  const before = capi.SSL_CTX_sess_number(setup.sctx);
  t.is(before, 2, 'the sessions of stateless tickets are cached, too');
  const again = exchange(setup, setup.session);
  t.true(again.reused);
  t.is(capi.SSL_CTX_sess_number(setup.sctx), before, 'the one that was used is gone, and there is a new one');
  t.false(exchange(setup, setup.session).reused);
  t.true(exchange(setup, again.session).reused);
});

test.serial('replay protection: a session that the internal cache does not have does not resume', (t) => {
  const setup = setupEarlyData();
  capi.SSL_CTX_flush_sessions(setup.sctx, 0);
  const ssls = sending(setup);
  t.deepEqual(readEarlyData(ssls.server), finish);
  t.true(createSslConnection(ssls));
  t.is(capi.SSL_session_reused(ssls.server), 0);
  shutdownSslConnection(ssls);
});

test.serial('SSL_OP_NO_ANTI_REPLAY turns replay protection off', (t) => {
  const setup = setupEarlyData(capi.SSL_OP_NO_ANTI_REPLAY);
  for (const _ of [1, 2]) {
    const ssls = sending(setup);
    t.deepEqual(readEarlyData(ssls.server), success);
    complete(t, ssls);
  }
});
