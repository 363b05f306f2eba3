// SSL_SESSION_get0_peer(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { bioFrom, certificate, exchange } from '../helpers/pair.ts';
import { protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: the certificate of the peer, and null when there is none`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const sent = capi.PEM_read_bio_X509(bioFrom(certificate().cert));
    const peer = capi.SSL_SESSION_get0_peer(session);
    t.truthy(peer);
    t.deepEqual(peer && capi.i2d_X509(peer), sent && capi.i2d_X509(sent));
    for (const one of capi.SSL_CTX_sessions(pair.sctx)) t.is(capi.SSL_SESSION_get0_peer(one), null, 'of the client');
  });

  test.serial(
    `${name}: it is not for the caller to free: its handle outlives the session, and the session the handle`,
    (t) => {
      const { session } = exchange(statefulPair(version));
      const peer = capi.SSL_SESSION_get0_peer(session);
      if (peer === null) return t.fail();
      const der = capi.i2d_X509(peer);
      capi.X509_free(peer);
      const again = capi.SSL_SESSION_get0_peer(session);
      capi.SSL_SESSION_free(session);
      t.deepEqual(again && capi.i2d_X509(again), der);
    },
  );
}
