// H5: libssl calls back on the thread that took the last reference or evicted. Here a handle cannot leave its thread; of
// contexts that several threads have, see test/threads.
import { once } from 'node:events';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { makeSession } from '../helpers/session.ts';
import { startWorker } from './worker.ts';

test('a handle that is posted to another thread arrives as an object without meaning', (t) => {
  const { port1, port2 } = new MessageChannel();
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  port1.postMessage({ ctx, session: makeSession({ id: 1 }) });
  const received = receiveMessageOnPort(port2)?.message;
  port1.close();
  t.throws(() => capi.SSL_CTX_sess_number(received.ctx), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => capi.SSL_CTX_add_session(ctx, received.session), { code: 'ERR_INVALID_ARG_TYPE' });
  t.is(capi.SSL_CTX_sess_number(ctx), 0);
});

test('the remove callbacks of two workers run on their own threads', async (t) => {
  const workers = [startWorker('remove_in_worker', 3), startWorker('remove_in_worker', 5)];
  const answers = await Promise.all(
    workers.map(async (worker) => {
      const [answer] = await once(worker, 'message');
      await worker.terminate();
      return { ...answer, id: worker.threadId };
    }),
  );
  t.deepEqual(
    answers.map(({ removed }) => removed),
    [3, 5],
  );
  for (const { thread, threads } of answers) t.deepEqual(threads, [thread]);
});
