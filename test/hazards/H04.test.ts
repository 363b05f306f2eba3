// H4: libssl makes remove callbacks while it holds the context's lock. The binding delivers them when it has let go.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, createSslObjects, shutdownSslConnection } from '../helpers/pair.ts';
import { asRemoved } from '../helpers/removal-order.ts';
import { makeSession } from '../helpers/session.ts';
import { idOf, statefulPair, thrownBy, VERSIONS } from './contexts.ts';
import { unguarded } from './unguarded.ts';

/** Uses the whole cache of `ctx` from inside of a callback; says what did not work as it does outside. */
function useCache(ctx: capi.SSL_CTX, id: number): string[] {
  const problems: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown) => {
    if (actual !== expected) problems.push(`${what}: ${String(actual)} instead of ${String(expected)}`);
  };
  const size = capi.SSL_CTX_sess_get_cache_size(ctx);
  const mode = capi.SSL_CTX_get_session_cache_mode(ctx);
  expect('set_cache_size', capi.SSL_CTX_sess_set_cache_size(ctx, 0), size);
  const number = capi.SSL_CTX_sess_number(ctx);
  const kept = makeSession({ id, time: 4_000_000_000, timeout: 1000 });
  expect('add', capi.SSL_CTX_add_session(ctx, kept), 1);
  expect('add again', capi.SSL_CTX_add_session(ctx, kept), 0);
  expect('replace', capi.SSL_CTX_add_session(ctx, makeSession({ id, time: 4_000_000_000, timeout: 1000 })), 1);
  expect('number', capi.SSL_CTX_sess_number(ctx), number + 1);
  expect('set_timeout', capi.SSL_SESSION_set_timeout(kept, 5), 1);
  expect('sessions', capi.SSL_CTX_sessions(ctx).length, number + 1);
  expect('remove', capi.SSL_CTX_remove_session(ctx, kept), 1);
  expect('number after', capi.SSL_CTX_sess_number(ctx), number);
  expect('set_generate_session_id', capi.SSL_CTX_set_generate_session_id(ctx, null), 1);
  expect('set_mode', capi.SSL_CTX_set_session_cache_mode(ctx, mode), mode);
  expect('restore size', capi.SSL_CTX_sess_set_cache_size(ctx, size), 0);
  return problems;
}

interface Watched {
  ctx: capi.SSL_CTX;
  removed: string[];
  problems: string[];
}

/** A context whose remove callback uses the cache, once for each session that the test put there. */
function watchedContext(): Watched {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const watched: Watched = { ctx, removed: [], problems: [] };
  let nested = 1_000_000;
  capi.SSL_CTX_sess_set_remove_cb(ctx, (context, session) => {
    if (context !== ctx) watched.problems.push('another context');
    const first = capi.SSL_SESSION_get_id(session).readUInt32LE();
    // Those that the callback itself has removed.
    if (first >= 1_000_000) return;
    watched.removed.push(String(first));
    if (capi.SSL_SESSION_is_resumable(session) !== 0) watched.problems.push('still resumable');
    watched.problems.push(...useCache(ctx, nested++));
  });
  return watched;
}

function fill(ctx: capi.SSL_CTX, count: number): void {
  for (let id = 1; id <= count; id++) capi.SSL_CTX_add_session(ctx, makeSession({ id, time: 1000 + id, timeout: 10 }));
}

test('eviction: the remove callback may use the whole cache, before SSL_CTX_add_session returns', (t) => {
  const { ctx, removed, problems } = watchedContext();
  capi.SSL_CTX_sess_set_cache_size(ctx, 3);
  fill(ctx, 4);
  t.deepEqual(removed, ['1', '2']);
  t.deepEqual(problems, []);
});

test('flush: by expiry, all before SSL_CTX_flush_sessions returns', (t) => {
  const { ctx, removed, problems } = watchedContext();
  fill(ctx, 5);
  capi.SSL_CTX_flush_sessions(ctx, 1014);
  t.deepEqual(removed, asRemoved(['1', '2', '3']));
  capi.SSL_CTX_flush_sessions(ctx, 0);
  t.deepEqual(removed, [...asRemoved(['1', '2', '3']), ...asRemoved(['4', '5'])]);
  t.deepEqual(problems, []);
});

