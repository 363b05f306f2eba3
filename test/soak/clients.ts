// What clients do in their many ways, good and bad, in rounds beside the load.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { get } from '../../src/http/https.ts';
import {
  type ConnectOptions,
  connect,
  createServer,
  loadSessions,
  SslAgent,
  SslContext,
  type SslSession,
  type SslSocket,
  saveSessions,
} from '../../src/index.ts';
import type { Servers } from './servers.ts';

const payload = Buffer.alloc(200_000, 'soak');

export class Clients {
  rounds = 0;
  readonly #servers: Servers;
  readonly #pem: { cert: string; key: string };
  readonly #context: SslContext;
  readonly #agents: SslAgent[];
  readonly #file: string;
  readonly #key = randomBytes(32);
  #session: SslSession | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(servers: Servers, pem: { cert: string; key: string }, folder: string) {
    this.#servers = servers;
    this.#pem = pem;
    this.#context = new SslContext({ ca: pem.cert, sessionCache: { mode: ['client', 'no-internal'] } });
    this.#agents = [true, false].map((keepAlive) => new SslAgent({ ca: pem.cert, keepAlive, maxCachedSessions: 20 }));
    this.#file = `${folder}/sessions`;
  }

  /** Rejects with what has gone wrong. */
  start(): Promise<void> {
    this.#isStopped = false;
    this.#running = this.#run();
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  end(): void {
    for (const agent of this.#agents) agent.destroy();
    this.#session?.free();
    this.#context.free();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#round();
      this.rounds++;
      // The load is what has to get on.
      await pause(100);
    }
  }

  async #round(): Promise<void> {
    const { ports } = this.#servers;
    await Promise.all(this.#agents.map((agent) => this.#request(agent)));
    await this.#talk(this.#open({ port: ports.ids, servername: 'a.example' }));
    await this.#talk(this.#open({ port: ports.store, servername: 'b.example' }));
    await this.#early();
    await this.#stream();
    await this.#abort();
    await this.#halfOpen();
    await this.#administer();
    await this.#passing();
  }

  #open(how: ConnectOptions): SslSocket {
    const common = { host: '127.0.0.1', servername: 'localhost', context: this.#context };
    return connect({ ...common, ...how });
  }

  /** Until the server has given back what it was told. */
  async #talk(socket: SslSocket): Promise<void> {
    let length = 0;
    socket.on('data', (data: Buffer) => {
      length += data.length;
    });
    socket.end(payload);
    await once(socket, 'close');
    if (length !== payload.length + 1) throw new Error(`${length} of ${payload.length + 1} bytes have come back`);
  }

  #request(agent: SslAgent): Promise<void> {
    return new Promise((resolve, reject) => {
      const where = { host: 'localhost', port: this.#servers.ports.https, agent };
      get(where, (response) => response.resume().once('end', resolve)).once('error', reject);
    });
  }

  async #early(): Promise<void> {
    const session = this.#session;
    const socket = this.#open({
      port: this.#servers.ports.early,
      session,
      ...(session === undefined ? {} : { earlyData: Buffer.from('early') }),
    });
    socket.once('session', (made: SslSession) => {
      this.#session = made;
    });
    socket.once('data', () => socket.end());
    await once(socket.resume(), 'close');
    session?.free();
    if (this.#session === session) this.#session = undefined;
  }

  async #stream(): Promise<void> {
    const [one, other] = streams();
    this.#servers.all.ids.emit('connection', other);
    await this.#talk(this.#open({ socket: one }));
  }

  /** In every stage. */
  async #abort(): Promise<void> {
    for (const port of [this.#servers.ports.ids, this.#servers.ports.store, this.#servers.ports.threads]) {
      for (const event of ['connect', 'secureConnect', 'data']) {
        const socket = this.#open({ port });
        const over = closed(socket);
        socket.once(event, () => socket.destroy(event === 'data' ? new Error('enough') : undefined));
        await over;
      }
    }
  }

  /** Says nothing, or garbage, or goes; the server ends what is left after its time. */
  async #halfOpen(): Promise<void> {
    const { ring, ids } = this.#servers.ports;
    connectTcp({ port: ring, host: '127.0.0.1' })
      .on('error', () => {})
      .resume();
    const garbage = connectTcp({ port: ids, host: '127.0.0.1' }).resume();
    const over = closed(garbage);
    garbage.end('GET / HTTP/1.0\r\n\r\n');
    await over;
  }

  /** What operators do. */
  async #administer(): Promise<void> {
    const { all, ring } = this.#servers;
    const { context } = all.ids;
    for (const session of context.sessions()) {
      context.removeSession(session);
      break;
    }
    if (this.rounds % 5 === 0) ring.rotate(randomBytes(32));
    ring.revoke(`user ${this.rounds}`, { until: Math.floor(Date.now() / 1000) + 2 });
    if (this.rounds % 7 === 0) await all.store.sessionStore?.revoke(randomBytes(32));
    if (this.rounds % 11 === 0) all.early.context.clearSessions();
    if (this.rounds % 3 === 0) {
      await saveSessions(context, this.#file, { key: this.#key });
      const other = new SslContext({ tickets: 'stateful' });
      await loadSessions(other, this.#file, { key: this.#key, anyIdContext: true });
      other.free();
      await rm(this.#file);
    }
    all.ids.addContext('a.example', { ...this.#pem, tickets: 'stateful', sessionCache: { size: 50 } });
  }

  /** Servers and contexts that come and go, half of them without a word. */
  async #passing(): Promise<void> {
    const server = createServer({ ...this.#pem, tickets: 'stateful' }, (socket) =>
      socket.on('error', () => {}).end('x'),
    );
    server.listen({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string' || address.port === undefined) throw new Error('no port');
    await once(this.#open({ port: address.port }).resume(), 'close');
    server.close();
    await once(server, 'close');
    if (this.rounds % 2 === 0) server.context.free();
  }
}

/** With an error or without. */
function closed(stream: Duplex): Promise<void> {
  stream.on('error', () => {});
  return new Promise((resolve) => stream.once('close', () => resolve()));
}

/** Two ends of one connection that is no socket. */
function streams(): [Duplex, Duplex] {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, callback) {
        other().push(chunk);
        callback();
      },
      final(callback) {
        other().push(null);
        callback();
      },
    });
  const one: Duplex = end(() => two);
  const two: Duplex = end(() => one);
  return [one, two];
}
