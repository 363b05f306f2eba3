// Master keys are shown by functions that say so in their names, and by nothing else.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import test from 'ava';
import { Registry } from 'prom-client';
import * as capi from '../../src/capi/index.ts';
import { serveControl } from '../../src/control/index.ts';
import {
  connect,
  createServer,
  KeyRing,
  MemorySessionStore,
  SslAgent,
  SslContext,
  SslSession,
  TicketKeyRing,
} from '../../src/index.ts';
import { collectMetrics } from '../../src/metrics/index.ts';
import {
  certificate,
  clientContext,
  close,
  connect as joinPair,
  protocols,
  serverContext,
} from '../helpers/classes.ts';
import { createSslConnection, createSslCtxPair, createSslObjects } from '../helpers/pair.ts';
import { SIGNATURES } from '../misuse/signatures.ts';
import { listenOn } from '../net/listen.ts';
import { formOf, printed } from './secrets.ts';

test('a secret is found in each form', (t) => {
  const secret = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');
  t.is(formOf(secret, printed(secret)), 'spaced');
  t.is(formOf(secret, printed({ key: secret.toString('hex') })), 'hexadecimal');
  t.is(formOf(secret, `text ${Buffer.concat([Buffer.from('x'), secret]).toString('base64')}`), 'shiftedTwice');
  t.is(formOf(secret, printed(new Uint8Array(secret))), 'decimal');
  t.is(formOf(secret, printed(secret.toString('latin1'))), 'latin1');
  t.is(formOf(secret, printed(Buffer.alloc(16))), undefined);
});

/** These say so: the key, the encoded session, and C's own functions that print it. */
const telling = new Set(['exportMasterKey', 'toDER', 'toPEM']);
const tellingInC = new Set(['SSL_SESSION_get_master_key', 'i2d_SSL_SESSION', 'SSL_SESSION_print_keylog']);

/** Each member of an object's class without its arguments: the values of getters and the results of methods. */
function* membersOf(object: object): Generator<[string, unknown]> {
  for (let place = Object.getPrototypeOf(object); place !== Object.prototype; place = Object.getPrototypeOf(place)) {
    for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(place))) {
      if (['constructor', 'free', 'clearSessions', 'flushSessions'].includes(name)) continue;
      const member: unknown = get ?? value;
      if (typeof member !== 'function') continue;
      try {
        const result: unknown = Reflect.apply(member, object, []);
        const isList = typeof result === 'object' && result !== null && Symbol.iterator in result;
        yield [name, isList && !(result instanceof Uint8Array) ? Array.from(Object(result)) : result];
      } catch (error) {
        yield [name, error];
      }
    }
  }
}

for (const protocol of protocols) {
  for (const tickets of ['stateless', 'stateful'] as const) {
    test(`no member of a class tells the key of a session, ${protocol}, ${tickets}`, (t) => {
      const [server, client] = [serverContext(protocol, { tickets }), clientContext()];
      const pair = joinPair(server, client);
      const session = pair.client.session;
      t.truthy(session);
      if (session === undefined) return;
      const secret = session.exportMasterKey();
      server.addSession(SslSession.create({ masterKey: secret, protocol }));
      const told: string[] = [];
      for (const object of [session, server, client, pair.client, pair.server]) {
        t.is(formOf(secret, printed(object)), undefined);
        for (const [name, value] of membersOf(object)) {
          if (formOf(secret, printed(value)) !== undefined) told.push(name);
        }
      }
      // In TLS 1.3 the DER of the session has the resumption secret, as in TLS 1.2 the master key.
      t.deepEqual(
        told.filter((name) => !telling.has(name)),
        [],
      );
      t.true(told.includes('exportMasterKey') && told.includes('toDER'));
      t.not(formOf(secret, session.toText({ masterKey: true })), undefined);
      // Their methods have been called in any order.
      pair.client.free();
      pair.server.free();
    });
  }
}

test('no function of capi tells the key of a session, but for those that say so', (t) => {
  const { sctx, cctx } = createSslCtxPair(capi.TLS1_2_VERSION, capi.TLS1_2_VERSION);
  const pair = createSslObjects(sctx, cctx);
  t.true(createSslConnection(pair));
  const session = capi.SSL_get1_session(pair.client);
  t.truthy(session);
  if (session === null) return;
  const secret = capi.SSL_SESSION_get_master_key(session);
  const handles = { SSL_CTX: cctx, SSL: pair.client, SSL_SESSION: session, BIO: capi.BIO_new(capi.BIO_s_mem()) };
  const told: string[] = [];
  let called = 0;
  for (const [name, { parameters, frees }] of Object.entries(SIGNATURES)) {
    const isAbout = parameters.some(({ kind }) => kind === 'SSL_SESSION' || kind === 'SSL' || kind === 'SSL_CTX');
    if (!isAbout || frees === true || name.includes('.') || /_set|_clear|shutdown|_remove_|flush/.test(name)) continue;
    const values = parameters.map(({ kind, valid }) => {
      if (kind === 'out') return Buffer.alloc(4096);
      return kind in handles ? Reflect.get(handles, kind) : valid;
    });
    let result: unknown;
    try {
      const run: unknown = Reflect.get(capi, name);
      if (typeof run !== 'function') continue;
      result = Reflect.apply(run, undefined, values);
      called++;
    } catch (error) {
      result = error;
    }
    if (formOf(secret, printed([result, ...values])) !== undefined) told.push(name);
  }
  t.true(called > 80, `${called}`);
  t.deepEqual(told.sort(), [...tellingInC].filter((name) => told.includes(name)).sort());
  t.true(told.includes('SSL_SESSION_get_master_key') && told.includes('i2d_SSL_SESSION'));
});

