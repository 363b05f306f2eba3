// H19: sessions are secrets. They show themselves when asked for by name, and never by accident.
import { format, inspect } from 'node:util';
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { bioFrom, exchange } from '../helpers/pair.ts';
import { statefulPair, thrownBy, VERSIONS } from './contexts.ts';
import { unguarded } from './unguarded.ts';

for (const { name, version } of VERSIONS) {
  test(`${name}: neither inspect nor JSON nor an error message shows a key, a ticket or the bytes`, (t) => {
    const pair = statefulPair(version);
    const { session } = exchange(pair);
    const der = capi.i2d_SSL_SESSION(session);
    const key = capi.SSL_SESSION_get_master_key(session);
    const [cached] = capi.SSL_CTX_sessions(pair.sctx);
    if (der === null || cached === undefined) return t.fail();
    const secrets = [key, der, capi.SSL_SESSION_get_master_key(cached), capi.SSL_SESSION_get0_ticket(session)]
      .filter((bytes) => bytes !== null)
      .filter(({ length }) => length > 0);
    t.true(secrets.length >= 3);

    const everything = {
      showHidden: true,
      depth: Number.POSITIVE_INFINITY,
      getters: true,
      maxArrayLength: null,
    } as const;
    const shown = [session, cached, pair.sctx, pair.cctx].flatMap((handle) => [
      inspect(handle, everything),
      format('%o %O %j %s', handle, handle, handle, handle),
      JSON.stringify(handle),
      String(handle),
      String(thrownBy(() => capi.SSL_CTX_set_timeout(pair.sctx, Object(handle)))),
    ]);
    shown.push(String(thrownBy(() => capi.SSL_CTX_set_timeout(pair.sctx, Object(der)))));
    for (const text of shown) {
      for (const secret of secrets) {
        for (const encoding of ['hex', 'base64', 'latin1'] as const) {
          t.false(text.toLowerCase().includes(secret.toString(encoding).slice(0, 20).toLowerCase()));
        }
        t.false(text.includes([...secret.subarray(0, 6)].join(',')));
      }
    }
  });

  test(`${name}: asked for by name, they are all there`, (t) => {
    const { session } = exchange(statefulPair(version));
    const key = capi.SSL_SESSION_get_master_key(session).toString('hex').toUpperCase();
    const out = bioFrom('');
    t.is(capi.SSL_SESSION_print(out, session), 1);
    const text = Buffer.alloc(16384);
    const length = capi.BIO_read(out, text);
    t.true(text.toString('latin1', 0, length).includes(key));
  });
}

test('what a getter returns is a copy: writing to it changes no session', (t) => {
  const { session } = exchange(statefulPair(capi.TLS1_3_VERSION));
  const getters = [
    capi.SSL_SESSION_get_master_key,
    capi.SSL_SESSION_get_id,
    capi.i2d_SSL_SESSION,
    capi.SSL_SESSION_get0_ticket,
    capi.SSL_SESSION_get0_id_context,
  ];
  for (const get of getters) {
    const before = get(session)?.toString('hex');
    get(session)?.fill(0xff);
    t.is(get(session)?.toString('hex'), before);
  }
});

test('without a guard: SSL_SESSION_print writes the master key', async (t) => {
  const { facts } = await unguarded('h19_print');
  t.is(facts.masterKey, 1);
});
