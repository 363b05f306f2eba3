// The real s_server as a peer.
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import test from 'ava';
import { makeCertificate, sClient, sServer, TestingError } from '../../src/testing/index.ts';

/** Resolves when nothing at this port holds a connection: it is refused, or it is ended. */
async function connectionEnds(port: number): Promise<void> {
  const socket = net
    .connect(port, '127.0.0.1')
    .on('error', () => {})
    .resume();
  await new Promise((resolve) => socket.on('close', resolve));
}

test('it listens on a free port of its own, with a certificate that the client can trust', async (t) => {
  await using one = await sServer();
  await using two = await sServer();
  t.not(one.port, two.port);
  t.is(one.host, '127.0.0.1');
  t.is((await sClient({ port: one.port, ca: one.cert, verify: true })).verifyResult?.code, 0);
});

test('a certificate given to it is the one that it shows', async (t) => {
  const { cert, key } = makeCertificate({ commonName: 'given' });
  await using server = await sServer({ cert, key });
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

test('await using ends it', async (t) => {
  let port = 0;
  {
    await using server = await sServer();
    port = server.port;
    t.is((await sClient({ port })).connected, true);
  }
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
    await using server = await sServer({ protocol: 'TLSv1.2', noTicket: true, sessionCache });
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
  await using server = await sServer({ protocol: 'TLSv1.2', noTicket: true, cert, key, sessionIdContext: 'shop' });
  const { session } = await sClient({ port: server.port });
  t.is((await sClient({ port: server.port, sessionIn: session })).reused, true);
  const connections = await server.waitForConnections(2);
  const text = Buffer.from((connections[0]?.session ?? '').replace(/-----.*-----/g, ''), 'base64').toString('latin1');
  t.true(text.includes('shop'));
});

test('waitForOutput finds text that came before and text that comes later', async (t) => {
  await using server = await sServer({ rev: true });
  t.is((await server.waitForOutput(/ACCEPT (\S+):(\d+)/g))[2], String(server.port));
  const later = server.waitForOutput(/CONNECTION ESTABLISHED/);
  await sClient({ port: server.port });
  t.is((await later)[0], 'CONNECTION ESTABLISHED');
});

test('what does not come in time: ERR_SSLCTX_PROGRAM_TIMEOUT', async (t) => {
  await using server = await sServer();
  const error = await t.throwsAsync(server.waitForOutput(/never/, 50), { instanceOf: TestingError });
  t.is(error?.code, 'ERR_SSLCTX_PROGRAM_TIMEOUT');
  t.regex(error?.message ?? '', /the output \/never\//);
});

test('alerts and errors of its side', async (t) => {
  await using server = await sServer({ protocol: 'TLSv1.3' });
  await sClient({ port: server.port, protocol: 'TLSv1.2' });
  await server.waitForOutput(/unsupported protocol/);
  t.deepEqual(server.alerts[0], { direction: 'sent', level: 'fatal', description: 'protocol version' });
  t.is(server.errors[0]?.reason, 'unsupported protocol');
  t.deepEqual(server.connections, []);
});

test('it cannot listen: ERR_SSLCTX_PROGRAM_FAILED, with what it says', async (t) => {
  await using server = await sServer();
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
