// SSL_CTX_sess_set_get_cb(3): the new, remove and get callbacks, in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { asRemoved } from '../helpers/removal-order.ts';
import { sameMembers, sameObjects } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import {
  connect,
  emptyContext,
  externalCache,
  handshake,
  has,
  now,
  protocols,
  recordRemovals,
  sessionsOf,
  statefulPair,
} from './common.ts';

test.afterEach(leavesNoErrors);

/** Records the arguments of the get callback, which finds nothing. */
function recordLookups(ctx: capi.SSL_CTX): { ssl: capi.SSL; id: Buffer }[] {
  const lookups: { ssl: capi.SSL; id: Buffer }[] = [];
  capi.SSL_CTX_sess_set_get_cb(ctx, (ssl, id) => {
    lookups.push({ ssl, id });
    return null;
  });
  return lookups;
}

/** Records the sessions of the new callback. */
function recordNew(ctx: capi.SSL_CTX): capi.SSL_SESSION[] {
  const made: capi.SSL_SESSION[] = [];
  capi.SSL_CTX_sess_set_new_cb(ctx, (_ssl, session) => void made.push(session));
  return made;
}

for (const { name, version } of protocols) {
  test.serial(`${name}: the new callback is called whenever a new session was negotiated`, (t) => {
    const pair = statefulPair(version);
    const made = recordNew(pair.sctx);
    for (const time of [1, 2, 3]) {
      exchange(pair);
      t.is(made.length, time * sessionsOf(version));
    }
    t.is(new Set(made).size, made.length, 'each another one');
  });

  test.serial(
    `${name}: the remove callback is called when libssl removes a session: at the end of its timeout`,
    (t) => {
      const pair = statefulPair(version);
      const removed = recordRemovals(pair.sctx);
      exchange(pair);
      const cached = capi.SSL_CTX_sessions(pair.sctx);
      t.deepEqual(removed, []);
      capi.SSL_CTX_flush_sessions(pair.sctx, now() + 8000);
      sameMembers(t, removed, cached);
      t.is(removed.length, sessionsOf(version));
    },
  );

  test.serial(
    `${name}: the get callback is called when the session that a client proposes is not in the cache`,
    (t) => {
      const pair = statefulPair(version);
      const { session } = exchange(pair);
      const lookups = recordLookups(pair.sctx);
      exchange(pair);
      t.is(lookups.length, 0, 'nothing is proposed');
      t.true(exchange(pair, session).reused);
      t.is(lookups.length, 0, 'it is in the cache');
      capi.SSL_CTX_flush_sessions(pair.sctx, 0);
      t.false(exchange(pair, session).reused);
      t.is(lookups.length, 1);
    },
  );
}

test.serial('the callbacks that were set are returned, and null when none is', (t) => {
  const ctx = emptyContext();
  const get = () => [
    capi.SSL_CTX_sess_get_new_cb(ctx),
    capi.SSL_CTX_sess_get_remove_cb(ctx),
    capi.SSL_CTX_sess_get_get_cb(ctx),
  ];
  t.deepEqual(get(), [null, null, null]);
  const callbacks = [() => 1, () => undefined, () => null] as const;
  capi.SSL_CTX_sess_set_new_cb(ctx, callbacks[0]);
  capi.SSL_CTX_sess_set_remove_cb(ctx, callbacks[1]);
  capi.SSL_CTX_sess_set_get_cb(ctx, callbacks[2]);
  sameObjects(t, get(), callbacks);
  capi.SSL_CTX_sess_set_new_cb(ctx, null);
  capi.SSL_CTX_sess_set_remove_cb(ctx, null);
  capi.SSL_CTX_sess_set_get_cb(ctx, null);
  t.deepEqual(get(), [null, null, null]);
});

