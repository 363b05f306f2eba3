// SSL_CTX_set_tlsext_servername_callback(3) and SSL_get_servername(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslConnection, createSslObjects, type SslPair, shutdownSslConnection } from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { emptyContext, handshake, protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

const NAME = 'shop.example';
const type = capi.TLSEXT_NAMETYPE_host_name;

interface Contexts {
  sctx: capi.SSL_CTX;
  cctx: capi.SSL_CTX;
}

function before(pair: Contexts, hostname: string | null, session: capi.SSL_SESSION | null = null): SslPair {
  const ssls = createSslObjects(pair.sctx, pair.cctx);
  if (hostname !== null) capi.SSL_set_tlsext_host_name(ssls.client, hostname);
  if (session !== null) capi.SSL_set_session(ssls.client, session);
  return ssls;
}

function connectTo(pair: Contexts, hostname: string | null, session: capi.SSL_SESSION | null = null): SslPair {
  const ssls = before(pair, hostname, session);
  if (!createSslConnection(ssls)) throw new Error('the handshake failed');
  return ssls;
}

function acknowledging(version: number): Contexts {
  const pair = statefulPair(version);
  capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, () => capi.SSL_TLSEXT_ERR_OK);
  return pair;
}

/** A session of a client that asked for the name, which the server acknowledged. */
function namedSession(pair: Contexts): capi.SSL_SESSION {
  const ssls = connectTo(pair, NAME);
  const session = capi.SSL_get1_session(ssls.client);
  if (session === null) throw new Error('the client has no session');
  shutdownSslConnection(ssls);
  return session;
}

for (const { name, version } of protocols) {
  test.serial(`${name}: the callback is called on a server, with the connection, and knows the name`, (t) => {
    const pair = statefulPair(version);
    const calls: [capi.SSL, string | null][] = [];
    capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, (ssl) => {
      calls.push([ssl, capi.SSL_get_servername(ssl, type)]);
      return capi.SSL_TLSEXT_ERR_OK;
    });
    const ssls = connectTo(pair, NAME);
    sameObjects(t, calls.flat(), [ssls.server, NAME]);
    shutdownSslConnection(ssls);
  });

  test.serial(`${name}: without a callback the name is not acknowledged`, (t) => {
    t.is(capi.SSL_SESSION_get0_hostname(namedSession(statefulPair(version))), null);
    t.is(capi.SSL_SESSION_get0_hostname(namedSession(acknowledging(version))), NAME);
  });

  test.serial(
    `${name}: SSL_TLSEXT_ERR_OK: accepted; SSL_set_SSL_CTX gives the connection another configuration`,
    (t) => {
      const pair = statefulPair(version);
      const other = statefulPair(version);
      capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, (ssl) => {
        capi.SSL_set_SSL_CTX(ssl, other.sctx);
        return capi.SSL_TLSEXT_ERR_OK;
      });
      const ssls = connectTo(pair, NAME);
      t.is(capi.SSL_get_SSL_CTX(ssls.server), other.sctx);
      shutdownSslConnection(ssls);
    },
  );

  test.serial(
    `${name}: SSL_TLSEXT_ERR_ALERT_FATAL: the handshake is aborted with the alert, else unrecognized_name`,
    (t) => {
      for (const alert of [undefined, capi.SSL_AD_HANDSHAKE_FAILURE]) {
        const pair = statefulPair(version);
        const ret = capi.SSL_TLSEXT_ERR_ALERT_FATAL;
        capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, () => (alert === undefined ? ret : { ret, alert }));
        const ssls = before(pair, NAME);
        t.false(createSslConnection(ssls));
        capi.ERR_clear_error();
        capi.SSL_connect(ssls.client);
        t.is(
          capi.ERR_GET_REASON(capi.ERR_get_error()),
          1000 + (alert ?? capi.SSL_AD_UNRECOGNIZED_NAME),
          'SSL_AD_REASON_OFFSET and the alert',
        );
        capi.ERR_clear_error();
        for (const ssl of [ssls.client, ssls.server]) capi.SSL_free(ssl);
      }
    },
  );

  for (const answer of ['SSL_TLSEXT_ERR_ALERT_WARNING', 'SSL_TLSEXT_ERR_NOACK'] as const) {
    test.serial(`${name}: ${answer}: not accepted, and the handshake goes on`, (t) => {
      const pair = statefulPair(version);
      capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, () => capi[answer]);
      t.is(capi.SSL_SESSION_get0_hostname(namedSession(pair)), null);
    });
  }

  test.serial(`${name}: SSL_get_servername on a client before the handshake: what was set, or null`, (t) => {
    const pair = statefulPair(version);
    t.is(capi.SSL_get_servername(before(pair, NAME).client, type), NAME);
    t.is(capi.SSL_get_servername(before(pair, null).client, type), null);
  });
}