/** Keeps what each channel of diagnostics is told. */
function listenToAll(messages: unknown[]): () => void {
  const names = ['server:handshake', 'server:error', 'client:handshake', 'client:error', 'store:lookup', 'store:write'];
  const listener = (message: unknown): void => void messages.push(message);
  for (const name of names) subscribe(`sslctx:${name}`, listener);
  return () => {
    for (const name of names) unsubscribe(`sslctx:${name}`, listener);
  };
}

test.serial('servers, clients, stores, metrics, diagnostics, control sockets and errors tell no key', async (t) => {
  const told: unknown[] = [];
  t.teardown(listenToAll(told));
  const sessionStore = new MemorySessionStore();
  const server = createServer({ ...certificate(), sessionStore, sessionCache: { mode: ['server'] } }, (socket) => {
    told.push(socket, socket.resumption, printed(socket));
    socket.resume();
  });
  server.on('tlsClientError', (...args) => told.push(args));
  const port = await listenOn(t, server);
  const registry = new Registry();
  using _metrics = collectMetrics(registry, { contexts: { shop: server.context } });
  const path = join(tmpdir(), `sslctx-secrets-${process.pid}`);
  const control = await serveControl(server.context, path);
  t.teardown(() => control.close());

  const agent = new SslAgent({ ...certificate(), ca: certificate().cert });
  const context = clientContext({ sessionCache: { mode: ['client', 'no-internal'] } });
  const secrets: Buffer[] = [];
  let session: SslSession | undefined;
  for (let visit = 0; visit < 3; visit++) {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', context, session });
    socket.on('session', (next) => {
      session = next;
      secrets.push(next.exportMasterKey());
    });
    await once(socket, 'session');
    told.push(socket, printed(socket), session, ...socket.eventNames());
    socket.destroy();
    await once(socket, 'close');
  }
  await server.sessionStore?.flush();
  const untrusted = connect({ port, host: '127.0.0.1', servername: 'localhost', session });
  told.push(...(await once(untrusted, 'error')));
  t.is(secrets.length >= 3, true);

  const raw = connectPlain(path).setEncoding('utf8');
  raw.write('{"id":1,"method":"info"}\n{"id":2,"method":"list"}\n{"id":3,"method":"show","params":{"id":"');
  raw.write(`${[...server.context.sessions()][0]?.id.toString('hex')}"}}\n`);
  let answers = '';
  for await (const part of raw) {
    answers += part;
    if (answers.split('\n').length > 4) break;
  }
  t.regex(answers, /"id":3,"result"/);
  told.push(
    answers,
    await registry.metrics(),
    server,
    server.context,
    server.sessionStore,
    sessionStore,
    agent,
    registry,
  );
  const text = printed(told);
  for (const secret of secrets) t.is(formOf(secret, text), undefined);
  t.is(formOf(Buffer.from(privateKey(), 'base64'), text), undefined);
  t.false(text.includes(privateKey().slice(0, 40)));
});

/** The base64 of the private key of these tests. */
function privateKey(): string {
  return certificate()
    .key.split('\n')
    .filter((line) => !line.startsWith('-'))
    .join('');
}

test('rings, agents and contexts show neither their keys nor their passphrases', (t) => {
  const secret = Buffer.alloc(32, 0xa7);
  const ticketKeys = Buffer.alloc(80, 0xa7);
  const agent = new SslAgent({ ...certificate(), passphrase: 'open sesame' });
  const name = agent.getName({ host: 'localhost', port: 443 });
  const all = [
    new KeyRing(secret),
    new TicketKeyRing({ secret }),
    createServer({ ...certificate(), ticketKeys }),
    agent,
  ];
  const text = printed([...all, name, new SslContext({ ...certificate(), ticketKeys })]);
  t.is(formOf(secret.subarray(0, 16), text), undefined);
  t.false(text.includes(privateKey().slice(0, 40)));
  t.false(text.includes('open sesame'));
});

test.serial('the JavaScript heap, of which snapshots are made, has no master key', (t) => {
  const server = serverContext('TLSv1.3', { tickets: 'stateful' });
  const pair = joinPair(server, clientContext());
  const kept = [...server.sessions(), pair.client.session].filter((each) => each !== undefined);
  for (const session of kept) session.toText();
  // libssl's memory has it, and this copy outside of the heap.
  const secrets = kept.map((session) => session.exportMasterKey());
  const file = writeHeapSnapshot(join(tmpdir(), `sslctx-${process.pid}.heapsnapshot`));
  t.teardown(() => rmSync(file));
  const snapshot = readFileSync(file, 'latin1');
  t.true(snapshot.includes('SslSession'));
  for (const secret of secrets) t.is(formOf(secret, snapshot), undefined);
  close(pair);
});
