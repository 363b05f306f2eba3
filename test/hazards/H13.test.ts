// H13: what comes from a store is not trusted. (20,000 mutants: test/misuse/der.test.ts)
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { bioFrom, exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { idOf, statefulPair, VERSIONS } from './contexts.ts';
import { unguarded } from './unguarded.ts';

function derOf(session: capi.SSL_SESSION): Buffer {
  const der = capi.i2d_SSL_SESSION(session);
  if (der === null) throw new Error('no DER');
  return der;
}

const der = derOf(makeSession({ id: 1, time: 1_700_000_000, timeout: 300 }));

test('d2i_SSL_SESSION takes all of its bytes or none', (t) => {
  t.truthy(capi.d2i_SSL_SESSION(der));
  for (const more of [1, 7, 1000]) {
    capi.ERR_clear_error();
    t.is(capi.d2i_SSL_SESSION(Buffer.concat([der, Buffer.alloc(more)])), null);
    t.not(capi.ERR_peek_error(), 0, 'and says why');
  }
});

test('every truncation is refused', (t) => {
  for (let length = 0; length < der.length; length++) t.is(capi.d2i_SSL_SESSION(der.subarray(0, length)), null);
});

test('each call makes an object of its own, and keeps nothing of the bytes', (t) => {
  const bytes = Buffer.from(der);
  const first = capi.d2i_SSL_SESSION(bytes);
  const second = capi.d2i_SSL_SESSION(bytes);
  if (first === null || second === null) return t.fail();
  t.not(first, second);
  bytes.fill(0);
  t.deepEqual(derOf(first), der);
  t.is(capi.SSL_SESSION_set1_hostname(first, 'changed.test'), 1);
  t.deepEqual(derOf(second), der);
});

test('an unknown cipher is refused', (t) => {
  const bytes = Buffer.from(der);
  const cipher = bytes.indexOf(Buffer.from([0x04, 0x02]));
  bytes.fill(0xee, cipher + 2, cipher + 4);
  t.is(capi.d2i_SSL_SESSION(bytes), null);
});

test('what a forged session without a master key or an ID can do: nothing', (t) => {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  const empty = makeSession({ id: Buffer.alloc(0) });
  const read = capi.d2i_SSL_SESSION(derOf(empty));
  if (read === null) return t.fail();
  t.throws(() => capi.SSL_CTX_add_session(ctx, read), { code: 'ERR_SSLCTX_SESSION_INCOMPLETE' });
});

test('PEM: the same, by way of a BIO', (t) => {
  const out = bioFrom('');
  t.is(capi.PEM_write_bio_SSL_SESSION(out, makeSession({ id: 1 })), 1);
  const pem = Buffer.alloc(4096);
  const text = pem.subarray(0, capi.BIO_read(out, pem)).toString();
  t.truthy(capi.PEM_read_bio_SSL_SESSION(bioFrom(text)));
  for (const bad of [
    '',
    'no PEM',
    text.slice(0, -10),
    text.replace('BEGIN SSL SESSION', 'BEGIN CERTIFICATE'),
    text.replaceAll('M', '!'),
    text.replace(
      '-----\n',
      '-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00000000000000000000000000000000\n\n',
    ),
  ]) {
    t.is(capi.PEM_read_bio_SSL_SESSION(bioFrom(bad)), null, bad.slice(0, 40));
  }
  capi.ERR_clear_error();
});

for (const { name, version } of VERSIONS) {
  test(`${name}: a real session survives DER and PEM byte by byte`, (t) => {
    const { session } = exchange(statefulPair(version));
    const bytes = derOf(session);
    const read = capi.d2i_SSL_SESSION(bytes);
    if (read === null) return t.fail();
    t.deepEqual(derOf(read), bytes);
    t.is(idOf(read), idOf(session));
  });
}

test('without the guard: trailing bytes are taken, and an unknown cipher leaves no error', async (t) => {
  const { facts } = await unguarded('h13_der');
  t.deepEqual(facts, { trailing: 1, consumed: 1, unknownCipher: 0, queued: 0 });
});
