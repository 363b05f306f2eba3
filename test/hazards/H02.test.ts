// H2: setters on a session that others use: a cache finds its entries by version and ID, and connections read the rest.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { createSslConnection, createSslObjects, exchange } from '../helpers/pair.ts';
import { sameObjects } from '../helpers/same.ts';
import { anyCipher, makeSession, sessionId } from '../helpers/session.ts';
import { offering, statefulPair, VERSIONS } from './contexts.ts';
import { unguarded } from './unguarded.ts';

const SETTERS: Record<string, (session: capi.SSL_SESSION) => number> = {
  SSL_SESSION_set1_id: (session) => capi.SSL_SESSION_set1_id(session, sessionId(2)),
  SSL_SESSION_set1_id_context: (session) => capi.SSL_SESSION_set1_id_context(session, Buffer.from('other')),
  SSL_SESSION_set_protocol_version: (session) => capi.SSL_SESSION_set_protocol_version(session, capi.TLS1_3_VERSION),
  SSL_SESSION_set_cipher: (session) => capi.SSL_SESSION_set_cipher(session, anyCipher()),
  SSL_SESSION_set1_master_key: (session) => capi.SSL_SESSION_set1_master_key(session, Buffer.alloc(48, 1)),
  SSL_SESSION_set1_hostname: (session) => capi.SSL_SESSION_set1_hostname(session, 'other.test'),
  SSL_SESSION_set1_alpn_selected: (session) => capi.SSL_SESSION_set1_alpn_selected(session, Buffer.from('h2')),
  SSL_SESSION_set_max_early_data: (session) => capi.SSL_SESSION_set_max_early_data(session, 1),
  SSL_SESSION_set1_ticket_appdata: (session) => capi.SSL_SESSION_set1_ticket_appdata(session, Buffer.from('data')),
};

/** The names of the setters that are refused because the session is frozen. */
function refused(session: capi.SSL_SESSION): string[] {
  return Object.entries(SETTERS)
    .filter(([, set]) => {
      try {
        set(session);
        return false;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ERR_SSLCTX_SESSION_FROZEN') return true;
        throw error;
      }
    })
    .map(([name]) => name);
}

const ALL = Object.keys(SETTERS);

test('a private session takes every setter: new, copied, read from DER', (t) => {
  const session = makeSession({ id: 1 });
  t.deepEqual(refused(session), []);
  const copy = capi.SSL_SESSION_dup(session);
  const read = capi.d2i_SSL_SESSION(capi.i2d_SSL_SESSION(session) ?? Buffer.of());
  if (copy === null || read === null) return t.fail('no copy');
  t.deepEqual(refused(copy), []);
  t.deepEqual(refused(read), []);
});

test('a cached session takes none, also after its removal, and the cache still finds it', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const session = makeSession({ id: 1 });
  const before = capi.i2d_SSL_SESSION(session);
  t.is(capi.SSL_CTX_add_session(ctx, session), 1);
  t.deepEqual(refused(session), ALL);
  t.deepEqual(capi.i2d_SSL_SESSION(session), before);
  t.is(capi.SSL_CTX_remove_session(ctx, session), 1);
  t.deepEqual(refused(session), ALL);
  t.is(capi.SSL_CTX_sess_number(ctx), 0);
});

test('time and timeout of a cached session may change: libssl sorts it again under its lock', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const early = makeSession({ id: 1, time: 1000, timeout: 10 });
  const late = makeSession({ id: 2, time: 1000, timeout: 20 });
  capi.SSL_CTX_add_session(ctx, early);
  capi.SSL_CTX_add_session(ctx, late);
  t.is(capi.SSL_SESSION_set_timeout(early, 30), 1);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [early, late]);
  t.is(capi.SSL_SESSION_set_time(late, 2000), 2000);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [late, early]);
  capi.SSL_CTX_flush_sessions(ctx, 1500);
  sameObjects(t, capi.SSL_CTX_sessions(ctx), [late]);
});

test('a copy of a frozen session is private again', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const session = makeSession({ id: 1 });
  capi.SSL_CTX_add_session(ctx, session);
  const copy = capi.SSL_SESSION_dup(session);
  if (copy === null) return t.fail('no copy');
  t.deepEqual(refused(copy), []);
});

for (const { name, version } of VERSIONS) {
  test(`${name}: sessions that came from libssl, or went there, take no setter`, (t) => {
    const pair = statefulPair(version);
    const seen: capi.SSL_SESSION[] = [];
    capi.SSL_CTX_sess_set_new_cb(pair.sctx, (_ssl, session) => {
      seen.push(session);
    });
    const { session } = exchange(pair);
    t.deepEqual(refused(session), ALL, 'SSL_get1_session');
    t.true(seen.length > 0);
    for (const own of seen) t.deepEqual(refused(own), ALL, 'new callback');

    const offered = capi.d2i_SSL_SESSION(capi.i2d_SSL_SESSION(session) ?? Buffer.of());
    if (offered === null) return t.fail('the session does not survive DER');
    const objects = createSslObjects(pair.sctx, pair.cctx);
    t.is(capi.SSL_set_session(objects.client, offered), 1);
    t.deepEqual(refused(offered), ALL, 'SSL_set_session');
  });

  test(`${name}: what a get callback returned takes no setter`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const stored = new Map(
      capi
        .SSL_CTX_sessions(pair.sctx)
        .map((cached) => [capi.SSL_SESSION_get_id(cached).toString('hex'), capi.i2d_SSL_SESSION(cached)]),
    );
    capi.SSL_CTX_flush_sessions(pair.sctx, 0);
    let returned: capi.SSL_SESSION | null = null;
    capi.SSL_CTX_sess_set_get_cb(pair.sctx, (_ssl, id) => {
      returned = capi.d2i_SSL_SESSION(stored.get(id.toString('hex')) ?? Buffer.of());
      return returned;
    });
    const objects = offering(pair, session);
    t.true(createSslConnection(objects));
    t.is(capi.SSL_session_reused(objects.server), 1);
    if (returned === null) return t.fail('the get callback was not asked');
    t.deepEqual(refused(returned), ALL);
  });
}

test('without the guard: the entry is not found, and the table keeps a pointer to freed memory', async (t) => {
  const { facts } = await unguarded('h02_setter_on_cached');
  t.deepEqual(facts, { added: 1, removed: 0, number: 1, numberAfterFlush: 1 });
});
