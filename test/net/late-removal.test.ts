// What libssl removes outside of any call of JavaScript's. Alone in its process: any call delivers what waits.
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { createServer } from '../../src/index.ts';
import { certificate, clientContext, connect, serverContext } from '../helpers/classes.ts';

test('a removal that the garbage collector causes is told, though nothing is called any more', async (t) => {
  // The event loop is this package's from the first socket on.
  const server = createServer(certificate());
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const context = serverContext('TLSv1.2', { tickets: 'stateful' });
  const heard: string[] = [];
  context.on('removeSession', (_session, reason) => heard.push(reason));
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Node needs --expose-gc');
  // Of a connection that has not said goodbye, libssl removes the session.
  (() => void connect(context, clientContext()))();
  for (let count = 0; count < 200 && heard.length === 0; count++) {
    gc();
    await turn();
  }
  t.is(heard.length, 1);
  await server[Symbol.asyncDispose]();
});
