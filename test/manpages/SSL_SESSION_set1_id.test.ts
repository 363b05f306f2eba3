// SSL_SESSION_get_id(3) and SSL_SESSION_set1_id(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { copyOf, makeSession, sessionId } from '../helpers/session.ts';
import { emptyContext, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_SESSION_get_id returns the ID of the session, in its length`, (t) => {
    const pair = statefulPair(version);
    const ids: Buffer[] = [];
    capi.SSL_CTX_set_generate_session_id(pair.sctx, (_ssl, length) => {
      const id = Buffer.alloc(length, ids.length + 1);
      ids.push(id);
      return id;
    });
    exchange(pair);
    const cached = capi.SSL_CTX_sessions(pair.sctx).map(capi.SSL_SESSION_get_id);
    t.deepEqual(cached.sort(Buffer.compare), ids);
  });
}

test.serial('the length may be 0', (t) => {
  t.is(capi.SSL_SESSION_get_id(capi.SSL_SESSION_new()).length, 0);
});

test.serial('where the page returns a pointer, the bytes are a copy', (t) => {
  const session = makeSession({ id: 1 });
  capi.SSL_SESSION_get_id(session).fill(0);
  t.deepEqual(capi.SSL_SESSION_get_id(session), Buffer.from(sessionId(1)));
});

test.serial('SSL_SESSION_set1_id sets the ID, by which caches then know the session', (t) => {
  const ctx = emptyContext();
  const session = copyOf(makeSession({ id: 1 }));
  t.is(capi.SSL_SESSION_set1_id(session, sessionId(2)), 1);
  t.deepEqual(capi.SSL_SESSION_get_id(session), Buffer.from(sessionId(2)));
  capi.SSL_CTX_add_session(ctx, session);
  t.is(capi.lh_SSL_SESSION_retrieve(ctx, makeSession({ id: 2 })), session);
  t.is(capi.lh_SSL_SESSION_retrieve(ctx, makeSession({ id: 1 })), null);
});

test.serial(
  'where the page knows no exception, the ID of a cached session is refused: its table would lose it',
  (t) => {
    const ctx = emptyContext();
    const session = makeSession({ id: 1 });
    capi.SSL_CTX_add_session(ctx, session);
    t.throws(() => capi.SSL_SESSION_set1_id(session, sessionId(2)), { code: 'ERR_SSLCTX_SESSION_FROZEN' });
    t.is(capi.lh_SSL_SESSION_retrieve(ctx, makeSession({ id: 1 })), session);
  },
);

test.serial('returns 1; where the page says 0 for more than SSL_MAX_SSL_SESSION_ID_LENGTH, it is refused', (t) => {
  const session = makeSession({ id: 1 });
  for (const length of [0, 1, capi.SSL_MAX_SSL_SESSION_ID_LENGTH]) {
    t.is(capi.SSL_SESSION_set1_id(session, Buffer.alloc(length)), 1);
    t.is(capi.SSL_SESSION_get_id(session).length, length);
  }
  t.throws(() => capi.SSL_SESSION_set1_id(session, Buffer.alloc(33)), { code: 'ERR_OUT_OF_RANGE' });
  t.is(capi.SSL_SESSION_get_id(session).length, 32);
});
