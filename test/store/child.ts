// A server of its own process on a Redis: test/store/fleet.ts starts it, and asks it over IPC.
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createServer, RedisSessionStore, type SslSocket } from '../../src/index.ts';
import type { Answer, Question } from './fleet.ts';

const [path = '', key = '', cert = '', privateKey = ''] = process.argv.slice(2);

const client = new Redis({ path });
client.on('error', () => {});
const sessionStore = new RedisSessionStore({ client, keys: Buffer.from(key, 'hex'), lease: 2000 });
const options = { cert, key: privateKey, sessionIdContext: 'fleet', sessionStore, lookupTimeout: 2000 };
const server = createServer(options, serve);

/** Answers each line; `label NAME` is a login. */
function serve(socket: SslSocket): void {
  socket.on('error', () => {});
  socket.on('data', (line: Buffer) => {
    const [word, label] = line.toString().trim().split(' ');
    if (word !== 'label' || label === undefined) {
      socket.write('hello\n');
      return;
    }
    socket.labelSession(label).then(
      () => socket.write(`labelled ${label}\n`),
      (error: unknown) => socket.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
}

async function answer(question: Question): Promise<Answer> {
  const store = server.sessionStore;
  if (store === undefined) throw new Error('no store');
  switch (question.ask) {
    case 'flush':
      await store.flush();
      return {};
    case 'revoke': {
      const { id, label } = question;
      const start = performance.now();
      const count = await store.revoke(id === undefined ? { label: label ?? '' } : Buffer.from(id, 'hex'));
      return { count, milliseconds: performance.now() - start };
    }
    case 'statistics':
      return { statistics: store.statistics };
  }
}

process.on('message', (question: Question) => {
  answer(question).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

server.listen({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
await server.sessionStore?.ready;
const address = server.address();
process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
