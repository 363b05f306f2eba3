// Child of bad-connections.test.ts: clients that come and go in every bad way, and good ones beside them.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface Order {
  port: number;
  ca: string;
  /** How many bad connections. */
  count: number;
}

export interface Result {
  bad: Record<string, number>;
  good: number;
  resumed: number;
}

/** More than a listener accepts in many turns, and fewer than descriptors. */
const atOnce = 40;
const slowAtOnce = 300;
const payload = Buffer.alloc(100_000, 'x');

type Way = (port: number, ca: string, index: number) => Promise<unknown>;

/** Each protocol's client hello, as node:tls writes it. */
const hellos = (['TLSv1.2', 'TLSv1.3'] as const).map((version) => {
  let hello = Buffer.alloc(0);
  const sink = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, callback) {
      hello = Buffer.concat([hello, chunk]);
      callback();
    },
  });
  const socket = connectTls({ socket: sink, servername: 'localhost', minVersion: version, maxVersion: version });
  socket.on('error', () => {});
  return () => {
    socket.destroy();
    if (hello.length === 0) throw new Error('node:tls has written no client hello');
    return hello;
  };
});

function helloFor(index: number): Buffer {
  return hellos[index % 2]?.() ?? Buffer.alloc(0);
}

async function tcp(port: number): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
  // Resets are what these are for.
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** To the end, which the server makes. */
async function untilClosed(socket: Socket): Promise<void> {
  socket.on('end', () => socket.end());
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
}

async function tls(port: number, ca: string, index: number): Promise<{ raw: Socket; socket: TLSSocket }> {
  const raw = await tcp(port);
  const version = index % 2 === 0 ? 'TLSv1.2' : 'TLSv1.3';
  const socket = connectTls({ socket: raw, ca, servername: 'localhost', minVersion: version, maxVersion: version });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return { raw, socket };
}

const ways: Record<string, Way> = {
  async 'leaves without a word'(port) {
    (await tcp(port)).destroy();
  },
  async 'half-closes without a word'(port) {
    await untilClosed((await tcp(port)).end());
  },
  async garbage(port, _ca, index) {
    const socket = await tcp(port);
    socket.write(Buffer.alloc(1 + (index % 500), `garbage ${index}`));
    socket.end();
    await untilClosed(socket);
  },
  async 'truncated hello'(port, _ca, index) {
    const hello = helloFor(index);
    await untilClosed((await tcp(port)).end(hello.subarray(0, 1 + (index % (hello.length - 1)))));
  },
  async 'half-closes behind the hello'(port, _ca, index) {
    await untilClosed((await tcp(port)).end(helloFor(index)));
  },
  async 'leaves in the handshake'(port, _ca, index) {
    const socket = await tcp(port);
    socket.write(helloFor(index));
    await once(socket, 'data');
    socket.destroy();
  },
  async 'resets behind a part of the hello'(port, _ca, index) {
    const socket = await tcp(port);
    await new Promise((resolve) => socket.write(helloFor(index).subarray(0, 50), resolve));
    socket.resetAndDestroy();
  },
  async 'resets in the handshake'(port, _ca, index) {
    const socket = await tcp(port);
    socket.write(helloFor(index));
    await once(socket, 'data');
    socket.resetAndDestroy();
  },
  async 'resets behind its data'(port, ca, index) {
    const { raw, socket } = await tls(port, ca, index);
    await new Promise((resolve) => socket.write('the last words', resolve));
    raw.resetAndDestroy();
  },
  async 'leaves in the middle of data'(port, ca, index) {
    const { raw, socket } = await tls(port, ca, index);
    socket.write(payload);
    await once(socket, 'data');
    raw.destroy();
  },
  async 'never reads'(port, ca, index) {
    const { raw, socket } = await tls(port, ca, index);
    await new Promise((resolve) => socket.write('flood', resolve));
    raw.pause();
    await new Promise(setImmediate);
    raw.resetAndDestroy();
  },
};

/** A byte at a time, until the server has had enough. */
async function slowLoris(port: number, _ca: string, index: number): Promise<void> {
  const socket = await tcp(port);
  const hello = helloFor(index);
  let at = 0;
  const timer = setInterval(() => {
    if (socket.writable && at < hello.length - 1) socket.write(hello.subarray(at, ++at));
  }, 50);
  await untilClosed(socket);
  clearInterval(timer);
}

/** `done` counts by name. */
async function drop(
  name: string,
  way: Way,
  count: number,
  parallel: number,
  order: Order,
  done: Result,
): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      await way(order.port, order.ca, next++);
      done.bad[name] = (done.bad[name] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, client));
}

/** A connection that means well: resumes, says something, hears it again. Returns its newest session. */
async function visit({ port, ca }: Order, index: number, session: Buffer | undefined, done: Result): Promise<Buffer> {
  const version = index % 2 === 0 ? 'TLSv1.2' : 'TLSv1.3';
  const protocol = { minVersion: version, maxVersion: version } as const;
  const socket = connectTls({ port, host: '127.0.0.1', ca, servername: 'localhost', session, ...protocol });
  let newest = session;
  socket.on('session', (made: Buffer) => {
    newest = made;
  });
  const text = `visit ${index}`;
  let heard = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    heard += part;
    if (heard.length >= text.length) socket.end();
  });
  socket.write(text);
  await once(socket, 'secureConnect');
  if (socket.isSessionReused()) done.resumed++;
  await once(socket, 'close');
  if (heard !== text || newest === undefined) throw new Error(`visit ${index}: heard '${heard}'`);
  done.good++;
  return newest;
}

async function run(order: Order): Promise<Result> {
  const done: Result = { bad: {}, good: 0, resumed: 0 };
  let isOver = false;
  const visits = (async () => {
    const sessions: Array<Buffer | undefined> = [undefined, undefined];
    for (let index = 0; !isOver; index++) sessions[index % 2] = await visit(order, index, sessions[index % 2], done);
  })();
  const names = Object.entries(ways);
  const share = Math.floor(order.count / (names.length + 1));
  const slow = drop('slow loris', slowLoris, order.count - share * names.length, slowAtOnce, order, done);
  for (const [name, way] of names) await drop(name, way, share, atOnce, order, done);
  await slow;
  isOver = true;
  await visits;
  return done;
}

process.once('message', async (order: Order) => {
  await new Promise(setImmediate);
  const result = await run(order);
  process.send?.(result);
  process.disconnect();
});
