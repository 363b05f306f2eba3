// d2i_SSL_SESSION(3) and i2d_SSL_SESSION(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslCtxPair, exchange } from '../helpers/pair.ts';
import { copyOf, makeSession } from '../helpers/session.ts';
import { emptyContext, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

function derOf(session: capi.SSL_SESSION): Buffer {
  const der = capi.i2d_SSL_SESSION(session);
  if (der === null) throw new Error('the session is not valid');
  return der;
}

for (const { name, version } of protocols) {
  test.serial(
    `${name}: i2d_SSL_SESSION encodes a session, d2i_SSL_SESSION decodes it: all that can be asked is the same`,
    (t) => {
      const pair = createSslCtxPair(version, version);
      capi.SSL_CTX_set_session_id_context(pair.cctx, Buffer.from('shop'));
      const { session } = exchange(pair);
      const again = capi.d2i_SSL_SESSION(derOf(session));
      if (again === null) return t.fail();
      t.not(again, session);
      for (const get of [
        capi.SSL_SESSION_get_id,
        capi.SSL_SESSION_get0_id_context,
        capi.SSL_SESSION_get_master_key,
        capi.SSL_SESSION_get_protocol_version,
        capi.SSL_SESSION_get_time,
        capi.SSL_SESSION_get_timeout,
        capi.SSL_SESSION_get0_ticket,
        capi.SSL_SESSION_get_ticket_lifetime_hint,
        capi.SSL_SESSION_is_resumable,
      ]) {
        t.deepEqual(get(again), get(session));
      }
      t.deepEqual(derOf(again), derOf(session));
    },
  );

  test.serial(`${name}: a client's session that was decoded resumes, and a server's`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const ders = capi.SSL_CTX_sessions(pair.sctx).map(derOf);
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    t.false(exchange(pair, session).reused);
    for (const der of ders) {
      const decoded = capi.d2i_SSL_SESSION(der);
      if (decoded === null) return t.fail();
      capi.SSL_CTX_add_session(pair.sctx, decoded);
    }
    t.true(exchange(pair, capi.d2i_SSL_SESSION(derOf(session))).reused);
  });
}

test.serial('one decoded session is for one SSL_CTX: another cache refuses it, and takes a copy', (t) => {
  const [one, other] = [emptyContext(), emptyContext()];
  const session = capi.d2i_SSL_SESSION(derOf(makeSession({ id: 1 })));
  if (session === null) return t.fail();
  t.is(capi.SSL_CTX_add_session(one, session), 1);
  t.throws(() => capi.SSL_CTX_add_session(other, session), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
  t.is(capi.SSL_CTX_add_session(other, copyOf(session)), 1);
});

test.serial('d2i_SSL_SESSION returns a new session each time, with one reference', (t) => {
  const der = derOf(makeSession({ id: 1 }));
  const before = capi.debug.live().SSL_SESSION;
  const [one, other] = [capi.d2i_SSL_SESSION(der), capi.d2i_SSL_SESSION(der)];
  if (one === null || other === null) return t.fail();
  t.not(one, other);
  t.is(capi.debug.live().SSL_SESSION, before + 2);
  for (const session of [one, other]) capi.SSL_SESSION_free(session);
  t.is(capi.debug.live().SSL_SESSION, before);
});

test.serial('in case of failure it returns null, with an error in the queue', (t) => {
  const der = derOf(makeSession({ id: 1 }));
  const before = capi.debug.live().SSL_SESSION;
  for (const bad of [Buffer.from('no DER'), der.subarray(0, -1), Buffer.of(0x30, 0)]) {
    t.is(capi.d2i_SSL_SESSION(bad), null);
    t.not(capi.ERR_peek_error(), 0);
    capi.ERR_clear_error();
  }
  t.is(capi.debug.live().SSL_SESSION, before);
});

test.serial('i2d_SSL_SESSION gives as many bytes as the encoding has: a DER SEQUENCE and its length', (t) => {
  const der = derOf(makeSession({ id: 1 }));
  t.is(der[0], 0x30);
  t.is(der[1], 0x81);
  t.is(der[2], der.length - 3);
});

test.serial('where the page says 0 for a session that is not valid, null: one without a cipher', (t) => {
  t.is(capi.i2d_SSL_SESSION(capi.SSL_SESSION_new()), null);
});
