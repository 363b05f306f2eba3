// Handshakes that do not wait for JavaScript, because their client hellos ask it for nothing.
import { once } from 'node:events';
import net from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import test from 'ava';
import { SslChannel } from '../../src/channel.ts';
import {
  attachSessionStore,
  EncryptedSessionStore,
  KeyRing,
  MemorySessionStore,
  type SslServerOptions,
} from '../../src/index.ts';
import { protocols } from '../helpers/classes.ts';
import { fail, type Listening, listen } from './servers.ts';

// How often JavaScript has answered a client hello, in all of this file: hence the serial tests.
let answers = 0;
const { resume } = SslChannel.prototype;
SslChannel.prototype.resume = function (answer) {
  answers++;
  resume.call(this, answer);
};

/** Node's own types do not have this option of its documentation. */
type ClientOptions = ConnectionOptions & { requestOCSP?: boolean };

interface Visit {
  reused: boolean;
  session: Buffer | undefined;
  /** Of this connection alone. */
  answers: number;
}

/** A client of Node's own OpenSSL, which can do TLS 1.3 unless told otherwise. */
async function visit({ server, port }: Listening, options: ClientOptions = {}): Promise<Visit> {
  const before = answers;
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  let session: Buffer | undefined;
  client.on('session', (latest: Buffer) => {
    session = latest;
  });
  client.resume();
  await once(client, 'secureConnect');
  const reused = client.isSessionReused();
  await once(client, 'close');
  await server.sessionStore?.flush();
  return { reused, session, answers: answers - before };
}

for (const protocol of protocols) {
  const version = { minVersion: protocol, maxVersion: protocol };

  test.serial(`a client that offers no session does not wait, ${protocol}`, async (t) => {
    const listening = await listen(t, { sessionStore: new MemorySessionStore() });
    const first = await visit(listening, version);
    t.like(first, { reused: false, answers: 0 });
    const statistics = () => listening.server.sessionStore?.statistics;
    t.like(statistics(), { lookups: 0, foreign: 0 });
    t.true((statistics()?.writes ?? 0) > 0, 'its sessions are stored');
    t.like(await visit(listening, { ...version, session: first.session }), { reused: true, answers: 1 });
    t.like(statistics(), { lookups: 1, hits: 1 });
  });

  test.serial(`a server that can do both versions, ${protocol}`, async (t) => {
    const listening = await listen(t, { sessionStore: new MemorySessionStore() });
    const { session } = await visit(listening, version);
    t.like(await visit(listening), { answers: 0 }, 'random bytes in place of an ID');
    // With a session of TLS 1.2 there is an ID that the server knows.
    t.like(await visit(listening, { session }), { answers: 1, reused: protocol === 'TLSv1.3' });
  });

  test.serial(`an ID under a key that has just been added, ${protocol}`, async (t) => {
    const inner = new MemorySessionStore();
    const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] as const;
    const ring = new KeyRing(keys[0]);
    const versions: SslServerOptions = { maxVersion: protocol };
    const one = await listen(t, { ...versions, sessionStore: new EncryptedSessionStore(inner, ring) });
    const two = await listen(t, { ...versions, sessionStore: new EncryptedSessionStore(inner, keys[1]) });
    t.like(await visit(one), { reused: false });
    const { session } = await visit(two);
    ring.add(keys[1]);
    t.like(await visit(one, { session }), { reused: true });
  });

  test.serial(`a label on a connection that did not wait, ${protocol}`, async (t) => {
    const listening = await listen(t, { sessionStore: new MemorySessionStore() }, (socket) => {
      socket.labelSession('alice').then(() => socket.end('hello\n'), fail(t));
    });
    const { session } = await visit(listening, version);
    t.like(await visit(listening, { ...version, session }), { reused: true });
    t.true(((await listening.server.sessionStore?.revoke({ label: 'alice' })) ?? 0) > 0);
    t.like(await visit(listening, { ...version, session }), { reused: false });
  });

  test.serial(`over a stream, ${protocol}`, async (t) => {
    const listening = await listen(t, { sessionStore: new MemorySessionStore() }, (socket) => {
      socket.labelSession('bob').then(() => socket.end('hello\n'), fail(t));
    });
    const front = net.createServer((stream) => listening.server.emit('connection', stream));
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    t.teardown(() => front.close());
    const address = front.address();
    if (address === null || typeof address === 'string') return t.fail();
    const streamed = { server: listening.server, port: address.port };
    const { session, ...first } = await visit(streamed, version);
    t.like(first, { reused: false, answers: 0 });
    t.like(await visit(streamed, { ...version, session }), { reused: true, answers: 1 });
    t.true(((await listening.server.sessionStore?.revoke({ label: 'bob' })) ?? 0) > 0);
  });
}

test.serial('a client that is asked for another key share', async (t) => {
  const listening = await listen(t, { sessionStore: new MemorySessionStore(), ecdhCurve: 'P-384' });
  const options = { ecdhCurve: 'X25519:P-384' };
  const { session, ...first } = await visit(listening, options);
  t.like(first, { reused: false, answers: 0 });
  t.like(await visit(listening, { ...options, session }), { reused: true, answers: 1 });
});

test.serial('each question is asked by those hellos that have it', async (t) => {
  const asks = async (
    options: SslServerOptions,
    client: ClientOptions,
    prepare = (_: Listening): void => {},
  ): Promise<number> => {
    const listening = await listen(t, options);
    prepare(listening);
    return (await visit(listening, { maxVersion: 'TLSv1.2', ...client })).answers;
  };
  const ALPNCallback: SslServerOptions['ALPNCallback'] = ({ protocols: [first] }) => first;
  const SNICallback: SslServerOptions['SNICallback'] = (_name, callback) => callback(null);
  const alpn = { ALPNProtocols: ['h2'] };
  const named = { servername: 'example.org' };
  const host = ({ server }: Listening): void => server.addContext('example.com', {});
  const staple = ({ server }: Listening): void => {
    server.on('OCSPRequest', (_certificate, _issuer, callback) => callback(null));
  };
  const lookup = ({ server }: Listening): void => {
    server.on('resumeSession', (_id, callback) => callback(null));
  };
  for (const sessionStore of [undefined, new MemorySessionStore()]) {
    t.is(await asks({ sessionStore, ALPNCallback }, named), 0);
    t.is(await asks({ sessionStore, ALPNCallback }, alpn), 1);
    t.is(await asks({ sessionStore, SNICallback }, alpn), 0);
    t.is(await asks({ sessionStore, SNICallback }, named), 1);
    t.is(await asks({ sessionStore }, alpn, host), 0);
    t.is(await asks({ sessionStore }, named, host), 1);
    t.is(await asks({ sessionStore }, named, staple), 0);
    t.is(await asks({ sessionStore }, { requestOCSP: true }, staple), 1);
    t.is(await asks({ sessionStore }, named, lookup), 0);
  }
  t.is(await asks({}, { maxVersion: 'TLSv1.3' }, lookup), 1, 'any ID is one for resumeSession');
});

test.serial('a store that the context gets when its server runs', async (t) => {
  const listening = await listen(t, { ALPNCallback: ({ protocols: [first] }) => first });
  const store = attachSessionStore(listening.server.context, new MemorySessionStore());
  await store.ready;
  const { session, ...first } = await visit(listening);
  t.like(first, { answers: 0 });
  t.true(store.statistics.writes > 0);
  t.like(await visit(listening, { session }), { reused: true, answers: 1 });
});
