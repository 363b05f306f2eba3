// SSL_CTX_sess_number(3): the counters of the session cache, in the order of the page.
import test, { type ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { connect, emptyContext, externalCache, handshake, now, protocols, sessionsOf, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

interface Role {
  ctx: 'cctx' | 'sctx';
  peer: 'cctx' | 'sctx';
  end: 'client' | 'server';
  started: (ctx: capi.SSL_CTX) => number;
  succeeded: (ctx: capi.SSL_CTX) => number;
}

const asClient: Role = {
  ctx: 'cctx',
  peer: 'sctx',
  end: 'client',
  started: capi.SSL_CTX_sess_connect,
  succeeded: capi.SSL_CTX_sess_connect_good,
};

const asServer: Role = {
  ctx: 'sctx',
  peer: 'cctx',
  end: 'server',
  started: capi.SSL_CTX_sess_accept,
  succeeded: capi.SSL_CTX_sess_accept_good,
};

function countsStarted(t: ExecutionContext, version: number, { ctx, peer, end, started }: Role): void {
  const pair = statefulPair(version);
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  t.is(started(pair[ctx]), 0);
  capi.SSL_do_handshake(ssls[end]);
  t.is(started(pair[ctx]), 1, 'as soon as it has begun, before the peer has said anything');
  exchange(pair);
  t.is(started(pair[ctx]), 2);
  t.is(started(pair[peer]), 0);
}

function countsSucceeded(t: ExecutionContext, version: number, { ctx, peer, started, succeeded }: Role): void {
  const other = version === capi.TLS1_2_VERSION ? capi.TLS1_3_VERSION : capi.TLS1_2_VERSION;
  // They have no protocol version in common.
  const failing = { ...statefulPair(version), [peer]: statefulPair(other)[peer] };
  t.throws(() => exchange(failing));
  capi.ERR_clear_error();
  t.deepEqual([started(failing[ctx]), succeeded(failing[ctx])], [1, 0]);
  const pair = statefulPair(version);
  const { session } = exchange(pair);
  t.is(succeeded(pair[ctx]), 1);
  t.true(exchange(pair, session).reused);
  t.is(succeeded(pair[ctx]), 2, 'resumed ones too');
  t.is(succeeded(pair[peer]), 0);
}

test.serial('SSL_CTX_sess_number: the sessions that are in the internal cache now', (t) => {
  const ctx = emptyContext();
  t.is(capi.SSL_CTX_sess_number(ctx), 0);
  const sessions = [1, 2, 3].map((id) => makeSession({ id, time: 1000, timeout: id }));
  for (const session of sessions) capi.SSL_CTX_add_session(ctx, session);
  t.is(capi.SSL_CTX_sess_number(ctx), 3, 'expired or not');
  capi.SSL_CTX_flush_sessions(ctx, 1003);
  t.is(capi.SSL_CTX_sess_number(ctx), 1);
  capi.SSL_CTX_remove_session(ctx, sessions[2] ?? null);
  t.is(capi.SSL_CTX_sess_number(ctx), 0);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_CTX_sess_connect: the handshakes that were started as a client`, (t) => {
    countsStarted(t, version, asClient);
  });

  test.serial(`${name}: SSL_CTX_sess_connect_good: the handshakes that succeeded as a client`, (t) => {
    countsSucceeded(t, version, asClient);
  });
}

test.serial('TLS 1.2: SSL_CTX_sess_connect_renegotiate: the renegotiations that were started as a client', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const ssls = connect(pair);
  t.is(capi.SSL_CTX_sess_connect_renegotiate(pair.cctx), 0);
  t.is(capi.SSL_renegotiate(ssls.server), 1);
  capi.SSL_do_handshake(ssls.server);
  for (const ssl of [ssls.client, ssls.server]) t.is(capi.SSL_read(ssl, Buffer.alloc(1)), -1);
  handshake(ssls);
  t.is(capi.SSL_CTX_sess_connect_renegotiate(pair.cctx), 1);
  t.is(capi.SSL_CTX_sess_connect(pair.cctx), 1, 'it counts as no handshake more');
  shutdownSslConnection(ssls);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_CTX_sess_accept: the handshakes that were started as a server`, (t) => {
    countsStarted(t, version, asServer);
  });

  test.serial(`${name}: SSL_CTX_sess_accept_good: the handshakes that succeeded as a server`, (t) => {
    countsSucceeded(t, version, asServer);
  });
}

test.serial('TLS 1.2: SSL_CTX_sess_accept_renegotiate: the renegotiations that were started as a server', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  capi.SSL_CTX_set_options(pair.sctx, capi.SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  const ssls = connect(pair);
  t.is(capi.SSL_CTX_sess_accept_renegotiate(pair.sctx), 0);
  t.is(capi.SSL_renegotiate(ssls.client), 1);
  capi.SSL_do_handshake(ssls.client);
  t.is(capi.SSL_read(ssls.server, Buffer.alloc(1)), -1);
  handshake(ssls);
  t.is(capi.SSL_CTX_sess_accept_renegotiate(pair.sctx), 1);
  t.is(capi.SSL_CTX_sess_accept(pair.sctx), 1, 'it counts as no handshake more');
  shutdownSslConnection(ssls);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_CTX_sess_hits: in client mode, sessions that were set and reused`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    t.is(capi.SSL_CTX_sess_hits(pair.cctx), 0);
    exchange(pair, session);
    t.is(capi.SSL_CTX_sess_hits(pair.cctx), 1);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    t.false(exchange(pair, session).reused);
    t.is(capi.SSL_CTX_sess_hits(pair.cctx), 1, 'set, and not reused');
  });

  test.serial(`${name}: SSL_CTX_sess_hits: in server mode, those of the internal and of the external cache`, (t) => {
    const pair = statefulPair(version);
    externalCache(pair.sctx);
    const { session } = exchange(pair);
    exchange(pair, session);
    t.is(capi.SSL_CTX_sess_hits(pair.sctx), 1);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    exchange(pair, session);
    t.is(capi.SSL_CTX_sess_hits(pair.sctx), 2);
  });

  test.serial(`${name}: SSL_CTX_sess_cb_hits: those of the external cache only, in server mode`, (t) => {
    const pair = statefulPair(version);
    externalCache(pair.sctx);
    const { session } = exchange(pair);
    exchange(pair, session);
    t.is(capi.SSL_CTX_sess_cb_hits(pair.sctx), 0);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    exchange(pair, session);
    t.is(capi.SSL_CTX_sess_cb_hits(pair.sctx), 1);
    t.is(capi.SSL_CTX_sess_cb_hits(pair.cctx), 0);
  });

  test.serial(`${name}: SSL_CTX_sess_misses: proposed by clients, and not found in the internal cache`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    exchange(pair, session);
    t.is(capi.SSL_CTX_sess_misses(pair.sctx), 0);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    for (const times of [1, 2]) {
      exchange(pair, session);
      t.is(capi.SSL_CTX_sess_misses(pair.sctx), times);
    }
  });

  test.serial(`${name}: SSL_CTX_sess_timeouts: found in either cache, and expired; these are no hits`, (t) => {
    for (const isExternal of [false, true]) {
      const pair = statefulPair(version);
      const { session } = exchange(pair);
      const cached = capi.SSL_CTX_sessions(pair.sctx);
      for (const one of cached) capi.SSL_SESSION_set_time(one, now() - 8000);
      if (isExternal) {
        const ders = new Map(cached.map((one) => [`${capi.SSL_SESSION_get_id(one)}`, capi.i2d_SSL_SESSION(one)]));
        capi.SSL_CTX_flush_sessions(pair.sctx, 0);
        capi.SSL_CTX_sess_set_get_cb(pair.sctx, (_ssl, id) => capi.d2i_SSL_SESSION(ders.get(`${id}`) ?? Buffer.of()));
      }
      t.false(exchange(pair, session).reused);
      t.is(capi.SSL_CTX_sess_timeouts(pair.sctx), 1);
      t.is(capi.SSL_CTX_sess_hits(pair.sctx), 0);
    }
  });

  test.serial(`${name}: SSL_CTX_sess_cache_full: sessions that were removed because the cache was full`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_sess_set_cache_size(pair.sctx, 3);
    for (let count = 0; count < 5; count++) exchange(pair);
    const made = 5 * sessionsOf(version);
    t.is(capi.SSL_CTX_sess_cache_full(pair.sctx), made - 2);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    t.is(capi.SSL_CTX_sess_cache_full(pair.sctx), made - 2, 'expired or flushed ones are not counted');
  });
}
