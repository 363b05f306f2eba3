// SSL_CTX_set_session_cache_mode(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { type ContextPair, exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { emptyContext, externalCache, now, protocols, sessionsOf, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

const modes = {
  SSL_SESS_CACHE_OFF: [capi.SSL_SESS_CACHE_OFF, 0],
  SSL_SESS_CACHE_CLIENT: [capi.SSL_SESS_CACHE_CLIENT, 0x1],
  SSL_SESS_CACHE_SERVER: [capi.SSL_SESS_CACHE_SERVER, 0x2],
  SSL_SESS_CACHE_BOTH: [capi.SSL_SESS_CACHE_BOTH, 0x3],
  SSL_SESS_CACHE_NO_AUTO_CLEAR: [capi.SSL_SESS_CACHE_NO_AUTO_CLEAR, 0x80],
  SSL_SESS_CACHE_NO_INTERNAL_LOOKUP: [capi.SSL_SESS_CACHE_NO_INTERNAL_LOOKUP, 0x100],
  SSL_SESS_CACHE_NO_INTERNAL_STORE: [capi.SSL_SESS_CACHE_NO_INTERNAL_STORE, 0x200],
  SSL_SESS_CACHE_NO_INTERNAL: [capi.SSL_SESS_CACHE_NO_INTERNAL, 0x300],
  SSL_SESS_CACHE_UPDATE_TIME: [capi.SSL_SESS_CACHE_UPDATE_TIME, 0x400],
} as const;

function pairWith(version: number, mode: number): ContextPair {
  const pair = statefulPair(version);
  capi.SSL_CTX_set_session_cache_mode(pair.sctx, mode);
  return pair;
}

for (const [name, [mode, value]] of Object.entries(modes)) {
  test.serial(`${name} is ${value}, can be set and is then returned`, (t) => {
    const ctx = emptyContext();
    t.is(mode, value);
    capi.SSL_CTX_set_session_cache_mode(ctx, mode);
    t.is(capi.SSL_CTX_get_session_cache_mode(ctx), mode);
  });
}

