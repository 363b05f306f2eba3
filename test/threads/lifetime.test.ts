// How long a context of several threads lives. One test at a time: the live objects of the process are counted.
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { SslContext, SslSession } from '../../src/index.ts';
import { serverContext } from '../helpers/classes.ts';
import { Thread } from './worker.ts';

const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex');

function made(): SslSession {
  return SslSession.create({ protocol: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256', timeout: 1000 });
}

test.serial('the context lives as long as the last thread that has it', async (t) => {
  const before = capi.debug.live().SSL_CTX;
  const context = serverContext('TLSv1.2');
  const session = made();
  context.addSession(session);
  const thread = await Thread.with(t, context);
  const shared = context.share();
  context.free();
  t.deepEqual(await thread.ask('ids'), [hex(session.id)]);
  // Back again, to a thread that had it once.
  const again = SslContext.fromShared(shared);
  t.true(again.hasSession(session.id));
  again.free();
  await thread.ask('free');
  t.throws(() => SslContext.fromShared(shared), { code: 'ERR_SSLCTX_FREED' });
  await thread.end();
  t.is(capi.debug.live().SSL_CTX, before);
});

test.serial('events that a blocked thread cannot take are counted', async (t) => {
  const context = serverContext('TLSv1.2');
  const thread = await Thread.with(t, context);
  let removed = 0;
  let lost = 0;
  context.on('removeSession', () => removed++);
  context.on('eventsLost', (count) => {
    lost += count;
  });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  thread.worker.postMessage(['churn', { count: 70_000, gate }]);
  Atomics.wait(gate, 0, 0);
  while (removed + lost < 70_000) await turn();
  t.is(removed + lost, 70_000);
  t.true(lost > 0 && removed >= 65_536, `${removed} heard, ${lost} lost`);
});