for (const { name, version, isTls13 } of protocols) {
  test.serial(`${name}: inside of the callbacks sessions can be saved and read with i2d and d2i_SSL_SESSION`, (t) => {
    const one = statefulPair(version);
    const other = statefulPair(version);
    const cache = externalCache(one.sctx);
    capi.SSL_CTX_sess_set_get_cb(other.sctx, (_ssl, id) => {
      const der = cache.sessions.get(id.toString('hex'));
      return der === undefined ? null : capi.d2i_SSL_SESSION(der);
    });
    const { session } = exchange(one);
    t.true(exchange({ sctx: other.sctx, cctx: one.cctx }, session).reused, 'in another server');
  });

  test.serial(`${name}: the new callback is called only when session caching is enabled`, (t) => {
    const pair = statefulPair(version);
    const made = recordNew(pair.sctx);
    capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_OFF);
    exchange(pair);
    t.is(made.length, 0);
    capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_SERVER);
    exchange(pair);
    t.is(made.length, sessionsOf(version));
  });

  test.serial(`${name}: the new callback gets the connection and its new session`, (t) => {
    const pair = statefulPair(version);
    const calls: unknown[][] = [];
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, (...given) => void calls.push(given));
    const ssls = connect(pair);
    for (const [ssl] of calls) t.is(ssl, ssls.server);
    t.is(calls.at(-1)?.[1], capi.SSL_get_session(ssls.server));
    shutdownSslConnection(ssls);
  });

  test.serial(
    `${name}: the new callback's session has a reference of the application's until SSL_SESSION_free`,
    (t) => {
      const pair = statefulPair(version);
      const made = recordNew(pair.sctx);
      const before = capi.debug.live().SSL_SESSION;
      capi.SSL_SESSION_free(exchange(pair).session);
      capi.SSL_CTX_flush_sessions(pair.sctx, 0);
      t.is(capi.debug.live().SSL_SESSION, before + made.length, 'neither cache nor connection has one any more');
      for (const session of made) t.is(capi.SSL_SESSION_get_id(session).length, 32);
      for (const session of made) capi.SSL_SESSION_free(session);
      t.is(capi.debug.live().SSL_SESSION, before);
    },
  );

  const moment = isTls13 ? 'after the handshake, once for each session' : 'during the handshake, once';
  test.serial(`${name}: the new callback of a client is called ${moment}`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT);
    if (isTls13) capi.SSL_CTX_set_num_tickets(pair.sctx, 3);
    const isFinished: number[] = [];
    capi.SSL_CTX_sess_set_new_cb(pair.cctx, (ssl) => void isFinished.push(capi.SSL_is_init_finished(ssl)));
    const ssls = createSslObjects(pair.sctx, pair.cctx);
    handshake(ssls);
    t.is(capi.SSL_is_init_finished(ssls.client), 1);
    t.is(isFinished.length, isTls13 ? 0 : 1);
    capi.SSL_read(ssls.client, Buffer.alloc(1));
    t.is(isFinished.length, isTls13 ? 3 : 1);
    shutdownSslConnection(ssls);
  });
}

test.serial('TLS 1.3: SSL_CTX_remove_session after its use makes a session good for one resumption', (t) => {
  const pair = statefulPair(capi.TLS1_3_VERSION);
  const { session } = exchange(pair);
  const usedId = capi.SSL_SESSION_get_id(session);
  const cached = capi.SSL_CTX_sessions(pair.sctx);
  const again = exchange(pair, session);
  t.true(again.reused);
  t.is(usedId.length, 32);
  for (const one of cached) capi.SSL_CTX_remove_session(pair.sctx, one);
  t.false(exchange(pair, session).reused);
  t.true(exchange(pair, again.session).reused, 'its successor still resumes');
});

for (const { name, version } of protocols) {
  test.serial(`${name}: the remove callback is called when a connection was not shut down cleanly`, (t) => {
    const pair = statefulPair(version);
    const removed = recordRemovals(pair.sctx);
    const ssls = connect(pair);
    const session = capi.SSL_get_session(ssls.server);
    capi.SSL_free(ssls.server);
    sameObjects(t, removed, [session]);
    capi.SSL_free(ssls.client);
  });
}

test.serial('the remove callback is called for all sessions of the cache by SSL_CTX_free', (t) => {
  const ctx = emptyContext();
  const removed = recordRemovals(ctx);
  const sessions = [1, 2, 3].map((id) => makeSession({ id, timeout: 100 + id }));
  for (const session of sessions) capi.SSL_CTX_add_session(ctx, session);
  capi.SSL_CTX_free(ctx);
  sameObjects(t, removed, asRemoved(sessions));
});

test.serial('the remove callback gets context and session, and has no say: what it returns changes nothing', (t) => {
  for (const answer of [0, 1, undefined]) {
    const ctx = emptyContext();
    const session = makeSession({ id: 1, time: 1000, timeout: 10 });
    const calls: unknown[][] = [];
    capi.SSL_CTX_sess_set_remove_cb(ctx, (...given) => {
      calls.push(given);
      return answer;
    });
    capi.SSL_CTX_add_session(ctx, session);
    capi.SSL_CTX_flush_sessions(ctx, now());
    sameObjects(t, calls.flat(), [ctx, session]);
    t.false(has(ctx, session));
  }
});

for (const { name, version } of protocols) {
  test.serial(`${name}: the get callback is called on servers only`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_BOTH);
    const { session } = exchange(pair);
    const asked = recordLookups(pair.cctx);
    capi.SSL_CTX_flush_sessions(pair.cctx, 0);
    exchange(pair, session);
    t.is(asked.length, 0);
  });

  test.serial(`${name}: the get callback gets the connection and the ID that the client proposes`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ids = capi.SSL_CTX_sessions(pair.sctx).map(capi.SSL_SESSION_get_id);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    const lookups = recordLookups(pair.sctx);
    const ssls = connect(pair, session);
    t.is(lookups.length, 1);
    t.is(lookups[0]?.ssl, ssls.server);
    t.true(ids.some((id) => lookups[0]?.id.equals(id)));
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: the get callback is called, and its session used, also when caching is disabled`, (t) => {
    const pair = statefulPair(version);
    const cache = externalCache(pair.sctx);
    const { session } = exchange(pair);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    capi.SSL_CTX_set_session_cache_mode(pair.sctx, capi.SSL_SESS_CACHE_OFF);
    t.true(exchange(pair, session).reused);
    t.is(cache.asked.length, 1);
  });
}