for (const { name, version } of protocols) {
  test.serial(`${name}: the sessions of each context are its own`, (t) => {
    const one = statefulPair(version);
    const other = statefulPair(version);
    const { session } = exchange(one);
    t.is(capi.SSL_CTX_sess_number(one.sctx), sessionsOf(version));
    t.is(capi.SSL_CTX_sess_number(other.sctx), 0);
    t.false(exchange({ sctx: other.sctx, cctx: one.cctx }, session).reused);
    t.true(exchange(one, session).reused);
  });

  test.serial(`${name}: a server that does not find the session starts a full handshake, and makes a new one`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    const full = exchange(pair, session);
    t.false(full.reused);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version));
    t.notDeepEqual(capi.SSL_SESSION_get_id(full.session), capi.SSL_SESSION_get_id(session));
  });

  test.serial(`${name}: the internal cache is searched first; the external one is not asked for what is there`, (t) => {
    const pair = statefulPair(version);
    const cache = externalCache(pair.sctx);
    const { session } = exchange(pair);
    cache.asked.length = 0;
    t.true(exchange(pair, session).reused);
    t.deepEqual(cache.asked, []);
    t.is(capi.SSL_CTX_sess_cb_hits(pair.sctx), 0);
  });

  test.serial(`${name}: what the internal cache does not have is looked for in the external one`, (t) => {
    const pair = statefulPair(version);
    const cache = externalCache(pair.sctx);
    const { session } = exchange(pair);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    cache.asked.length = 0;
    t.true(exchange(pair, session).reused);
    t.is(cache.asked.length, 1);
    t.true(cache.sessions.has(cache.asked[0] ?? ''));
    t.is(capi.SSL_CTX_sess_cb_hits(pair.sctx), 1);
  });

  test.serial(`${name}: a session for another session ID context is not resumed, and stays in the cache`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('shop'));
    const { session } = exchange(pair);
    capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('bank'));
    const before = capi.SSL_CTX_sessions(pair.sctx);
    t.false(exchange(pair, session).reused);
    for (const one of before) t.true(capi.SSL_CTX_sessions(pair.sctx).includes(one));
    capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('shop'));
    t.true(exchange(pair, session).reused);
  });

  test.serial(`${name}: SSL_SESS_CACHE_OFF: neither server nor client caches anything`, (t) => {
    const pair = pairWith(version, capi.SSL_SESS_CACHE_OFF);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_OFF);
    const { session } = exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
    t.is(capi.SSL_CTX_sess_number(pair.cctx), 0);
    t.false(exchange(pair, session).reused);
  });

  test.serial(
    `${name}: SSL_SESS_CACHE_CLIENT: client sessions are added, and the application chooses which to offer`,
    (t) => {
      const pair = statefulPair(version);
      capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT);
      exchange(pair);
      t.is(capi.SSL_CTX_sess_number(pair.cctx), sessionsOf(version));
      t.false(exchange(pair).reused, 'libssl offers none by itself');
      const [session] = capi.SSL_CTX_sessions(pair.cctx);
      t.truthy(session);
      t.true(exchange(pair, session ?? null).reused);
    },
  );

  test.serial(`${name}: SSL_SESS_CACHE_CLIENT is not the default, and does not make a server cache`, (t) => {
    const pair = statefulPair(version);
    exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.cctx), 0);
    const server = pairWith(version, capi.SSL_SESS_CACHE_CLIENT);
    exchange(server);
    t.is(capi.SSL_CTX_sess_number(server.sctx), 0);
  });

  test.serial(`${name}: SSL_SESS_CACHE_SERVER: server sessions are added, found and reused`, (t) => {
    const pair = pairWith(version, capi.SSL_SESS_CACHE_SERVER);
    const { session } = exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version));
    t.true(exchange(pair, session).reused);
    t.is(capi.SSL_CTX_sess_hits(pair.sctx), 1);
  });

  test.serial(`${name}: SSL_SESS_CACHE_BOTH: both at once`, (t) => {
    const pair = pairWith(version, capi.SSL_SESS_CACHE_BOTH);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_BOTH);
    exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version));
    t.is(capi.SSL_CTX_sess_number(pair.cctx), sessionsOf(version));
  });

  for (const keeps of [false, true]) {
    const title = keeps
      ? 'SSL_SESS_CACHE_NO_AUTO_CLEAR disables that, and SSL_CTX_flush_sessions remains'
      : 'the cache is checked for expired sessions every 255 connections';
    test.serial(`${name}: ${title}`, (t) => {
      const pair = pairWith(version, capi.SSL_SESS_CACHE_SERVER | (keeps ? capi.SSL_SESS_CACHE_NO_AUTO_CLEAR : 0));
      const expired = makeSession({ id: 1, version, time: now() - 1000, timeout: 10 });
      capi.SSL_CTX_add_session(pair.sctx, expired);
      // TLS 1.2 counts the handshake after the check, TLS 1.3 before it: the page's 255 is 256 there.
      const last = version === capi.TLS1_2_VERSION ? 256 : 255;
      for (let handshake = 1; handshake < last; handshake++) exchange(pair);
      t.true(capi.SSL_CTX_sessions(pair.sctx).includes(expired));
      exchange(pair);
      t.is(capi.SSL_CTX_sessions(pair.sctx).includes(expired), keeps);
      capi.SSL_CTX_flush_sessions(pair.sctx, now());
      t.false(capi.SSL_CTX_sessions(pair.sctx).includes(expired));
    });
  }

  test.serial(`${name}: SSL_SESS_CACHE_NO_INTERNAL_LOOKUP: stored, and not looked up`, (t) => {
    const pair = pairWith(version, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL_LOOKUP);
    const { session } = exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), sessionsOf(version));
    t.false(exchange(pair, session).reused);
    t.is(capi.SSL_CTX_sess_misses(pair.sctx), 0);
  });

  test.serial(`${name}: SSL_SESS_CACHE_NO_INTERNAL_LOOKUP: all lookups go to the external cache`, (t) => {
    const pair = pairWith(version, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL_LOOKUP);
    const cache = externalCache(pair.sctx);
    const { session } = exchange(pair);
    cache.asked.length = 0;
    t.true(exchange(pair, session).reused);
    t.is(cache.asked.length, 1);
  });

  test.serial(`${name}: SSL_SESS_CACHE_NO_INTERNAL_LOOKUP has no effect on clients`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT | capi.SSL_SESS_CACHE_NO_INTERNAL_LOOKUP);
    const { session } = exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.cctx), sessionsOf(version));
    t.true(exchange(pair, session).reused);
  });

  test.serial(
    `${name}: without SSL_SESS_CACHE_NO_INTERNAL_STORE, external hits are copied into the internal cache`,
    (t) => {
      const pair = statefulPair(version);
      const cache = externalCache(pair.sctx);
      const { session } = exchange(pair);
      capi.SSL_CTX_flush_sessions(pair.sctx, 0);
      t.true(exchange(pair, session).reused);
      cache.asked.length = 0;
      t.true(exchange(pair, session).reused);
      t.deepEqual(cache.asked, [], 'it was found internally');
    },
  );

  test.serial(`${name}: SSL_SESS_CACHE_NO_INTERNAL_STORE: neither new sessions nor external hits are stored`, (t) => {
    const pair = pairWith(version, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL_STORE);
    const cache = externalCache(pair.sctx);
    const { session } = exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
    t.is(cache.sessions.size, sessionsOf(version), 'the new callback is called all the same');
    for (const _ of [1, 2]) {
      cache.asked.length = 0;
      t.true(exchange(pair, session).reused);
      t.is(cache.asked.length, 1);
      t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
    }
  });

  test.serial(`${name}: SSL_SESS_CACHE_NO_INTERNAL: neither lookup nor store`, (t) => {
    const pair = pairWith(version, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_NO_INTERNAL);
    const cache = externalCache(pair.sctx);
    const { session } = exchange(pair);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), 0);
    cache.asked.length = 0;
    t.true(exchange(pair, session).reused);
    t.is(cache.asked.length, 1);
    t.is(capi.SSL_CTX_sess_misses(pair.sctx), 0);
  });

  test.serial(
    `${name}: SSL_SESS_CACHE_UPDATE_TIME: an external hit that is copied inward gets the time of its use`,
    (t) => {
      const pair = pairWith(version, capi.SSL_SESS_CACHE_SERVER | capi.SSL_SESS_CACHE_UPDATE_TIME);
      let stored: capi.SSL_SESSION | null = null;
      const old = now() - 100;
      const cache = externalCache(pair.sctx);
      const { session } = exchange(pair);
      capi.SSL_CTX_flush_sessions(pair.sctx, 0);
      capi.SSL_CTX_sess_set_get_cb(pair.sctx, (_ssl, id) => {
        const der = cache.sessions.get(id.toString('hex'));
        stored = der === undefined ? null : capi.d2i_SSL_SESSION(der);
        if (stored !== null) capi.SSL_SESSION_set_time(stored, old);
        return stored;
      });
      t.true(exchange(pair, session).reused);
      t.truthy(stored);
      t.true(stored !== null && capi.SSL_SESSION_get_time(stored) >= old + 100);
    },
  );
}