test('remove: the callback may use the whole cache', (t) => {
  const { ctx, removed, problems } = watchedContext();
  fill(ctx, 1);
  t.is(capi.SSL_CTX_remove_session(ctx, makeSession({ id: 1 })), 1);
  t.deepEqual(removed, ['1']);
  t.deepEqual(problems, []);
});

test('a remove callback whose own additions evict: each is delivered before that addition returns', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  capi.SSL_CTX_sess_set_cache_size(ctx, 2);
  let calls = 0;
  capi.SSL_CTX_sess_set_remove_cb(ctx, () => {
    // Each addition evicts the one before it.
    if (++calls < 100) capi.SSL_CTX_add_session(ctx, makeSession({ id: 10 + calls, time: 1000 }));
  });
  capi.SSL_CTX_add_session(ctx, makeSession({ id: 1, time: 1000 }));
  capi.SSL_CTX_add_session(ctx, makeSession({ id: 2, time: 1000 }));
  t.is(calls, 100);
  t.is(capi.SSL_CTX_sess_number(ctx), 1);
});

test('an exception in a remove callback: the others are called, the first comes out of the function called', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const removed: string[] = [];
  fill(ctx, 3);
  capi.SSL_CTX_sess_set_remove_cb(ctx, (_ctx, session) => {
    removed.push(idOf(session).slice(0, 2));
    throw new Error(`from ${removed.length}`);
  });
  const error = thrownBy(() => capi.SSL_CTX_flush_sessions(ctx, 0));
  t.true(error instanceof Error && error.message === 'from 1');
  t.deepEqual(removed, asRemoved(['01', '02', '03']));
  t.is(capi.SSL_CTX_sess_number(ctx), 0);
  t.is(capi.ERR_peek_error(), 0);
});

test('a long flush whose callback uses the library: one after the other, not one inside of the other', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  capi.SSL_CTX_sess_set_cache_size(ctx, 0);
  fill(ctx, 20_000);
  let depth = 0;
  let deepest = 0;
  const ids: number[] = [];
  capi.SSL_CTX_sess_set_remove_cb(ctx, (_ctx, session) => {
    deepest = Math.max(deepest, ++depth);
    ids.push(capi.SSL_SESSION_get_id(session).readUInt32LE());
    depth--;
  });
  capi.SSL_CTX_flush_sessions(ctx, 0);
  t.deepEqual(ids, asRemoved(Array.from({ length: 20_000 }, (_, at) => at + 1)));
  t.is(deepest, 1);
});

test('the session handed to the callback outlives the cache entry', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const kept: capi.SSL_SESSION[] = [];
  capi.SSL_CTX_sess_set_remove_cb(ctx, (_ctx, session) => {
    kept.push(session);
  });
  fill(ctx, 3);
  capi.SSL_CTX_flush_sessions(ctx, 0);
  t.deepEqual(
    kept.map((session) => capi.SSL_SESSION_get_id(session).readUInt32LE()),
    asRemoved([1, 2, 3]),
  );
});

for (const { name, version } of VERSIONS) {
  test(`${name}: an eviction inside of a handshake`, (t) => {
    const pair = statefulPair(version);
    const problems: string[] = [];
    let removals = 0;
    capi.SSL_CTX_sess_set_cache_size(pair.sctx, 2);
    capi.SSL_CTX_sess_set_remove_cb(pair.sctx, (ctx, session) => {
      if (capi.SSL_SESSION_get_id(session).readUInt32LE() >= 1_000_000 && capi.SSL_SESSION_get_id(session)[31] === 0x5a)
        return;
      removals++;
      problems.push(...useCache(ctx, 1_000_000 + removals));
    });
    for (let connection = 0; connection < 3; connection++) {
      const objects = createSslObjects(pair.sctx, pair.cctx);
      t.true(createSslConnection(objects));
      shutdownSslConnection(objects);
    }
    t.true(removals >= 2, `${removals} removals`);
    t.deepEqual(problems, []);
  });
}

// OpenSSL 4.0 makes the callback after it has released the lock.
const locks = capi.OpenSSL_version_num() < 0x40000000 ? test : test.skip;

locks('without the guard: calling the context from its remove callback silently does nothing', async (t) => {
  const { facts } = await unguarded('h04_under_lock', 'reenter');
  t.deepEqual(facts, { addInside: 0, number: 0 });
});

locks('without the guard: waiting for another user of the context in its remove callback never ends', async (t) => {
  const { signal } = await unguarded('h04_under_lock', 'wait');
  t.is(signal, 'SIGALRM');
});
