// SSL_SESSION_get0_hostname(3): SNI and ALPN of a session, in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslConnection, createSslObjects, exchange, shutdownSslConnection } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

/** The client's session after a connection to a server of this name. */
function sessionFor(pair: { sctx: capi.SSL_CTX; cctx: capi.SSL_CTX }, hostname: string): capi.SSL_SESSION {
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  capi.SSL_set_tlsext_host_name(ssls.client, hostname);
  if (!createSslConnection(ssls)) throw new Error('the handshake failed');
  const session = capi.SSL_get1_session(ssls.client);
  if (session === null) throw new Error('the client has no session');
  shutdownSslConnection(ssls);
  return session;
}

for (const { name, version } of protocols) {
  test.serial(
    `${name}: SSL_SESSION_get0_hostname: the name that the client sent, if the server acknowledged it`,
    (t) => {
      const pair = statefulPair(version);
      capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, () => capi.SSL_TLSEXT_ERR_OK);
      t.is(capi.SSL_SESSION_get0_hostname(sessionFor(pair, 'shop.example')), 'shop.example');
      t.is(capi.SSL_SESSION_get0_hostname(exchange(pair).session), null, 'none was sent');
      capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, () => capi.SSL_TLSEXT_ERR_NOACK);
      t.is(capi.SSL_SESSION_get0_hostname(sessionFor(pair, 'shop.example')), null, 'not acknowledged');
    },
  );

  test.serial(`${name}: SSL_SESSION_get0_alpn_selected: the protocol that was selected, null without one`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_alpn_protos(pair.cctx, Buffer.from('\x02h2\x08http/1.1'));
    t.is(capi.SSL_SESSION_get0_alpn_selected(exchange(pair).session), null);
    capi.SSL_CTX_set_alpn_select_cb(pair.sctx, () => Buffer.from('http/1.1'));
    t.deepEqual(capi.SSL_SESSION_get0_alpn_selected(exchange(pair).session), Buffer.from('http/1.1'));
  });
}

test.serial('SSL_SESSION_set1_hostname sets the name to a copy, null takes it away; returns 1', (t) => {
  const session = makeSession({ id: 1 });
  t.is(capi.SSL_SESSION_get0_hostname(session), null);
  for (const hostname of ['shop.example', null, 'bank.example']) {
    t.is(capi.SSL_SESSION_set1_hostname(session, hostname), 1);
    t.is(capi.SSL_SESSION_get0_hostname(session), hostname);
  }
});

test.serial('SSL_SESSION_set1_alpn_selected sets the protocol to a copy of the bytes; returns 1', (t) => {
  const session = makeSession({ id: 1 });
  const bytes = Buffer.from('h2');
  t.is(capi.SSL_SESSION_set1_alpn_selected(session, bytes), 1);
  bytes.fill(0);
  t.deepEqual(capi.SSL_SESSION_get0_alpn_selected(session), Buffer.from('h2'));
  t.is(capi.SSL_SESSION_set1_alpn_selected(session, Buffer.of()), 1);
  t.is(capi.SSL_SESSION_get0_alpn_selected(session), null);
});

test.serial('where the page returns pointers, the values are copies', (t) => {
  const session = makeSession({ id: 1 });
  capi.SSL_SESSION_set1_hostname(session, 'shop.example');
  capi.SSL_SESSION_set1_alpn_selected(session, Buffer.from('h2'));
  capi.SSL_SESSION_get0_alpn_selected(session)?.fill(0);
  t.deepEqual(capi.SSL_SESSION_get0_alpn_selected(session), Buffer.from('h2'));
  const hostname = capi.SSL_SESSION_get0_hostname(session);
  capi.SSL_SESSION_free(session);
  t.is(hostname, 'shop.example');
});
