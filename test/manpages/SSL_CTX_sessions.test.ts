// SSL_CTX_sessions(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { sameMembers, sameObjects } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import { emptyContext, protocols, sessionsOf, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: returns the sessions of the internal cache of the context`, (t) => {
    const pair = statefulPair(version);
    t.deepEqual(capi.SSL_CTX_sessions(pair.sctx), []);
    const made = new Set<capi.SSL_SESSION>();
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, session) => void made.add(session));
    exchange(pair);
    t.is(made.size, sessionsOf(version));
    sameMembers(t, capi.SSL_CTX_sessions(pair.sctx), made);
    t.deepEqual(capi.SSL_CTX_sessions(pair.cctx), []);
  });
}

test.serial('the table can be searched: lh_SSL_SESSION_retrieve finds the object of a version and an ID', (t) => {
  const ctx = emptyContext();
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, session);
  t.is(capi.lh_SSL_SESSION_retrieve(ctx, makeSession({ id: 1 })), session, 'by another object');
  t.is(capi.lh_SSL_SESSION_retrieve(ctx, makeSession({ id: 2 })), null);
  t.is(capi.lh_SSL_SESSION_retrieve(ctx, makeSession({ id: 1, version: capi.TLS1_3_VERSION })), null);
  t.is(capi.SSL_CTX_sess_misses(ctx) + capi.SSL_CTX_sess_hits(ctx), 0, 'and does not count');
});

test.serial('the sessions also form a list: the snapshot has its order, latest expiry first', (t) => {
  const ctx = emptyContext();
  const [early, late, middle] = [10, 30, 20].map((timeout) => makeSession({ id: timeout, time: 1000, timeout }));
  for (const session of [early, late, middle]) capi.SSL_CTX_add_session(ctx, session ?? makeSession({ id: 99 }));
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [late, middle, early]);
});

test.serial(
  'the table must not be modified directly: the snapshot is an array of its own, and the cache as before',
  (t) => {
    const ctx = emptyContext();
    const session = makeSession({ id: 1 });
    capi.SSL_CTX_add_session(ctx, session);
    const snapshot = capi.SSL_CTX_sessions(ctx);
    snapshot.length = 0;
    snapshot.push(makeSession({ id: 2 }));
    sameObjects(t, capi.SSL_CTX_sessions(ctx), [session]);
    t.is(capi.SSL_CTX_sess_number(ctx), 1);
  },
);
