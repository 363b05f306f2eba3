// H6: SSL_CTX_sessions gives libssl's live table in C. Here it is a snapshot. Of contexts
// that several threads have, see test/threads.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { makeSession } from '../helpers/session.ts';
import { unguarded } from './unguarded.ts';

function filled(count: number): capi.SSL_CTX {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  capi.SSL_CTX_sess_set_cache_size(ctx, 0);
  for (let id = 0; id < count; id++) capi.SSL_CTX_add_session(ctx, makeSession({ id, time: 1000 + id, timeout: 1 }));
  return ctx;
}

test('adding and removing while one goes through the sessions: each is seen once', (t) => {
  const ctx = filled(2000);
  let next = 2000;
  const seen = new Set<number>();
  for (const session of capi.SSL_CTX_sessions(ctx)) {
    seen.add(capi.SSL_SESSION_get_id(session).readUInt32LE());
    t.is(capi.SSL_CTX_remove_session(ctx, session), 1);
    for (let i = 0; i < 3; i++) capi.SSL_CTX_add_session(ctx, makeSession({ id: next++ }));
  }
  t.is(seen.size, 2000);
  t.is(capi.SSL_CTX_sess_number(ctx), 6000);
});

test('the snapshot owns its sessions: it outlives a flush and the context', (t) => {
  const ctx = filled(100);
  const sessions = capi.SSL_CTX_sessions(ctx);
  capi.SSL_CTX_flush_sessions(ctx, 0);
  capi.SSL_CTX_free(ctx);
  t.deepEqual(
    sessions.map((session) => capi.SSL_SESSION_get_id(session).readUInt32LE()),
    Array.from({ length: 100 }, (_, index) => 99 - index),
  );
});

test('a snapshot of an empty cache, and of one whose callback takes snapshots', (t) => {
  const ctx = filled(0);
  t.deepEqual(capi.SSL_CTX_sessions(ctx), []);
  const lengths: number[] = [];
  capi.SSL_CTX_sess_set_remove_cb(ctx, () => {
    lengths.push(capi.SSL_CTX_sessions(ctx).length);
  });
  for (let id = 0; id < 3; id++) capi.SSL_CTX_add_session(ctx, makeSession({ id }));
  capi.SSL_CTX_flush_sessions(ctx, 0);
  t.deepEqual(lengths, [0, 0, 0]);
});

test('without the guard: a walk whose visitor adds sessions misses others', async (t) => {
  const { facts } = await unguarded('h06_walk');
  t.is(facts.entries, 2000);
  t.true((facts.visited ?? 2000) < 2000, `visited ${facts.visited}`);
});
