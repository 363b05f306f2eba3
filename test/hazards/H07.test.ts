// H7: what is freed inside of a callback, or while a connection still needs it.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, createSslObjects, exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { runScript } from './child.ts';
import { connected, statefulPair, VERSIONS } from './contexts.ts';
import { CRASH, shownOnGlibc, unguarded } from './unguarded.ts';

for (const { name, version } of VERSIONS) {
  test(`${name}: connections go on when their context has been freed`, (t) => {
    const pair = statefulPair(version);
    const events: string[] = [];
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, () => {
      events.push('new');
    });
    const objects = createSslObjects(pair.sctx, pair.cctx);
    capi.SSL_CTX_free(pair.sctx);
    capi.SSL_CTX_free(pair.cctx);
    t.true(createSslConnection(objects));
    t.true(events.includes('new'));
    t.is(capi.SSL_write(objects.client, Buffer.from('hello')), 5);
    const text = Buffer.alloc(5);
    t.is(capi.SSL_read(objects.server, text), 5);
    t.is(text.toString(), 'hello');
    t.throws(() => capi.SSL_new(pair.sctx), { code: 'ERR_SSLCTX_FREED' });
  });

  test(`${name}: a connection freed in its own callback: the handshake ends, then the handle is dead`, (t) => {
    const pair = statefulPair(version);
    const objects = createSslObjects(pair.sctx, pair.cctx);
    let freed = 0;
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, (ssl) => {
      if (freed++ > 0) return;
      capi.SSL_free(ssl);
      t.throws(() => capi.SSL_get_version(ssl), { code: 'ERR_SSLCTX_FREED' });
    });
    t.throws(
      () => {
        for (let turn = 0; turn < 10; turn++) {
          capi.SSL_do_handshake(objects.client);
          capi.SSL_do_handshake(objects.server);
        }
      },
      { code: 'ERR_SSLCTX_FREED' },
    );
    t.is(freed, 1);
  });

  test(`${name}: contexts and sessions freed in callbacks`, (t) => {
    const pair = statefulPair(version);
    let called = 0;
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, session) => {
      capi.SSL_SESSION_free(session);
      t.throws(() => capi.SSL_SESSION_get_id(session), { code: 'ERR_SSLCTX_FREED' });
      if (called++ === 0) capi.SSL_CTX_free(pair.sctx);
    });
    const objects = createSslObjects(pair.sctx, pair.cctx);
    t.true(createSslConnection(objects));
    t.true(called > 0);
    const session = capi.SSL_get1_session(objects.server);
    t.truthy(session);
    if (session !== null) t.is(capi.SSL_SESSION_get_id(session).length, 32);
  });

  test(`${name}: the end without a close_notify takes the session out, and the callback hears of it`, (t) => {
    const pair = statefulPair(version);
    const removed: capi.SSL_SESSION[] = [];
    capi.SSL_CTX_sess_set_remove_cb(pair.sctx, (ctx, session) => {
      t.is(ctx, pair.sctx);
      removed.push(session);
    });
    const objects = connected(pair);
    const before = capi.SSL_CTX_sess_number(pair.sctx);
    const current = capi.SSL_get1_session(objects.server);
    capi.SSL_free(objects.server);
    t.is(capi.SSL_CTX_sess_number(pair.sctx), before - 1);
    t.is(removed.length, 1);
    t.is(removed[0], current ?? undefined);
  });
}

test('the remove callback during SSL_CTX_free gets a context that can no longer be used', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const codes: unknown[] = [];
  capi.SSL_CTX_sess_set_remove_cb(ctx, (context, session) => {
    t.is(context, ctx);
    t.is(capi.SSL_SESSION_get_id(session).length, 32);
    for (const use of [capi.SSL_CTX_up_ref, capi.SSL_CTX_sess_number, capi.SSL_CTX_free, capi.SSL_new]) {
      try {
        use(context);
        codes.push('none');
      } catch (error) {
        codes.push(error instanceof Error && 'code' in error ? error.code : error);
      }
    }
  });
  capi.SSL_CTX_add_session(ctx, makeSession({ id: 1 }));
  capi.SSL_CTX_free(ctx);
  t.deepEqual(
    codes,
    Array.from({ length: 4 }, () => 'ERR_SSLCTX_FREED'),
  );
});

test('the last SSL_free flushes the cache of a context that was freed before', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const removed: capi.SSL_SESSION[] = [];
  exchange(pair);
  exchange(pair);
  capi.SSL_CTX_sess_set_remove_cb(pair.sctx, (_ctx, session) => {
    removed.push(session);
  });
  const ssl = capi.SSL_new(pair.sctx);
  capi.SSL_CTX_free(pair.sctx);
  t.is(removed.length, 0);
  capi.SSL_free(ssl);
  t.is(removed.length, 2);
  for (const session of removed) t.is(capi.SSL_SESSION_is_resumable(session), 0);
});

test('a context is collected while its connections live, with its callbacks in place', async (t) => {
  const { code, signal, stdout, stderr } = await runScript('collected_context');
  t.is(signal, null, stderr);
  t.is(code, 0, stderr);
  t.regex(stdout, /all collected/);
});

test('without the guard: the remove callback runs after SSL_CTX_free has returned', async (t) => {
  const { facts } = await unguarded('h07_lifetime', 'late');
  t.deepEqual(facts, { calledAfterFree: 1 });
});

shownOnGlibc('without the guard: a reference taken to a context that is being freed', async (t) => {
  const { signal, facts } = await unguarded('h07_lifetime', 'resurrect');
  t.true(CRASH.includes(signal), `ended by ${signal}`);
  t.not(facts.freed, 1);
});

shownOnGlibc('without the guard: a connection freed in its own callback', async (t) => {
  const { signal } = await unguarded('h07_lifetime', 'free');
  t.true(CRASH.includes(signal), `ended by ${signal}`);
});