test.serial(
  'TLS 1.2: SSL_get_servername on a client that resumes: before the handshake, the name of the session',
  (t) => {
    const pair = acknowledging(capi.TLS1_2_VERSION);
    const session = namedSession(pair);
    const ssls = before(pair, null, session);
    capi.SSL_set_max_proto_version(ssls.client, capi.TLS1_2_VERSION);
    t.is(capi.SSL_get_servername(ssls.client, type), NAME);
  },
);

test.serial('TLS 1.2: SSL_get_servername on a client that has resumed: the name of the session', (t) => {
  const pair = acknowledging(capi.TLS1_2_VERSION);
  const ssls = connectTo(pair, null, namedSession(pair));
  t.is(capi.SSL_session_reused(ssls.client), 1);
  t.is(capi.SSL_get_servername(ssls.client, type), NAME);
  shutdownSslConnection(ssls);
});

for (const { name, version } of protocols) {
  test.serial(`${name}: SSL_get_servername on a client that has not resumed: what was set, or null`, (t) => {
    const pair = acknowledging(version);
    for (const hostname of [NAME, null]) {
      const ssls = connectTo(pair, hostname);
      t.is(capi.SSL_get_servername(ssls.client, type), hostname);
      shutdownSslConnection(ssls);
    }
  });

  test.serial(
    `${name}: SSL_get_servername on a server: null before the handshake, then what the client asked for`,
    (t) => {
      const pair = acknowledging(version);
      for (const hostname of [NAME, null]) {
        const ssls = before(pair, hostname);
        t.is(capi.SSL_get_servername(ssls.server, type), null);
        t.true(createSslConnection(ssls));
        t.is(capi.SSL_get_servername(ssls.server, type), hostname);
        shutdownSslConnection(ssls);
      }
    },
  );
}

test.serial('TLS 1.2: SSL_get_servername on a server that has resumed: the name of the session', (t) => {
  const pair = acknowledging(capi.TLS1_2_VERSION);
  const ssls = connectTo(pair, NAME, namedSession(pair));
  t.is(capi.SSL_session_reused(ssls.server), 1);
  t.is(capi.SSL_get_servername(ssls.server, type), NAME);
  shutdownSslConnection(ssls);
});

test.serial('TLS 1.3: the name is negotiated in every handshake, resumptions too', (t) => {
  const pair = acknowledging(capi.TLS1_3_VERSION);
  for (const hostname of [NAME, null]) {
    const ssls = connectTo(pair, hostname, namedSession(pair));
    t.is(capi.SSL_session_reused(ssls.server), 1);
    t.is(capi.SSL_get_servername(ssls.server, type), hostname);
    shutdownSslConnection(ssls);
  }
});

for (const { name, version } of protocols) {
  test.serial(`${name}: the client hello callback comes first, then that of the name, then that of ALPN`, (t) => {
    const pair = statefulPair(version);
    const order: string[] = [];
    capi.SSL_CTX_set_client_hello_cb(pair.sctx, (ssl) => {
      order.push(`client hello ${capi.SSL_get_servername(ssl, type)}`);
      return capi.SSL_CLIENT_HELLO_SUCCESS;
    });
    capi.SSL_CTX_set_tlsext_servername_callback(pair.sctx, (ssl) => {
      order.push(`name ${capi.SSL_get_servername(ssl, type)}`);
      return capi.SSL_TLSEXT_ERR_OK;
    });
    capi.SSL_CTX_set_alpn_select_cb(pair.sctx, (ssl) => {
      order.push(`ALPN ${capi.SSL_get_servername(ssl, type)}`);
      return Buffer.from('h2');
    });
    capi.SSL_CTX_set_alpn_protos(pair.cctx, Buffer.from('\x02h2'));
    shutdownSslConnection(connectTo(pair, NAME));
    t.deepEqual(order, ['client hello null', `name ${NAME}`, `ALPN ${NAME}`]);
  });

  test.serial(`${name}: SSL_set_tlsext_host_name is ignored on a server`, (t) => {
    const pair = acknowledging(version);
    const ssls = before(pair, null);
    capi.SSL_set_tlsext_host_name(ssls.server, NAME);
    handshake(ssls);
    capi.SSL_read(ssls.client, Buffer.alloc(1));
    t.is(capi.SSL_get_servername(ssls.server, type), null);
    t.is(capi.SSL_get_servername(ssls.client, type), null);
    shutdownSslConnection(ssls);
  });
}

test.serial('SSL_set_tlsext_host_name returns 1, for null too', (t) => {
  const ssl = capi.SSL_new(emptyContext());
  for (const hostname of [NAME, null]) t.is(capi.SSL_set_tlsext_host_name(ssl, hostname), 1);
});
