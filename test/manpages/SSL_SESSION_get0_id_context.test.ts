// SSL_SESSION_get0_id_context(3) and SSL_SESSION_set1_id_context(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { copyOf, makeSession } from '../helpers/session.ts';
import { protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_SESSION_get0_id_context returns the session ID context of the session`, (t) => {
    const pair = statefulPair(version);
    const context = Buffer.from('shop');
    capi.SSL_CTX_set_session_id_context(pair.sctx, context);
    exchange(pair);
    for (const session of capi.SSL_CTX_sessions(pair.sctx)) {
      t.deepEqual(capi.SSL_SESSION_get0_id_context(session), context);
    }
    t.is(capi.SSL_SESSION_get0_id_context(capi.SSL_SESSION_new()).length, 0, 'with its length, which may be 0');
  });
}

test.serial('where the page returns a pointer into the session, the bytes are a copy', (t) => {
  const session = makeSession({ id: 1 });
  capi.SSL_SESSION_set1_id_context(session, Buffer.from('shop'));
  capi.SSL_SESSION_get0_id_context(session).fill(0);
  t.deepEqual(capi.SSL_SESSION_get0_id_context(session), Buffer.from('shop'));
});

test.serial('SSL_SESSION_set1_id_context takes a copy of the bytes', (t) => {
  const session = makeSession({ id: 1 });
  const bytes = Buffer.from('shop');
  t.is(capi.SSL_SESSION_set1_id_context(session, bytes), 1);
  bytes.fill(0);
  t.deepEqual(capi.SSL_SESSION_get0_id_context(session), Buffer.from('shop'));
});

for (const { name, version } of protocols) {
  test.serial(`${name}: and associates them with the session, which then resumes in that context`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('shop'));
    const { session } = exchange(pair);
    const copies = capi.SSL_CTX_sessions(pair.sctx).map(copyOf);
    for (const copy of copies) capi.SSL_SESSION_set1_id_context(copy, Buffer.from('bank'));
    for (const copy of copies) capi.SSL_CTX_add_session(pair.sctx, copy);
    t.false(exchange(pair, session).reused);
    capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('bank'));
    t.true(exchange(pair, session).reused);
  });
}

test.serial('returns 1; where the page says 0 for more than SSL_MAX_SID_CTX_LENGTH bytes, they are refused', (t) => {
  const session = makeSession({ id: 1 });
  for (const length of [0, 1, capi.SSL_MAX_SID_CTX_LENGTH]) {
    t.is(capi.SSL_SESSION_set1_id_context(session, Buffer.alloc(length)), 1);
    t.is(capi.SSL_SESSION_get0_id_context(session).length, length);
  }
  t.throws(() => capi.SSL_SESSION_set1_id_context(session, Buffer.alloc(33)), { code: 'ERR_OUT_OF_RANGE' });
  t.is(capi.SSL_SESSION_get0_id_context(session).length, 32);
});
