// SSL_set_shutdown(3) and SSL_get_shutdown(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { shutdownSslConnection } from '../helpers/pair.ts';
import { connect, has, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

const { SSL_RECEIVED_SHUTDOWN, SSL_SENT_SHUTDOWN } = capi;
const both = SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN;

test.serial(
  'SSL_set_shutdown sets the state, also both bits at the same time, and SSL_get_shutdown returns it',
  (t) => {
    const ssl = capi.SSL_new(statefulPair(capi.TLS1_2_VERSION).sctx);
    t.is(capi.SSL_get_shutdown(ssl), 0, 'no shutdown setting, yet');
    for (const state of [SSL_SENT_SHUTDOWN, SSL_RECEIVED_SHUTDOWN, both, 0]) {
      t.is(capi.SSL_set_shutdown(ssl, state), undefined);
      t.is(capi.SSL_get_shutdown(ssl), state);
    }
  },
);

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_SENT_SHUTDOWN: a close_notify was sent; SSL_RECEIVED_SHUTDOWN: one was received`, (t) => {
    const ssls = connect(statefulPair(version));
    t.deepEqual([capi.SSL_get_shutdown(ssls.client), capi.SSL_get_shutdown(ssls.server)], [0, 0]);
    capi.SSL_shutdown(ssls.client);
    t.is(capi.SSL_get_shutdown(ssls.client), SSL_SENT_SHUTDOWN);
    t.is(capi.SSL_read(ssls.server, Buffer.alloc(1)), 0);
    t.is(capi.SSL_get_shutdown(ssls.server), SSL_RECEIVED_SHUTDOWN, 'its own is still to be sent');
    capi.SSL_shutdown(ssls.server);
    t.is(capi.SSL_get_shutdown(ssls.server), both);
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: SSL_RECEIVED_SHUTDOWN: or a fatal error`, (t) => {
    const ssls = connect(statefulPair(version));
    const input = capi.SSL_get_rbio(ssls.server);
    if (input === null) return t.fail();
    // The server answers a record that it cannot decrypt with a fatal alert, which the client receives.
    capi.BIO_write(input, Buffer.from('1703030020'.padEnd(74, '5a'), 'hex'));
    for (const ssl of [ssls.server, ssls.client]) {
      t.true(capi.SSL_read(ssl, Buffer.alloc(1)) <= 0);
      capi.ERR_clear_error();
    }
    t.is(capi.SSL_get_shutdown(ssls.client) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    for (const ssl of [ssls.server, ssls.client]) capi.SSL_free(ssl);
  });

  test.serial(
    `${name}: a session that is still open at SSL_free is removed; SSL_SENT_SHUTDOWN alone closes it`,
    (t) => {
      for (const [state, stays] of [
        [0, false],
        [SSL_RECEIVED_SHUTDOWN, false],
        [SSL_SENT_SHUTDOWN, true],
        [both, true],
      ] as const) {
        const pair = statefulPair(version);
        const ssls = connect(pair);
        const session = capi.SSL_get1_session(ssls.server);
        if (session === null) return t.fail();
        capi.SSL_set_shutdown(ssls.server, state);
        capi.SSL_free(ssls.server);
        t.is(has(pair.sctx, session), stays, `state ${state}`);
        capi.SSL_free(ssls.client);
      }
    },
  );

  test.serial(`${name}: the same at SSL_clear`, (t) => {
    for (const state of [0, SSL_SENT_SHUTDOWN]) {
      const pair = statefulPair(version);
      const ssls = connect(pair);
      const session = capi.SSL_get1_session(ssls.server);
      if (session === null) return t.fail();
      capi.SSL_set_shutdown(ssls.server, state);
      t.is(capi.SSL_clear(ssls.server), 1);
      t.is(has(pair.sctx, session), state === SSL_SENT_SHUTDOWN);
      for (const ssl of [ssls.server, ssls.client]) capi.SSL_free(ssl);
    }
  });

  test.serial(`${name}: setting the state sends no alert to the peer`, (t) => {
    const ssls = connect(statefulPair(version));
    capi.SSL_set_shutdown(ssls.client, SSL_SENT_SHUTDOWN);
    t.is(capi.SSL_read(ssls.server, Buffer.alloc(1)), -1);
    t.is(capi.SSL_get_error(ssls.server, -1), capi.SSL_ERROR_WANT_READ);
    t.is(capi.SSL_get_shutdown(ssls.server), 0);
    shutdownSslConnection(ssls);
  });
}
