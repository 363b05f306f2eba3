// A Unix socket says at once that the peer has closed it, where TCP would take what is written.
import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { connect, type SslSocket } from '../../src/index.ts';
import { TemporaryFiles } from '../../src/testing/cleanup.ts';
import { certificate, protocols } from '../helpers/classes.ts';

// More than a socket reads ahead, less than the kernel keeps.
const answer = Buffer.alloc(100_000, 'x');

/** A client that has read a part of the answer, and whose server is gone. */
async function abandoned(t: ExecutionContext, protocol: 'TLSv1.2' | 'TLSv1.3'): Promise<SslSocket> {
  const files = new TemporaryFiles();
  t.teardown(() => files.remove());
  const server = createServer({ ...certificate(), minVersion: protocol, maxVersion: protocol });
  t.teardown(() => server.close());
  server.listen(files.path('socket'));
  const accepted = once(server, 'secureConnection');
  const client = connect({ path: files.path('socket'), servername: 'localhost', ca: certificate().cert });
  t.teardown(() => client.destroy());
  const [socket]: TLSSocket[] = await accepted;
  if (socket === undefined) throw new Error('no socket');
  if (client.connecting) await once(client, 'secureConnect');
  const readable = once(client, 'readable');
  socket.write(answer, () => socket.destroy());
  await Promise.all([readable, once(socket, 'close')]);
  return client;
}

for (const protocol of protocols) {
  test(`a peer that is gone need not hear close_notify, and what it has sent is read, ${protocol}`, async (t) => {
    const client = await abandoned(t, protocol);
    const finished = once(client, 'finish');
    client.end();
    await finished;
    let size = 0;
    client.on('data', ({ length }: Buffer) => {
      size += length;
    });
    await once(client, 'close');
    t.is(client.errored, null);
    t.is(size, answer.length);
  });

  test(`data for a peer that is gone is an error, ${protocol}`, async (t) => {
    const client = await abandoned(t, protocol);
    const failed = once(client, 'error');
    client.end('data');
    const [error] = await failed;
    t.is(error.code, 'EPIPE');
  });
}
