// socket.resumption: the reasons that come of what the two sides agree on, produced by the real s_client.
import test from 'ava';
import { SslContext } from '../../src/index.ts';
import { makeCertificate } from '../../src/testing/index.ts';
import { certificate, protocols } from '../helpers/classes.ts';
import { temporaryFile } from '../helpers/files.ts';
import { kindOf, listenAndExplain } from './explained.ts';

for (const tickets of ['stateful', 'stateless'] as const) {
  const kind = tickets === 'stateful' ? 'session-id' : 'stateless-ticket';

  test(`a session of TLS 1.2 in a connection of TLS 1.3, ${tickets}`, async (t) => {
    const peer = await listenAndExplain(t, { tickets });
    const [first] = await peer.connect('TLSv1.2');
    const [second, reason] = await peer.connect(undefined, { sessionIn: first.session });
    t.is(second.protocol, 'TLSv1.3');
    t.false(second.reused);
    t.deepEqual(reason, { offered: true, kind, accepted: false, reason: 'protocol-mismatch' });
  });

  test(`no extended master secret then, one now, ${tickets}`, async (t) => {
    const peer = await listenAndExplain(t, { tickets });
    const config = temporaryFile(
      t,
      'openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\nOptions = -ExtendedMasterSecret\n',
    );
    const [first] = await peer.connect('TLSv1.2', { env: { ...process.env, OPENSSL_CONF: config } });
    t.false(first.extendedMasterSecret);
    const [second, reason] = await peer.connect('TLSv1.2', { sessionIn: first.session });
    t.false(second.reused);
    t.deepEqual(reason, { offered: true, kind, accepted: false, reason: 'extended-master-secret-mismatch' });
  });

  test(`a cipher suite that the client offers no more, TLSv1.2, ${tickets}`, async (t) => {
    const peer = await listenAndExplain(t, { tickets });
    const [first] = await peer.connect('TLSv1.2', { args: ['-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'] });
    const [second, reason] = await peer.connect('TLSv1.2', {
      sessionIn: first.session,
      args: ['-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    });
    // RFC 5246, section 7.4.1.2: such a client hello is wrong, and libssl ends the connection.
    t.false(second.connected);
    t.deepEqual(reason, { offered: true, kind, accepted: false, reason: 'cipher-mismatch' });
  });

  test(`a cipher suite with another hash, TLSv1.3, ${tickets}`, async (t) => {
    const peer = await listenAndExplain(t, { tickets });
    const [first] = await peer.connect('TLSv1.3', { args: ['-ciphersuites', 'TLS_AES_256_GCM_SHA384'] });
    const [second, reason] = await peer.connect('TLSv1.3', {
      sessionIn: first.session,
      args: ['-ciphersuites', 'TLS_AES_128_GCM_SHA256'],
    });
    t.false(second.reused);
    const kind13 = kindOf('TLSv1.3', tickets);
    t.deepEqual(reason, { offered: true, kind: kind13, accepted: false, reason: 'cipher-mismatch' });
  });
}

for (const protocol of protocols) {
  for (const tickets of ['stateful', 'stateless'] as const) {
    test(`made without a client certificate, offered where one is demanded, ${tickets}, ${protocol}`, async (t) => {
      const ca = makeCertificate({ isCa: true });
      const own = makeCertificate({ issuer: ca, client: true });
      const options = { ...certificate(), sessionIdContext: 'test', requestCert: true, ca: ca.cert, tickets };
      const lenient = new SslContext({ ...options, rejectUnauthorized: false });
      const strict = new SslContext({ ...options, ticketKeys: lenient.ticketKeys });
      const peer = await listenAndExplain(t, { context: lenient });
      const [first] = await peer.connect(protocol);
      // The same sessions under a policy that is stricter.
      for (const session of lenient.sessions()) strict.addSession(session.clone());
      peer.server.setSecureContext(strict);
      const [second, reason] = await peer.connect(protocol, { sessionIn: first.session, cert: own.cert, key: own.key });
      t.true(second.connected);
      t.false(second.reused);
      const kind = kindOf(protocol, tickets);
      t.deepEqual(reason, { offered: true, kind, accepted: false, reason: 'verification-failed' });
      const [third, accepted] = await peer.connect(protocol, {
        sessionIn: second.session,
        cert: own.cert,
        key: own.key,
      });
      t.true(third.reused);
      t.deepEqual(accepted, { offered: true, kind, accepted: true });
    });
  }
}

test('a pre-shared key that is no session', async (t) => {
  const peer = await listenAndExplain(t, {});
  const [second, reason] = await peer.connect('TLSv1.3', { args: ['-psk', '00112233', '-psk_identity', 'somebody'] });
  t.true(second.connected);
  t.deepEqual(reason, { offered: true, kind: 'psk', accepted: false, reason: 'not-found' });
});
