// H18: the cache hashes the first four bytes of an ID. IDs that begin with a constant all fall into one bucket, and a
// lookup walks them all. What can be guarded is what the library itself makes; an ID callback must begin with random bytes.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { exchange } from '../helpers/pair.ts';
import { statefulPair, VERSIONS } from './contexts.ts';
import { unguarded } from './unguarded.ts';

for (const { name, version } of VERSIONS) {
  test(`${name}: IDs made by libssl differ in their first four bytes`, (t) => {
    const pair = statefulPair(version);
    for (let i = 0; i < 20; i++) exchange(pair);
    const ids = capi.SSL_CTX_sessions(pair.sctx).map((session) => capi.SSL_SESSION_get_id(session));
    t.true(ids.length >= 20);
    t.is(new Set(ids.map((id) => id.readUInt32LE())).size, ids.length);
  });

  test(`${name}: an ID callback can put the random bytes first and its own mark behind`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_set_generate_session_id(pair.sctx, (_ssl, maxLength) => {
      const id = crypto.getRandomValues(Buffer.alloc(maxLength));
      id.write('host1', maxLength - 5);
      return id;
    });
    const { session } = exchange(pair);
    t.true(exchange(pair, session).reused);
    for (const cached of capi.SSL_CTX_sessions(pair.sctx)) {
      t.is(capi.SSL_SESSION_get_id(cached).toString('latin1', 27), 'host1');
    }
  });
}

test("counted in libssl's own table: random bytes first, and a constant first", async (t) => {
  const { facts } = await unguarded('h18_hash');
  t.true((facts.randomFirst ?? 1000) <= 10, `${facts.randomFirst} entries in the fullest bucket`);
  t.is(facts.constantFirst, facts.entries, 'all in one bucket');
});
