// The real s_client against the real s_server of this machine.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  makeCertificate,
  PROTOCOLS,
  type Protocol,
  type SClientOptions,
  type SServer,
  type SServerOptions,
  sClient,
  serverSessionIds,
  sServer,
  TestingError,
} from '../../src/testing/index.ts';

const CLOSE_NOTIFY = { direction: 'sent', level: 'warning', description: 'close notify' } as const;

async function serve(t: ExecutionContext, options: SServerOptions = {}): Promise<SServer> {
  const server = await sServer(options);
  t.teardown(() => server.close());
  return server;
}

function reusedOf(connections: readonly { reused: boolean | undefined }[]): (boolean | undefined)[] {
  return connections.map(({ reused }) => reused);
}

/** A TCP server that accepts and says nothing. */
async function silence(t: ExecutionContext): Promise<number> {
  const server = net.createServer((socket) => socket.on('error', () => {}).resume());
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

for (const protocol of PROTOCOLS) {
  for (const noTicket of [true, false]) {
    const how = noTicket ? 'stateful' : 'stateless';

    test(`${protocol}, ${how}: new, then reused, and the server agrees`, async (t) => {
      const server = await serve(t, { protocol, noTicket });
      const first = await sClient({ port: server.port });
      t.true(first.connected);
      t.is(first.reused, false);
      t.is(first.protocol, protocol);
      t.is(first.exitCode, 0);
      t.deepEqual(first.alerts, [CLOSE_NOTIFY]);
      t.deepEqual(first.errors, []);
      t.regex(first.session ?? '', /^-----BEGIN SSL SESSION PARAMETERS-----\n/);
      t.is(first.sessionId.length, 32);
      t.is(first.timeout, 7200);

      const second = await sClient({ port: server.port, sessionIn: first.session });
      t.is(second.reused, true);
      t.is(second.cipher, first.cipher);
      const connections = await server.waitForConnections(2);
      t.deepEqual(reusedOf(connections), [false, true]);
      t.deepEqual(
        connections.map((connection) => connection.protocol),
        [protocol, protocol],
      );
    });

    test(`${protocol}, ${how}: the IDs in the server's cache`, async (t) => {
      const server = await serve(t, { protocol, noTicket, idPrefix: 'prefix' });
      const result = await sClient({ port: server.port, waitForTickets: 2 });
      const ids = serverSessionIds(result);
      t.is(ids.length, noTicket ? (protocol === 'TLSv1.3' ? 2 : 1) : 0);
      for (const id of ids) t.is(id.subarray(0, 6).toString(), 'prefix');
    });
  }

  test(`${protocol}: the server's certificate is verified when it is trusted`, async (t) => {
    const server = await serve(t, { protocol });
    const trusted = await sClient({ port: server.port, ca: server.cert, verify: true });
    t.true(trusted.connected);
    t.deepEqual(trusted.verifyResult, { code: 0, text: 'ok' });
  });

  test(`${protocol}: an untrusted certificate is reported, and with verify it ends the handshake`, async (t) => {
    const server = await serve(t, { protocol });
    const reported = await sClient({ port: server.port });
    t.true(reported.connected);
    t.is(reported.verifyResult?.code, 18);
    const refused = await sClient({ port: server.port, verify: true });
    t.false(refused.connected);
    t.is(refused.reused, undefined);
    t.is(refused.session, undefined);
    t.is(refused.exitCode, 1);
    t.true(
      refused.alerts.some(
        ({ direction, level, description }) =>
          direction === 'sent' && level === 'fatal' && description === 'unknown CA',
      ),
    );
  });

  test(`${protocol}: a client certificate`, async (t) => {
    const authority = makeCertificate({ isCa: true, altNames: [] });
    const { cert, key } = makeCertificate({ issuer: authority, client: true, commonName: 'alice', altNames: [] });
    const server = await serve(t, { protocol, requestCert: true, rejectUnauthorized: true, ca: authority.cert });
    const result = await sClient({ port: server.port, cert, key });
    t.is(result.reused, false);
    t.regex(server.output, /subject=CN ?= ?alice/);
  });

  test(`${protocol}: a client without the required certificate gets an alert`, async (t) => {
    const server = await serve(t, { protocol, requestCert: true, rejectUnauthorized: true });
    const result = await sClient({ port: server.port });
    t.is(result.exitCode, 1);
    t.true(result.alerts.some(({ direction, level }) => direction === 'received' && level === 'fatal'));
    t.true(result.errors.length > 0);
  });

  test(`${protocol}: ALPN and the server name`, async (t) => {
    const server = await serve(t, { protocol, alpn: ['h2', 'http/1.1'], args: ['-tlsextdebug'] });
    const chosen = await sClient({ port: server.port, alpn: ['http/1.1'], servername: 'a.example' });
    t.is(chosen.alpn, 'http/1.1');
    await server.waitForConnections(1);
    t.is(server.output.match(/"server name" /g)?.length, 1);
    t.regex(server.output, /a\.example/);
    t.is((await sClient({ port: server.port, servername: false })).alpn, undefined);
    await server.waitForConnections(2);
    t.is(server.output.match(/"server name" /g)?.length, 1);
  });

  test(`${protocol}: data is sent as it is, whatever it begins with, and the answer is awaited`, async (t) => {
    const server = await serve(t, { protocol, rev: true });
    // Q, R, K and k are commands of s_client.
    for (const command of ['Q', 'R', 'K', 'k']) {
      const { output } = await sClient({ port: server.port, send: `${command}abc\n`, until: /cba[QRKk]/ });
      t.true(output.includes(`cba${command}\n`));
    }
  });

  test(`${protocol}: until 'closed' waits for the server; its page about itself changes nothing`, async (t) => {
    const server = await serve(t, { protocol, www: true });
    const { session } = await sClient({ port: server.port });
    const result = await sClient({
      port: server.port,
      sessionIn: session,
      send: 'GET / HTTP/1.0\r\n\r\n',
      until: 'closed',
    });
    t.is(result.connections.length, 1);
    t.is(result.reused, true);
    t.is(result.output.match(/^Reused, /gm)?.length, 2);
    t.regex(result.output, /1 session cache hits|1 callback cache hits|items in the session cache/);
  });
}

test('TLSv1.2: -reconnect resumes five times', async (t) => {
  const server = await serve(t, { protocol: 'TLSv1.2', noTicket: true });
  const { connections, reused } = await sClient({ port: server.port, reconnect: true });
  t.deepEqual(reusedOf(connections), [false, true, true, true, true, true]);
  t.is(reused, true);
});

test('TLSv1.3: -reconnect is refused, because it never resumes', async (t) => {
  const options: SClientOptions = { port: 1, protocol: 'TLSv1.3', reconnect: true };
  await t.throwsAsync(sClient(options), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE', message: /sessionIn/ });
  const server = await serve(t, { protocol: 'TLSv1.3', noTicket: true });
  const { connections } = await sClient({ port: server.port, args: ['-reconnect'] });
  t.deepEqual(reusedOf(connections), [false, false, false, false, false, false]);
});

test('TLSv1.2: a client that offers no ticket gets a session ID', async (t) => {
  const server = await serve(t, { protocol: 'TLSv1.2' });
  const with1 = await sClient({ port: server.port });
  t.is(with1.tickets.length, 1);
  t.deepEqual(serverSessionIds(with1), []);
  const without = await sClient({ port: server.port, noTicket: true });
  t.is(without.tickets.length, 0);
  t.deepEqual(serverSessionIds(without), [without.sessionId]);
});

test('TLSv1.2: a resumption by ID gives no new session; a resumption by ticket keeps the old one too', async (t) => {
  const server = await serve(t, { protocol: 'TLSv1.2', noTicket: true });
  const first = await sClient({ port: server.port });
  const second = await sClient({ port: server.port, sessionIn: first.session });
  t.is(second.reused, true);
  t.is(second.session, undefined);
  t.deepEqual(second.sessionId, first.sessionId);
});

test('TLSv1.3: the exact number of tickets, for a server that sends none, one or five', async (t) => {
  for (const count of [0, 1, 5]) {
    const server = await serve(t, { protocol: 'TLSv1.3', numTickets: count });
    const result = await sClient({ port: server.port, waitForTickets: count });
    t.is(result.tickets.length, count);
    t.is(result.session === undefined, count === 0);
  }
});

test('TLSv1.3: after a resumption tickets are reported only when asked for', async (t) => {
  const server = await serve(t, { protocol: 'TLSv1.3' });
  const { session } = await sClient({ port: server.port });
  const unasked = await sClient({ port: server.port, sessionIn: session });
  t.is(unasked.reused, true);
  t.is(unasked.session, undefined);
  t.deepEqual(unasked.tickets, []);
  const asked = await sClient({ port: server.port, sessionIn: session, waitForTickets: 1 });
  t.is(asked.tickets.length, 1);
  const onwards = await sClient({ port: server.port, sessionIn: asked.session });
  t.is(onwards.reused, true);
});

test('TLSv1.3: early data is accepted once, and a replay is rejected', async (t) => {
  const server = await serve(t, { protocol: 'TLSv1.3', earlyData: true, noTicket: true });
  const first = await sClient({ port: server.port });
  t.is(first.earlyData, 'not sent');
  t.is(first.tickets[0]?.maxEarlyData, 16384);
  const earlyData = Buffer.from('early bird');
  const second = await sClient({ port: server.port, sessionIn: first.session, earlyData });
  t.is(second.earlyData, 'accepted');
  t.regex(server.output, /early bird/);
  const replay = await sClient({ port: server.port, sessionIn: first.session, earlyData });
  t.is(replay.earlyData, 'rejected');
  t.is(replay.reused, false);
});

test('a session of TLS 1.2 with a cipher of an older version still has the right protocol', async (t) => {
  const server = await serve(t, { ciphers: 'ECDHE-ECDSA-AES128-SHA' });
  const result = await sClient({ port: server.port, protocol: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' });
  t.regex(result.output, /^New, TLSv1\.0, Cipher is /m);
  t.is(result.protocol, 'TLSv1.2');
  t.is(result.cipher, 'ECDHE-ECDSA-AES128-SHA');
});

test('versions that do not meet: a result, with the alert', async (t) => {
  const server = await serve(t, { protocol: 'TLSv1.3' });
  const result = await sClient({ port: server.port, protocol: 'TLSv1.2' });
  t.false(result.connected);
  t.deepEqual(result.alerts[0], { direction: 'received', level: 'fatal', description: 'protocol version' });
  t.is(result.errors[0]?.reason, 'tlsv1 alert protocol version');
});

test('a session file may be given by its path', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sslctx-test-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'session.pem');
  const server = await serve(t, { protocol: 'TLSv1.3' });
  // The last -sess_out counts.
  await sClient({ port: server.port, args: ['-sess_out', path] });
  t.is((await sClient({ port: server.port, sessionIn: path })).reused, true);
});

test('IPv6', async (t) => {
  const server = await serve(t, { host: '::1' });
  t.is(server.host, '::1');
  t.is((await sClient({ host: '::1', port: server.port })).reused, false);
});

test('nobody listens: ERR_SSLCTX_PROGRAM_FAILED, with what s_client says', async (t) => {
  const server = await sServer();
  await server.close();
  const error = await t.throwsAsync(sClient({ port: server.port }), { instanceOf: TestingError });
  t.is(error?.code, 'ERR_SSLCTX_PROGRAM_FAILED');
  t.is(error?.exitCode, 1);
  t.regex(error?.message ?? '', /connect:errno=/);
});

test('an argument that s_client does not know: ERR_SSLCTX_PROGRAM_FAILED', async (t) => {
  const error = await t.throwsAsync(sClient({ port: 1, args: ['-no-such-option'] }), { instanceOf: TestingError });
  t.is(error?.code, 'ERR_SSLCTX_PROGRAM_FAILED');
  t.regex(error?.output ?? '', /no-such-option/);
});

test('no program: ERR_SSLCTX_PROGRAM_MISSING, and how to install it', async (t) => {
  const error = await t.throwsAsync(sClient({ port: 1, program: 'no-such-openssl' }), { instanceOf: TestingError });
  t.is(error?.code, 'ERR_SSLCTX_PROGRAM_MISSING');
  t.regex(error?.message ?? '', /apt-get install openssl/);
});

test('a server that says nothing: ERR_SSLCTX_PROGRAM_TIMEOUT, naming the event', async (t) => {
  const port = await silence(t);
  const error = await t.throwsAsync(sClient({ port, timeout: 100 }), { instanceOf: TestingError });
  t.is(error?.code, 'ERR_SSLCTX_PROGRAM_TIMEOUT');
  t.regex(error?.message ?? '', /waited 100 ms in vain for the handshake/);
});

test('a ticket that does not come: ERR_SSLCTX_PROGRAM_TIMEOUT, naming the option', async (t) => {
  const server = await serve(t, { protocol: 'TLSv1.3', numTickets: 0 });
  const error = await t.throwsAsync(sClient({ port: server.port, timeout: 2000 }), { instanceOf: TestingError });
  t.is(error?.code, 'ERR_SSLCTX_PROGRAM_TIMEOUT');
  t.regex(error?.message ?? '', /waitForTickets/);
});

test('a signal ends it, before and during the connection', async (t) => {
  const port = await silence(t);
  await t.throwsAsync(sClient({ port, signal: AbortSignal.abort() }), { name: 'AbortError' });
  const reason = new Error('enough');
  const controller = new AbortController();
  const running = sClient({ port, signal: controller.signal });
  controller.abort(reason);
  const error = await t.throwsAsync(running, { name: 'AbortError', code: 'ABORT_ERR' });
  t.is(error?.cause, reason);
});

for (const [name, options] of [
  ['waitForTickets -1', { port: 1, waitForTickets: -1 }],
  ['waitForTickets 1.5', { port: 1, waitForTickets: 1.5 }],
  ['waitForTickets NaN', { port: 1, waitForTickets: Number.NaN }],
  ['port 0', { port: 0 }],
  ['port 65536', { port: 65_536 }],
  ['port 1.5', { port: 1.5 }],
  ['timeout 0', { port: 1, timeout: 0 }],
  ['an unknown protocol', Object.assign({ port: 1 }, JSON.parse('{ "protocol": "TLSv1.1" }'))],
  ['an unknown option', Object.assign({ port: 1 }, { sessionsIn: '' })],
] as const) {
  test(`refused with ERR_INVALID_ARG_VALUE: ${name}`, async (t) => {
    await t.throwsAsync(sClient(options), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' });
  });
}

test.serial('no file is left behind', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sslctx-test-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = directory;
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(directory, { recursive: true });
  });
  const { cert, key } = makeCertificate();
  const server = await serve(t, { cert, key });
  const { session } = await sClient({ port: server.port, cert, key, ca: cert });
  await sClient({ port: server.port, sessionIn: session, earlyData: Buffer.from('x') });
  await t.throwsAsync(sClient({ port: server.port, args: ['-no-such-option'] }));
  t.deepEqual(readdirSync(directory), []);
});

const unusual: Protocol | undefined = undefined;
test('options that are undefined are as if they were absent', async (t) => {
  const server = await serve(t, { protocol: unusual, cert: undefined, key: undefined });
  t.is(
    (await sClient({ port: server.port, protocol: unusual, sessionIn: undefined, signal: undefined })).reused,
    false,
  );
});
