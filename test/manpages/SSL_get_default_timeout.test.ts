// SSL_get_default_timeout(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslCtxPair, exchange } from '../helpers/pair.ts';
import { protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: the timeout of sessions, unless SSL_CTX_set_timeout has set another`, (t) => {
    const pair = statefulPair(version);
    const standard = capi.SSL_get_default_timeout(capi.SSL_new(pair.sctx));
    const { session } = exchange(pair);
    t.is(capi.SSL_SESSION_get_timeout(session), standard);
    capi.SSL_CTX_set_timeout(pair.sctx, 60);
    exchange(pair);
    const timeouts = capi.SSL_CTX_sessions(pair.sctx).map(capi.SSL_SESSION_get_timeout);
    t.deepEqual(new Set(timeouts), new Set([standard, 60]));
    t.is(capi.SSL_get_default_timeout(capi.SSL_new(pair.sctx)), standard, 'it is hardcoded');
  });
}

test.serial('where the page says 300 seconds for all protocols, it is 7200', (t) => {
  for (const version of [capi.TLS1_VERSION, capi.TLS1_2_VERSION, capi.TLS1_3_VERSION]) {
    const { sctx, cctx } = createSslCtxPair(version, version);
    for (const ctx of [sctx, cctx]) t.is(capi.SSL_get_default_timeout(capi.SSL_new(ctx)), 7200);
  }
});
