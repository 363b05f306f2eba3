// SslSocket over streams that are no sockets, where every event comes when the test says so.
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import test from 'ava';
import { type ClientOptions, type SslContext, SslSocket, type SslSocketOptions } from '../../src/index.ts';
import { clientContext, type Protocol, protocols, serverContext } from '../helpers/classes.ts';
import { leavesNoErrors } from '../helpers/errors.ts';

type Callback = (error?: Error | null) => void;

/** One end of a pipe in memory. What is written waits until the other end reads. */
class PipeEnd extends Duplex {
  other: PipeEnd | undefined;
  #callback: Callback | undefined;

  constructor() {
    super({ allowHalfOpen: true, readableHighWaterMark: 1024, writableHighWaterMark: 1024 });
  }

  override _read(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    const { other } = this;
    if (other === undefined || other.destroyed) callback();
    else if (other.push(chunk)) callback();
    else other.#callback = callback;
  }

  override _final(callback: Callback): void {
    if (this.other?.destroyed === false) this.other.push(null);
    callback();
  }
}

function pipe(): [PipeEnd, PipeEnd] {
  const [one, two] = [new PipeEnd(), new PipeEnd()];
  one.other = two;
  two.other = one;
  return [one, two];
}

interface Sockets {
  server: SslSocket;
  client: SslSocket;
  serverEnd: PipeEnd;
  clientEnd: PipeEnd;
  context: SslContext;
}

/** Both sides, before their handshake. */
function sockets(protocol: Protocol, options: SslSocketOptions = {}, client: ClientOptions = {}): Sockets {
  const [serverEnd, clientEnd] = pipe();
  const context = serverContext(protocol, { tickets: 'stateful', numTickets: 1 });
  return {
    server: new SslSocket(serverEnd, { context, isServer: true, ...options }),
    client: new SslSocket(clientEnd, { context: clientContext(), servername: 'localhost', ...options, ...client }),
    serverEnd,
    clientEnd,
    context,
  };
}

function read(socket: SslSocket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('end', () => resolve(Buffer.concat(parts)));
    socket.on('error', reject);
  });
}

test.afterEach(leavesNoErrors);

