// SSL_SESSION_get_protocol_version(3) and SSL_SESSION_set_protocol_version(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_SESSION_get_protocol_version: the version of the session, one of the constants`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    for (const one of [session, ...capi.SSL_CTX_sessions(pair.sctx)]) {
      t.is(capi.SSL_SESSION_get_protocol_version(one), version);
    }
  });
}

test.serial('SSL_SESSION_set_protocol_version sets it to a constant, and returns 1', (t) => {
  const session = capi.SSL_SESSION_new();
  for (const version of [capi.TLS1_VERSION, capi.TLS1_2_VERSION, capi.TLS1_3_VERSION]) {
    t.is(capi.SSL_SESSION_set_protocol_version(session, version), 1);
    t.is(capi.SSL_SESSION_get_protocol_version(session), version);
  }
});

test.serial('where the page knows of no null check, null is refused', (t) => {
  const call = () => Reflect.apply(capi.SSL_SESSION_get_protocol_version, undefined, [null]);
  t.throws(call, { code: 'ERR_INVALID_ARG_TYPE' });
});
