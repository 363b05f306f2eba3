// SSL_SESSION_print(3) and SSL_SESSION_print_keylog(3), in the order of the page.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { createSslCtxPair, exchange } from '../helpers/pair.ts';
import { makeSession } from '../helpers/session.ts';
import { protocols } from './common.ts';

test.afterEach(leavesNoErrors);

/** What a function writes to a BIO, and what it returns. */
function written(
  print: (bio: capi.BIO, session: capi.SSL_SESSION) => number,
  session: capi.SSL_SESSION,
): [number, string] {
  const bio = capi.BIO_new(capi.BIO_s_mem());
  const result = print(bio, session);
  const bytes = Buffer.alloc(10_000);
  const length = capi.BIO_read(bio, bytes);
  return [result, bytes.toString('latin1', 0, Math.max(0, length))];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

for (const { name, version, isTls13 } of protocols) {
  test.serial(
    `${name}: SSL_SESSION_print writes a summary: protocol, cipher, IDs, key, ticket, time and timeout`,
    (t) => {
      const pair = createSslCtxPair(version, version);
      const context = Buffer.from('shop');
      capi.SSL_CTX_set_session_id_context(pair.cctx, context);
      capi.SSL_CTX_set_timeout(pair.cctx, 77);
      const { session } = exchange(pair);
      const [result, text] = written(capi.SSL_SESSION_print, session);
      const cipher = capi.SSL_SESSION_get0_cipher(session);
      t.is(result, 1);
      for (const [label, value] of [
        ['Protocol', isTls13 ? 'TLSv1.3' : 'TLSv1.2'],
        ['Cipher', cipher && capi.SSL_CIPHER_get_name(cipher)],
        ['Session-ID', hex(capi.SSL_SESSION_get_id(session))],
        ['Session-ID-ctx', hex(context)],
        [isTls13 ? 'Resumption PSK' : 'Master-Key', hex(capi.SSL_SESSION_get_master_key(session))],
        ['Start Time', capi.SSL_SESSION_get_time(session)],
        ['Timeout', '77 (sec)'],
      ] as const) {
        t.regex(text, new RegExp(`^ *${label} *: ${String(value).replace(/[()]/g, '\\$&')}$`, 'm'));
      }
      t.regex(text, /TLS session ticket:\n *0000 - /);
    },
  );

  test.serial(`${name}: SSL_SESSION_print_keylog writes ID and key as a line of the NSS key log format`, (t) => {
    const { session } = exchange(createSslCtxPair(version, version));
    const id = hex(capi.SSL_SESSION_get_id(session));
    const key = hex(capi.SSL_SESSION_get_master_key(session));
    t.deepEqual(written(capi.SSL_SESSION_print_keylog, session), [1, `RSA Session-ID:${id} Master-Key:${key}\n`]);
  });
}

test.serial('0 on error, and nothing is written: a key log line of a session without an ID or without a key', (t) => {
  const noKey = capi.SSL_SESSION_new();
  capi.SSL_SESSION_set1_id(noKey, Buffer.alloc(32, 1));
  for (const session of [makeSession({ id: Buffer.alloc(0) }), noKey]) {
    t.deepEqual(written(capi.SSL_SESSION_print_keylog, session), [0, '']);
  }
});
