// After test_stateful_tickets, test_stateless_tickets, test_psk_tickets and test_extra_tickets of OpenSSL's test/sslapitest.c.
import test, { type ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import {
  type ContextPair,
  createSslConnection,
  createSslCtxPair,
  createSslObjects,
  shutdownSslConnection,
} from '../helpers/pair.ts';
import { copyOf } from '../helpers/session.ts';

test.afterEach(leavesNoErrors);

interface Setup extends ContextPair {
  /** The sessions that the client has been told of. */
  sessions: capi.SSL_SESSION[];
}

function setupTicketTest(isStateful: boolean, tickets: number): Setup {
  const pair = createSslCtxPair(capi.TLS1_VERSION, 0);
  const sessions: capi.SSL_SESSION[] = [];
  capi.SSL_CTX_set_num_tickets(pair.sctx, tickets);
  capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.of(1));
  capi.SSL_CTX_set_session_cache_mode(pair.cctx, capi.SSL_SESS_CACHE_CLIENT | capi.SSL_SESS_CACHE_NO_INTERNAL_STORE);
  capi.SSL_CTX_sess_set_new_cb(pair.cctx, (_ssl, session) => void sessions.push(session));
  if (isStateful) capi.SSL_CTX_set_options(pair.sctx, capi.SSL_OP_NO_TICKET);
  return { ...pair, sessions };
}

/** Each session is offered; each connection gives one new session when it resumes, all of them when it does not. */
function checkResumption(
  t: ExecutionContext,
  offered: capi.SSL_SESSION[],
  setup: Setup,
  tickets: number,
  resumes: boolean,
) {
  for (const session of offered) {
    setup.sessions.length = 0;
    const ssls = createSslObjects(setup.sctx, setup.cctx);
    t.is(capi.SSL_set_session(ssls.client, session), 1);
    t.true(createSslConnection(ssls));
    t.is(capi.SSL_session_reused(ssls.client), resumes ? 1 : 0);
    t.is(setup.sessions.length, resumes ? 1 : tickets);
    shutdownSslConnection(ssls);
  }
}

for (const [original, isStateful] of [
  ['test_stateful_tickets', true],
  ['test_stateless_tickets', false],
] as const) {
  for (const tickets of [0, 1, 2]) {
    test.serial(`sslapitest: ${original}, ${tickets} tickets, TLS 1.3`, (t) => {
      const setup = setupTicketTest(isStateful, tickets);
      const ssls = createSslObjects(setup.sctx, setup.cctx);
      t.true(createSslConnection(ssls));
      t.is(setup.sessions.length, tickets);
      shutdownSslConnection(ssls);
      const issued = [...setup.sessions];
      // A server that has neither the cache nor the keys resumes none of them. Copies: a client uses each only once.
      const stranger = setupTicketTest(isStateful, tickets);
      checkResumption(t, issued.map(copyOf), stranger, tickets, false);
      checkResumption(t, issued, setup, tickets, true);
    });
  }
}

for (const isStateful of [false, true]) {
  for (const tickets of [0, 1, 2]) {
    const kind = isStateful ? 'stateful' : 'stateless';
    test.serial(`sslapitest: test_extra_tickets, ${kind}, ${tickets} tickets, TLS 1.3`, (t) => {
      const { sctx, cctx, sessions } = setupTicketTest(isStateful, tickets);
      let made = 0;
      capi.SSL_CTX_sess_set_new_cb(sctx, () => void made++);
      const ssls = createSslObjects(sctx, cctx);
      t.true(createSslConnection(ssls));
      const counts = () => [made, sessions.length];
      t.deepEqual(counts(), [tickets, tickets]);
      t.is(capi.SSL_new_session_ticket(ssls.server), 1);
      t.is(capi.SSL_new_session_ticket(ssls.server), 1);
      t.deepEqual(counts(), [tickets, tickets], 'not sent before there is something to write');
      const buffer = Buffer.alloc(1);
      t.is(capi.SSL_write(ssls.server, Buffer.from('1')), 1);
      t.deepEqual(counts(), [tickets + 2, tickets]);
      t.is(capi.SSL_read(ssls.client, buffer), 1);
      t.is(buffer.toString(), '1');
      t.deepEqual(counts(), [tickets + 2, tickets + 2]);
      t.is(capi.SSL_read(ssls.client, buffer), -1);

      t.is(capi.SSL_new_session_ticket(ssls.server), 1);
      t.is(capi.SSL_write(ssls.server, Buffer.from('2')), 1);
      t.is(capi.SSL_read(ssls.client, buffer), 1);
      t.deepEqual(counts(), [tickets + 3, tickets + 3]);

      t.is(capi.SSL_new_session_ticket(ssls.server), 1, 'a handshake call sends it as well');
      t.is(capi.SSL_do_handshake(ssls.server), 1);
      t.is(capi.SSL_read(ssls.client, buffer), -1);
      t.deepEqual(counts(), [tickets + 4, tickets + 4]);
      t.is(capi.SSL_new_session_ticket(ssls.client), 0, 'clients give no tickets');
      capi.ERR_clear_error();
      shutdownSslConnection(ssls);
    });
  }
}

test.serial('sslapitest: test_psk_tickets, TLS 1.3: a connection with an external key gets one ticket', (t) => {
  const { sctx, cctx, sessions } = setupTicketTest(false, 2);
  const psk = capi.SSL_SESSION_new();
  const cipher = capi
    .SSL_CTX_get_ciphers(sctx)
    .find((one) => capi.SSL_CIPHER_get_name(one) === 'TLS_AES_256_GCM_SHA384');
  if (cipher === undefined) return t.fail();
  capi.SSL_SESSION_set1_master_key(psk, Buffer.alloc(48, 3));
  capi.SSL_SESSION_set_cipher(psk, cipher);
  capi.SSL_SESSION_set_protocol_version(psk, capi.TLS1_3_VERSION);
  const identities: string[] = [];
  let used = 0;
  capi.SSL_CTX_set_psk_use_session_callback(cctx, () => {
    used++;
    return { session: psk, identity: Buffer.from('Identity') };
  });
  capi.SSL_CTX_set_psk_find_session_callback(sctx, (_ssl, identity) => {
    identities.push(identity.toString());
    return psk;
  });
  const ssls = createSslObjects(sctx, cctx);
  t.true(createSslConnection(ssls));
  t.is(capi.SSL_session_reused(ssls.client), 1);
  t.deepEqual(identities, ['Identity']);
  t.is(used, 1);
  t.is(sessions.length, 1);
  shutdownSslConnection(ssls);
});
