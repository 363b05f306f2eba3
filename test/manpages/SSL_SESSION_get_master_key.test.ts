// SSL_SESSION_get_master_key(3) and SSL_SESSION_set1_master_key(3), in the order of their page, SSL_get_client_random(3).
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { connect, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_SESSION_get_master_key: the secret of the session, which both ends have`, (t) => {
    const ssls = connect(statefulPair(version));
    const [client, server] = [capi.SSL_get_session(ssls.client), capi.SSL_get_session(ssls.server)];
    if (client === null || server === null) return t.fail();
    const key = capi.SSL_SESSION_get_master_key(client);
    t.deepEqual(capi.SSL_SESSION_get_master_key(server), key);
    t.is(key.length, 48);
    t.notDeepEqual(key, Buffer.alloc(key.length));
  });

  test.serial(`${name}: sessions of two handshakes have two secrets`, (t) => {
    const pair = statefulPair(version);
    const keys = [1, 2].map(() => capi.SSL_SESSION_get_master_key(exchange(pair).session).toString('hex'));
    t.not(keys[0], keys[1]);
  });
}

test.serial('all bytes are given, none when there is no key', (t) => {
  t.is(capi.SSL_SESSION_get_master_key(capi.SSL_SESSION_new()).length, 0);
  const session = makeSession({ id: 1 });
  for (const length of [1, 32, 48]) {
    capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(length, 5));
    t.deepEqual(capi.SSL_SESSION_get_master_key(session), Buffer.alloc(length, 5));
  }
});

test.serial('SSL_SESSION_set1_master_key sets a copy of the bytes, and returns 1', (t) => {
  const session = makeSession({ id: 1 });
  const key = Buffer.alloc(48, 1);
  t.is(capi.SSL_SESSION_set1_master_key(session, key), 1);
  key.fill(0);
  t.deepEqual(capi.SSL_SESSION_get_master_key(session), Buffer.alloc(48, 1));
});

test.serial('TLS 1.2: a client with another secret than the server cannot resume: the handshake fails', (t) => {
  const pair = statefulPair(capi.TLS1_2_VERSION);
  const { session } = exchange(pair);
  const changed = capi.SSL_SESSION_dup(session);
  if (changed === null) return t.fail();
  capi.SSL_SESSION_set1_master_key(changed, Buffer.alloc(48, 1));
  t.throws(() => exchange(pair, changed));
  capi.ERR_clear_error();
});

test.serial('where the page says 0 for failure, a key that is too long is refused', (t) => {
  const session = makeSession({ id: 1 });
  const before = capi.SSL_SESSION_get_master_key(session);
  t.throws(() => capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(513)), { code: 'ERR_OUT_OF_RANGE' });
  t.deepEqual(capi.SSL_SESSION_get_master_key(session), before);
});
