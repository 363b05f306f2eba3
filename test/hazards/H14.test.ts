// H14: data of the binding's own inside of libssl's objects: duplicated by libssl itself, freed on any thread, and called
// by code that must not be unloaded.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { runScript } from './child.ts';
import { statefulPair, VERSIONS } from './contexts.ts';
import { CRASH, shownOnGlibc, unguarded } from './unguarded.ts';

test('a copy has data of its own: neither its home nor its frozen state come along', (t) => {
  const before = capi.debug.live().SSL_SESSION;
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, session);
  const copies: capi.SSL_SESSION[] = [];
  for (let i = 0; i < 1000; i++) {
    const copy = capi.SSL_SESSION_dup(copies.at(-1) ?? session);
    if (copy === null) return t.fail();
    copies.push(copy);
  }
  capi.SSL_CTX_free(ctx);
  capi.SSL_SESSION_free(session);
  for (const copy of copies) {
    t.is(capi.SSL_SESSION_set1_hostname(copy, 'own.test'), 1);
    capi.SSL_SESSION_free(copy);
  }
  t.is(capi.debug.live().SSL_SESSION, before);
});

for (const { name, version } of VERSIONS) {
  test(`${name}: the copies that libssl makes for its tickets`, (t) => {
    const before = capi.debug.live().SSL_SESSION;
    const pair = statefulPair(version);
    capi.SSL_CTX_set_num_tickets(pair.sctx, 5);
    let { session } = exchange(pair);
    for (let i = 0; i < 20; i++) {
      const next = exchange(pair, session);
      t.true(next.reused);
      // TLS 1.2 goes on with the same session, whose handle now has one reference more.
      capi.SSL_SESSION_free(session);
      session = next.session;
    }
    capi.SSL_SESSION_free(session);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    t.is(capi.debug.live().SSL_SESSION, before);
  });
}

test('workers come and go, some in the middle of their work: the addon stays, and works', async (t) => {
  const { code, signal, stdout, stderr } = await runScript('worker_loops');
  t.is(signal, null, stderr);
  t.is(code, 0, stderr);
  t.regex(stdout, /20 workers, 10 terminated/);
});

test('the last thread that used the addon ends before the process does', async (t) => {
  const { code, signal, stderr } = await runScript('worker_only');
  t.is(signal, null, stderr);
  t.is(code, 0, stderr);
});

shownOnGlibc('without the guard: data that is freed with the original and again with its copy', async (t) => {
  const { signal, facts } = await unguarded('h14_ex_data');
  t.is(facts.shared, 1);
  t.true(CRASH.includes(signal), `ended by ${signal}`);
});
