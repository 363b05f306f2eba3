// `onread`: plaintext in the user's own buffer, of clients and servers, as Node's sockets have it.
import { once } from 'node:events';
import { connect as connectPlain, createServer as createPlainServer, type Socket } from 'node:net';
import { connect as connectNode, createServer as createNodeServer } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import * as nodeCompatible from '../../src/http/tls.ts';
import { connect, createServer, type OnReadOptions, type SslServerOptions, SslSocket } from '../../src/index.ts';
import { certificate, clientContext, protocols } from '../helpers/classes.ts';
import { listenOn } from './listen.ts';

const { cert, key } = certificate();
const bulk = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));

/** Keeps copies of what it is given. */
class Taken {
  readonly pieces: Buffer[] = [];
  readonly buffers = new Set<Uint8Array>();
  readonly callback = (length: number, buffer: Uint8Array): boolean => {
    this.pieces.push(Buffer.from(buffer.subarray(0, length)));
    this.buffers.add(buffer);
    return true;
  };
  get all(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

async function bulkServer(t: ExecutionContext, protocol: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<number> {
  return listenOn(
    t,
    createServer({ cert, key, minVersion: protocol, maxVersion: protocol }, (socket) =>
      socket.on('error', () => {}).end(bulk),
    ),
  );
}

function client(port: number, onread: OnReadOptions): SslSocket {
  return connect({ port, host: '127.0.0.1', servername: 'localhost', context: clientContext(), onread });
}

for (const protocol of protocols) {
  test(`a client reads into its buffer, ${protocol}`, async (t) => {
    const port = await bulkServer(t, protocol);
    const taken = new Taken();
    const buffer = new Uint8Array(5000);
    const socket = client(port, { buffer, callback: taken.callback });
    socket.on('data', () => t.fail('there is nothing to stream'));
    await once(socket, 'end');
    t.true(taken.all.equals(bulk));
    t.deepEqual([...taken.buffers], [buffer]);
    t.true(taken.pieces.every(({ length }) => length > 0 && length <= 5000));
  });

  test(`over a stream, ${protocol}`, async (t) => {
    const port = await bulkServer(t, protocol);
    const stream = connectPlain({ port, host: '127.0.0.1', allowHalfOpen: true });
    const taken = new Taken();
    const onread = { buffer: new Uint8Array(50_000), callback: taken.callback };
    const socket = new SslSocket(stream, { context: clientContext(), servername: 'localhost', onread });
    await once(socket, 'end');
    t.true(taken.all.equals(bulk));
  });

  test(`a server's sockets have one buffer, ${protocol}`, async (t) => {
    const uploads = new Map<string, Taken>();
    const buffer = Buffer.alloc(20_000);
    let current = '';
    const options: SslServerOptions = {
      onread: {
        buffer,
        callback(length, bytes) {
          // Without a socket at hand: the first byte says whose it is.
          current = String.fromCharCode(bytes[0] ?? 0);
          const taken = uploads.get(current) ?? new Taken();
          uploads.set(current, taken);
          return taken.callback(length, bytes);
        },
      },
    };
    const server = createServer({ cert, key, minVersion: protocol, maxVersion: protocol, ...options });
    const port = await listenOn(t, server);
    const upload = async (letter: string): Promise<void> => {
      const socket = connectNode({ port, host: '127.0.0.1', ca: cert, servername: 'localhost' });
      socket.resume().end(Buffer.alloc(100_000, letter));
      await once(socket, 'close');
    };
    await Promise.all(['a', 'b'].map(upload));
    for (const letter of ['a', 'b']) t.true(uploads.get(letter)?.all.equals(Buffer.alloc(100_000, letter)));
  });
}

interface NodeOnRead {
  buffer: Uint8Array | (() => Uint8Array);
  callback: (length: number, bytes: Uint8Array) => boolean;
}

const toLocalhost = { host: '127.0.0.1', ca: cert, servername: 'localhost' };
/** The same client of ours and of Node's. */
const clients = {
  'sslctx/tls': (port: number, onread: NodeOnRead) => nodeCompatible.connect({ port, ...toLocalhost, onread }),
  'node:tls': (port: number, onread: NodeOnRead) => {
    // @types/node forgets that tls.connect takes what net.connect takes.
    const options = { port, ...toLocalhost, onread };
    return connectNode(options);
  },
};

for (const [name, start] of Object.entries(clients)) {
  test(`false pauses, resume goes on, and the end comes, ${name}`, async (t) => {
    const port = await listenOn(
      t,
      createNodeServer({ cert, key }, (socket) => socket.end(bulk)),
    );
    const taken = new Taken();
    let wasEarly = false;
    const socket = start(port, {
      buffer: Buffer.alloc(100_000),
      callback(length, bytes) {
        taken.callback(length, bytes);
        const { length: count } = taken.pieces;
        setImmediate(() => {
          wasEarly ||= taken.pieces.length !== count;
          socket.resume();
        });
        return false;
      },
    });
    await once(socket, 'end');
    t.true(taken.all.equals(bulk));
    // Node's TLSWrap first hands over what it has decrypted.
    if (name !== 'node:tls') t.false(wasEarly);
  });

  test(`a function gives a buffer for each piece, ${name}`, async (t) => {
    const port = await listenOn(
      t,
      createNodeServer({ cert, key }, (socket) => socket.end(bulk)),
    );
    const taken = new Taken();
    let given = 0;
    const buffer = (): Uint8Array => {
      given++;
      return new Uint8Array(10_000);
    };
    const socket = start(port, { buffer, callback: taken.callback });
    await once(socket, 'end');
    t.true(taken.all.equals(bulk));
    t.is(taken.buffers.size, taken.pieces.length);
    t.is(given, taken.pieces.length + 1);
  });
}

test('nothing is read while a socket is paused from the beginning', async (t) => {
  const port = await bulkServer(t);
  const taken = new Taken();
  const socket = client(port, { buffer: new Uint8Array(1000), callback: taken.callback }).pause();
  await once(socket, 'secureConnect');
  await new Promise((resolve) => setImmediate(resolve));
  t.is(taken.pieces.length, 0);
  socket.resume();
  await once(socket, 'end');
  t.true(taken.all.equals(bulk));
});

test('a paused socket holds the stream underneath', async (t) => {
  const streams: Socket[] = [];
  const server = createServer({ cert, key, onread: { buffer: new Uint8Array(1000), callback: () => false } });
  const door = createPlainServer({ allowHalfOpen: true }, (stream) => {
    streams.push(stream);
    server.emit('connection', stream);
  });
  const port = await listenOn(t, door);
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', context: clientContext() });
  await once(socket, 'secureConnect');
  const [stream] = streams;
  if (stream === undefined) return t.fail();
  const paused = once(stream, 'pause');
  socket.write(bulk);
  await paused;
  t.true(stream.isPaused());
  socket.destroy();
  stream.destroy();
  await server[Symbol.asyncDispose]();
});

test('memory that was given away is an error of the socket', async (t) => {
  const port = await bulkServer(t);
  const buffer = new Uint8Array(1000);
  const socket = client(port, {
    buffer,
    callback() {
      structuredClone(buffer, { transfer: [buffer.buffer] });
      return true;
    },
  });
  const [error] = await once(socket, 'error');
  t.like(error, { code: 'ERR_SSLCTX_STATE' });
});

test('so is memory that has shrunk to nothing; less of it is used where there is less', async (t) => {
  const port = await bulkServer(t);
  const memory = Reflect.construct(ArrayBuffer, [1000, { maxByteLength: 1000 }]);
  const buffer = new Uint8Array(memory);
  const lengths: number[] = [];
  const socket = client(port, {
    buffer,
    callback(length) {
      lengths.push(length);
      memory.resize(memory.byteLength === 1000 ? 100 : 0);
      return true;
    },
  });
  const [error] = await once(socket, 'error');
  t.like(error, { code: 'ERR_SSLCTX_STATE' });
  t.deepEqual(lengths, [1000, 100]);
});

test('memory that threads share will do', async (t) => {
  const port = await bulkServer(t);
  const taken = new Taken();
  const socket = client(port, { buffer: new Uint8Array(new SharedArrayBuffer(3000)), callback: taken.callback });
  await once(socket, 'end');
  t.true(taken.all.equals(bulk));
});

test('so is a buffer that is none', async (t) => {
  const port = await bulkServer(t);
  for (const [wrong, code] of [
    ['text', 'ERR_INVALID_ARG_TYPE'],
    [new Uint8Array(0), 'ERR_INVALID_ARG_VALUE'],
  ] as const) {
    for (const firsts of [0, 1]) {
      let given = 0;
      const buffer = () => (given++ < firsts ? new Uint8Array(10) : wrong);
      const onread = { buffer, callback: () => true };
      const socket = Reflect.apply(client, undefined, [port, onread]);
      const [error] = await once(socket, 'error');
      t.like(error, { code }, `${wrong} after ${firsts}`);
    }
  }
});

test('a socket that its callback destroys is told nothing more', async (t) => {
  const port = await bulkServer(t);
  let count = 0;
  const socket = client(port, {
    buffer: new Uint8Array(10),
    callback() {
      count++;
      socket.destroy();
      return true;
    },
  });
  await once(socket, 'close');
  t.is(count, 1);
});

test('wrong options are refused before anything happens', (t) => {
  const buffer = new Uint8Array(1);
  const callback = () => true;
  const wrong: ReadonlyArray<readonly [unknown, string]> = [
    [null, 'ERR_INVALID_ARG_TYPE'],
    [1, 'ERR_INVALID_ARG_TYPE'],
    [{ buffer }, 'ERR_INVALID_ARG_TYPE'],
    [{ callback }, 'ERR_INVALID_ARG_TYPE'],
    [{ buffer: new Uint16Array(1), callback }, 'ERR_INVALID_ARG_TYPE'],
    [{ buffer: Object.create(Uint8Array.prototype, { length: { value: 5 } }), callback }, 'ERR_INVALID_ARG_TYPE'],
    [{ buffer: new Uint8Array(0), callback }, 'ERR_INVALID_ARG_VALUE'],
  ];
  for (const [onread, code] of wrong) {
    t.throws(() => Reflect.apply(connect, undefined, [{ port: 1, host: '127.0.0.1', onread }]), { code });
    t.throws(() => Reflect.apply(createServer, undefined, [{ cert, key, onread }]), { code });
  }
  const workers = { file: 'none.js' };
  t.throws(() => createServer({ cert, key, workers, onread: { buffer, callback } }), { code: 'ERR_INVALID_ARG_VALUE' });
});
