// The real s_server as a peer.
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import {
  makeCertificate,
  type SServer,
  type SServerOptions,
  sClient,
  sServer,
  TestingError,
} from '../../src/testing/index.ts';

async function serve(t: ExecutionContext, options: SServerOptions = {}): Promise<SServer> {
  const server = await sServer(options);
  t.teardown(() => server.close());
  return server;
}

/** Resolves when nothing at this port holds a connection: it is refused, or it is ended. */
async function connectionEnds(port: number): Promise<void> {
  const socket = net
    .connect(port, '127.0.0.1')
    .on('error', () => {})
    .resume();
  await new Promise((resolve) => socket.on('close', resolve));
}

test('it listens on a free port of its own, with a certificate that the client can trust', async (t) => {
  const one = await serve(t);
  const two = await serve(t);
  t.not(one.port, two.port);
  t.is(one.host, '127.0.0.1');
  t.is((await sClient({ port: one.port, ca: one.cert, verify: true })).verifyResult?.code, 0);
});

test('a certificate given to it is the one that it shows', async (t) => {
  const { cert, key } = makeCertificate({ commonName: 'given' });
  const server = await serve(t, { cert, key });
  t.is(server.cert, cert);
  t.regex((await sClient({ port: server.port })).output, /subject=CN ?= ?given/);
});

test('close ends it; closing again is fine; waiting on it afterwards fails at once', async (t) => {
  const server = await sServer();
  await server.close();
  await server.close();
  await connectionEnds(server.port);
  const error = await t.throwsAsync(server.waitForConnections(1), { instanceOf: TestingError });
  t.is(error?.code, 'ERR_SSLCTX_PROGRAM_FAILED');
});

test('the end of an await using block ends it', async (t) => {
  const server = await sServer();
  const { port } = server;
  t.is((await sClient({ port })).connected, true);
  await server[Symbol.asyncDispose]();
  await t.throwsAsync(sClient({ port }), { code: 'ERR_SSLCTX_PROGRAM_FAILED' });
});

test('an aborted signal ends it', async (t) => {
  const controller = new AbortController();
  const server = await sServer({ signal: controller.signal });
  const waiting = server.waitForConnections(1);
  controller.abort();
  await t.throwsAsync(waiting, { name: 'AbortError' });
  await connectionEnds(server.port);
  await server.close();
});

test('it does not outlive a process that ends without closing it', async (t) => {
  const index = new URL('../../src/testing/index.ts', import.meta.url).href;
  const script = `const { sServer } = await import(${JSON.stringify(index)});
    const server = await sServer();
    process.stdout.write(String(server.port), () => process.exit(0));`;
  const args = [...process.execArgv, '--input-type=module', '--eval', script];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.is(status, 0, stderr);
  await connectionEnds(Number(stdout));
  t.pass();
});

test('it takes no more connections than the session cache mode lets resume', async (t) => {
  for (const [sessionCache, reused] of [
    ['internal', true],
    ['external', true],
    ['off', false],
  ] as const) {
    const server = await serve(t, { protocol: 'TLSv1.2', noTicket: true, sessionCache });
    const first = await sClient({ port: server.port });
    await sClient({ port: server.port, sessionIn: first.session });
    const connections = await server.waitForConnections(2);
    t.deepEqual(
      connections.map((connection) => connection.reused),
      [false, reused],
      sessionCache,
    );
  }
});

test('sessions of another session ID context are not resumed', async (t) => {
  const { cert, key } = makeCertificate();
  const server = await serve(t, { protocol: 'TLSv1.2', noTicket: true, cert, key, sessionIdContext: 'shop' });
  const { session } = await sClient({ port: server.port });
  t.is((await sClient({ port: server.port, sessionIn: session })).reused, true);
  const connections = await server.waitForConnections(2);
  const text = Buffer.from((connections[0]?.session ?? '').replace(/-----.*-----/g, ''), 'base64').toString('latin1');
  t.true(text.includes('shop'));
});

test('waitForOutput finds text that came before and text that comes later', async (t) => {
  const server = await serve(t, { rev: true });
  t.is((await server.waitForOutput(/ACCEPT (\S+):(\d+)/g))[2], String(server.port));
  const later = server.waitForOutput(/CONNECTION ESTABLISHED/);
  await sClient({ port: server.port });
  t.is((await later)[0], 'CONNECTION ESTABLISHED');
});

test('what does not come in time: ERR_SSLCTX_PROGRAM_TIMEOUT', async (t) => {
  const server = await serve(t);
  const error = await t.throwsAsync(server.waitForOutput(/never/, 50), { instanceOf: TestingError });
  t.is(error?.code, 'ERR_SSLCTX_PROGRAM_TIMEOUT');
  t.regex(error?.message ?? '', /the output \/never\//);
});

test('alerts and errors of its side', async (t) => {
  const server = await serve(t, { protocol: 'TLSv1.3' });
  await sClient({ port: server.port, protocol: 'TLSv1.2' });
  await server.waitForOutput(/unsupported protocol/);
  t.deepEqual(server.alerts[0], { direction: 'sent', level: 'fatal', description: 'protocol version' });
  t.is(server.errors[0]?.reason, 'unsupported protocol');
  t.deepEqual(server.connections, []);
});

test('it cannot listen: ERR_SSLCTX_PROGRAM_FAILED, with what it says', async (t) => {
  const server = await serve(t);
  const error = await t.throwsAsync(sServer({ port: server.port }), { instanceOf: TestingError });
  t.is(error?.code, 'ERR_SSLCTX_PROGRAM_FAILED');
  t.regex(error?.message ?? '', /Address already in use/);
});

test('a certificate without a key is refused', async (t) => {
  const { cert } = makeCertificate();
  await t.throwsAsync(sServer({ cert }), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' });
});

test('no program: ERR_SSLCTX_PROGRAM_MISSING', async (t) => {
  const { cert, key } = makeCertificate();
  const program = 'no-such-openssl';
  await t.throwsAsync(sServer({ program, cert, key }), { code: 'ERR_SSLCTX_PROGRAM_MISSING' });
  await t.throwsAsync(sServer({ program }), { code: 'ERR_SSLCTX_PROGRAM_MISSING' });
});

for (const [name, options] of [
  ['port -1', { port: -1 }],
  ['port 65536', { port: 65_536 }],
  ['timeout 0', { timeout: 0 }],
  ['timeout NaN', { timeout: Number.NaN }],
  ['timeout 2147483648', { timeout: 2 ** 31 }],
  ['an unknown cache', Object.assign({ port: 0 }, JSON.parse('{ "sessionCache": "none" }'))],
  ['an unknown protocol', Object.assign({ port: 0 }, JSON.parse('{ "protocol": "TLSv1.1" }'))],
  ['an unknown option', Object.assign({ port: 0 }, { noTickets: true })],
] as const) {
  test(`refused with ERR_INVALID_ARG_VALUE: ${name}`, async (t) => {
    await t.throwsAsync(sServer(options), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' });
  });
}