test.serial('SSL_SESS_CACHE_UPDATE_TIME: adding a session again counts as its use', (t) => {
  for (const update of [false, true]) {
    const ctx = emptyContext();
    capi.SSL_CTX_set_session_cache_mode(
      ctx,
      capi.SSL_SESS_CACHE_SERVER | (update ? capi.SSL_SESS_CACHE_UPDATE_TIME : 0),
    );
    const session = makeSession({ id: 1, time: 1000 });
    capi.SSL_CTX_add_session(ctx, session);
    t.is(capi.SSL_SESSION_get_time(session) > 1000, update);
  }
});

test.serial('the default mode is SSL_SESS_CACHE_SERVER, for every method', (t) => {
  for (const method of [capi.TLS_method(), capi.TLS_server_method(), capi.TLS_client_method()]) {
    t.is(capi.SSL_CTX_get_session_cache_mode(capi.SSL_CTX_new(method)), capi.SSL_SESS_CACHE_SERVER);
  }
});

test.serial('returns the mode that was set before', (t) => {
  const ctx = emptyContext();
  t.is(capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_BOTH), capi.SSL_SESS_CACHE_SERVER);
  t.is(capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_OFF), capi.SSL_SESS_CACHE_BOTH);
  t.is(capi.SSL_CTX_set_session_cache_mode(ctx, capi.SSL_SESS_CACHE_NO_INTERNAL), capi.SSL_SESS_CACHE_OFF);
  t.is(capi.SSL_CTX_get_session_cache_mode(ctx), capi.SSL_SESS_CACHE_NO_INTERNAL);
});