for (const protocol of protocols) {
  test(`both sides over any stream, ${protocol}`, async (t) => {
    const { server, client, serverEnd, clientEnd } = sockets(protocol, { allowHalfOpen: true });
    const closed = [server, client, serverEnd, clientEnd].map((each) => once(each, 'close'));
    const answers = read(client);
    // Written before the handshake.
    client.end('question');
    server.end(`answer to ${await read(server)}`);
    t.is((await answers).toString(), 'answer to question');
    await Promise.all(closed);
    t.false(client.isTruncated || server.isTruncated);
  });

  test(`secure comes once, with the handshake done, ${protocol}`, async (t) => {
    const { server, client } = sockets(protocol);
    let count = 0;
    server.on('secure', () => count++);
    await Promise.all([once(server, 'secure'), once(client, 'secure')]);
    t.is(server.getProtocol(), protocol);
    server.resume();
    client.write('x');
    client.end();
    client.resume();
    await once(server, 'close');
    t.is(count, 1);
  });

  test(`a megabyte each way at once, through a narrow pipe, ${protocol}`, async (t) => {
    const { server, client } = sockets(protocol);
    const data = Buffer.alloc(1_000_000, 'sslctx');
    const received = [read(server), read(client)];
    server.end(data);
    client.end(data);
    for (const each of await Promise.all(received)) t.true(each.equals(data));
  });

  test(`writes finish no sooner than the peer takes them, ${protocol}`, async (t) => {
    const { server, client, clientEnd } = sockets(protocol);
    await Promise.all([once(server, 'secure'), once(client, 'secure')]);
    clientEnd.pause();
    let isWritten = false;
    server.write(Buffer.alloc(100_000), () => {
      isWritten = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    t.false(isWritten);
    t.true(server.writableNeedDrain);
    const drained = once(server, 'drain');
    client.resume();
    clientEnd.resume();
    await drained;
    t.true(isWritten);
    server.destroy();
    await once(client, 'close');
  });

  test(`a socket that nobody reads takes no more than its buffer, ${protocol}`, async (t) => {
    const { server, client, serverEnd } = sockets(protocol);
    await Promise.all([once(server, 'secure'), once(client, 'secure')]);
    client.write(Buffer.alloc(1_000_000));
    await new Promise((resolve) => setImmediate(resolve));
    t.true(serverEnd.isPaused());
    t.true(server.readableLength <= 2 * server.readableHighWaterMark + 65_536);
    server.destroy();
    client.destroy();
  });

  test(`a stream that fails is an error of the socket, ${protocol}`, async (t) => {
    const { server, client, serverEnd, context } = sockets(protocol);
    await Promise.all([once(server, 'secure'), once(client, 'secure')]);
    t.is(context.stats.number, 1);
    const error = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    const failed = once(server, 'error');
    serverEnd.destroy(error);
    t.is((await failed)[0], error);
    t.is(context.stats.number, 0, 'libssl does not trust the session of a broken connection');
    t.is(server.getProtocol(), null);
    client.destroy();
  });

  test(`a stream that fails in the handshake, ${protocol}`, async (t) => {
    const { server, client, serverEnd } = sockets(protocol);
    const failed = once(server, 'error');
    serverEnd.destroy(new Error('reset'));
    t.is((await failed)[0].message, 'reset');
    client.on('error', () => {});
    client.destroy();
  });

  test(`what waits for a handshake that fails, fails with it, ${protocol}`, async (t) => {
    const { server, client } = sockets(protocol, {}, { servername: 'example.org' });
    server.on('error', () => {});
    client.on('error', () => {});
    const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
      client.write('secret', resolve);
    });
    t.truthy(error);
    t.is(client.errored && 'code' in client.errored ? client.errored.code : undefined, 'ERR_TLS_CERT_ALTNAME_INVALID');
    server.destroy();
  });

  test(`the peer learns by an alert why the handshake failed, ${protocol}`, async (t) => {
    const { server, client } = sockets(protocol, {}, { servername: 'example.org' });
    client.on('error', () => {});
    const [error] = await once(server, 'error');
    // Nothing that the outside should know more of.
    t.regex(error.code, /^ERR_SSL_(SSLV3|SSL_TLS|TLS)_ALERT_BAD_CERTIFICATE$/);
  });

  test(`destroy says goodbye, ${protocol}`, async (t) => {
    const { server, client, context } = sockets(protocol);
    await Promise.all([once(server, 'secure'), once(client, 'secure')]);
    const received = read(client);
    server.write('half', () => server.destroy());
    t.is((await received).toString(), 'half');
    t.false(client.isTruncated);
    t.is(context.stats.number, 1);
  });

  test(`a session resumes over another stream, ${protocol}`, async (t) => {
    const { server, client, context } = sockets(protocol);
    await Promise.all([once(server, 'secure'), once(client, 'secure')]);
    // With TLS 1.3, the ticket comes with the first data.
    server.write('x');
    await once(client, 'data');
    const session = client.getSession();
    client.end();
    client.resume();
    server.resume();
    await once(server, 'close');
    const [serverEnd, clientEnd] = pipe();
    const again = new SslSocket(serverEnd, { context, isServer: true });
    const other = new SslSocket(clientEnd, { context: clientContext(), servername: 'localhost', session });
    await Promise.all([once(again, 'secure'), once(other, 'secure')]);
    t.true(again.isSessionReused());
    t.deepEqual(again.resumption, {
      offered: true,
      kind: protocol === 'TLSv1.2' ? 'session-id' : 'stateful-ticket',
      accepted: true,
    });
    again.destroy();
    other.destroy();
  });
}
