// Copies of sessions, of which libssl makes one for each ticket of TLS 1.3 after the first. Alone in its process.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { serverContext } from '../helpers/classes.ts';
import { makeSession } from '../helpers/session.ts';

const COUNT = 200_000;

test('copies of sessions leave nothing behind once contexts are shared: the heap stays in bounds', (t) => {
  serverContext('TLSv1.3').share();
  const session = makeSession({ id: 1 });
  const copy = (count: number): void => {
    for (let index = 0; index < count; index++)
      capi.SSL_SESSION_free(capi.SSL_SESSION_dup(session) ?? t.fail('a copy'));
  };
  copy(1000);
  const before = capi.debug.nativeHeap();
  copy(COUNT);
  const after = capi.debug.nativeHeap();
  t.is(capi.debug.live().SSL_SESSION, 1);
  if (before === null || after === null) return;
  // The smallest block of malloc, for each of them.
  t.true(after - before < (COUNT * 32) / 4, `${after - before} bytes`);
});
