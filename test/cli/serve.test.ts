// `sslctx serve`, with the real openssl s_client and curl.
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeCertificate, sClient, serverSessionIds } from '../../src/testing/index.ts';
import { output } from '../helpers/process.ts';
import { folder, serve, sslctx } from './cli.ts';
import { screenOf } from './terminal.ts';

test.serial('each handshake is told of, with what was offered and why it was refused', async (t) => {
  const server = await serve(t, '--tickets', 'stateful', '--id-context', 'shop');
  t.is(server.listening.certificate, 'throw-away');
  t.is(lstatSync(server.listening.control).mode & 0o777, 0o600);
  const { port } = server;
  const first = await sClient({ port, protocol: 'TLSv1.3', servername: 'localhost', waitForTickets: 2 });
  const full = await server.next('handshake');
  t.is(full.protocol, 'TLSv1.3');
  t.is(full.servername, 'localhost');
  t.is(full.cipher, first.cipher);
  t.is(full.sessions, 2);
  t.deepEqual(full.resumption, { offered: false, accepted: false });

  const again = { port, protocol: 'TLSv1.3', servername: 'localhost', sessionIn: first.session } as const;
  t.true((await sClient(again)).reused);
  t.deepEqual((await server.next('handshake')).resumption, { offered: true, kind: 'stateful-ticket', accepted: true });

  const ids = serverSessionIds(first).map((id) => id.toString('hex'));
  const { code, stdout } = await sslctx('cache', '--port', String(port), 'remove', ...ids);
  t.is(code, 0);
  t.deepEqual(
    stdout.trimEnd().split('\n'),
    ids.map((id) => `removed ${id} (TLSv1.3)`),
  );
  const removed = await server.next('removed');
  t.is(removed.reason, 'removed');
  t.is(removed.session.id, ids[0]);
  t.false((await sClient(again)).reused);
  t.is((await server.next('handshake')).resumption.reason, 'removed');
});

test.serial('a handshake that fails is told of', async (t) => {
  const server = await serve(t, '--min-version', 'TLSv1.3');
  t.false((await sClient({ port: server.port, protocol: 'TLSv1.2' })).connected);
  const failed = await server.next('failed');
  t.is(failed.code, 'ERR_SSL_UNSUPPORTED_PROTOCOL');
});

test.serial('it ends cleanly by each signal, with clients connected, and its socket goes', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const server = await serve(t);
    const client = sClient({ port: server.port, until: 'closed' });
    await server.next('handshake');
    const { code, stderr } = await server.stop(signal);
    t.is(code, 0, signal);
    t.is(stderr, '');
    t.true((await client).connected);
    t.throws(() => lstatSync(server.listening.control), { code: 'ENOENT' });
  }
});

test.serial('the settings of the cache are those that were asked for', async (t) => {
  const keys = join(folder(t), 'keys');
  writeFileSync(keys, Buffer.alloc(80, 1));
  const server = await serve(
    t,
    ...['--mode', 'server,no-auto-clear', '--size', '77', '--timeout', '99', '--id-context', 'shop'],
    ...['--tickets', 'stateless', '--num-tickets', '5', '--ticket-keys', keys],
  );
  const { stdout } = await sslctx('cache', '--port', String(server.port), '--json', 'info');
  const [context] = JSON.parse(stdout).contexts;
  t.deepEqual(context.mode, ['server', 'no-auto-clear']);
  t.is(context.size, 77);
  t.is(context.timeout, 99);
  t.is(context.sessionIdContext, Buffer.from('shop').toString('hex'));
  t.is(context.tickets, 'stateless');
  t.is(context.numTickets, 5);
  const { tickets } = await sClient({ port: server.port, protocol: 'TLSv1.3', waitForTickets: 5 });
  t.deepEqual(
    tickets.map(({ ticketLifetimeHint }) => ticketLifetimeHint),
    [99, 99, 99, 99, 99],
  );
});

test.serial('two servers with the same ticket keys resume each other’s sessions', async (t) => {
  const keys = join(folder(t), 'keys');
  writeFileSync(keys, Buffer.alloc(80, 7));
  const options = ['--tickets', 'stateless', '--ticket-keys', keys, '--id-context', 'fleet'];
  const [one, two] = [await serve(t, ...options), await serve(t, ...options)];
  const { session } = await sClient({ port: one.port, protocol: 'TLSv1.3' });
  t.true((await sClient({ port: two.port, protocol: 'TLSv1.3', sessionIn: session })).reused);
});

test.serial('early data, more than a socket buffers, is answered after the handshake and told of', async (t) => {
  const server = await serve(t, '--max-early-data', '100000');
  const { port } = server;
  const { session } = await sClient({ port, protocol: 'TLSv1.3', waitForTickets: 2 });
  const line = 'early and not late\n';
  const earlyData = Buffer.from(line.repeat(4000));
  const again = await sClient({ port, sessionIn: session, earlyData, send: 'end\n', until: /^end$/m });
  t.is(again.earlyData, 'accepted');
  t.is(again.output.split(line).length - 1, 4000);
  t.is((await server.next('handshake')).earlyData, undefined);
  t.true((await server.next('handshake')).earlyData);
});

test.serial('client certificates', async (t) => {
  const files = folder(t);
  const { cert, key } = makeCertificate({ commonName: 'alice', client: true });
  const ca = join(files, 'ca.pem');
  writeFileSync(ca, cert);
  const server = await serve(t, '--client-cert', 'require', '--ca', ca);
  t.true((await sClient({ port: server.port, cert, key, protocol: 'TLSv1.3' })).connected);
  t.is((await server.next('handshake')).peer, 'CN=alice');
  await sClient({ port: server.port, protocol: 'TLSv1.3', waitForTickets: 0, until: 'closed' });
  t.is((await server.next('failed')).code, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
});

test.serial('curl trusts the certificate that was written, and gets the page; others get their lines', async (t) => {
  const ca = join(folder(t), 'cert.pem');
  const server = await serve(t, '--cert-out', ca, '--alpn', 'http/1.1,echo');
  const page = JSON.parse(await output('curl', ['-sS', '--cacert', ca, `https://${server.where}/`]));
  t.is(page.connection.protocol, 'TLSv1.3');
  t.is(page.connection.alpn, 'http/1.1');
  t.is(page.cache.number, 2);
  const echo = await sClient({ port: server.port, alpn: ['echo'], send: 'hello\n', until: /^hello$/m });
  t.regex(echo.output, /^hello$/m);
});

test.serial('the secrets of connections go to a file of mode 0600', async (t) => {
  const keylog = join(folder(t), 'keys.log');
  const server = await serve(t, '--keylog', keylog);
  await sClient({ port: server.port, protocol: 'TLSv1.3' });
  await server.next('handshake');
  t.is(lstatSync(keylog).mode & 0o777, 0o600);
  t.regex(readFileSync(keylog, 'utf8'), /^SERVER_TRAFFIC_SECRET_0 /m);
});

test.serial('what cannot be is refused, with the code of its kind', async (t) => {
  const usage = [
    ['--size', 'many'],
    ['--mode', 'sometimes'],
    ['--tickets', 'some'],
    ['--tickets', 'none', '--num-tickets', '2'],
    ['--min-version', 'TLSv1.3', '--max-version', 'TLSv1.2'],
    ['--nonsense'],
  ];
  for (const args of usage) {
    const { code, stdout, stderr } = await sslctx('serve', '--port', '0', ...args);
    t.is(code, 2, args.join(' '));
    t.is(stdout, '');
    t.not(stderr, '');
  }
  const { code, stderr } = await sslctx('serve', '--cert', '/nowhere', '--key', '/nowhere');
  t.is(code, 3);
  t.regex(stderr, /^sslctx: ENOENT/);
});

test.serial('a port in use is said', async (t) => {
  const server = await serve(t, '--no-control');
  const { code, stderr } = await sslctx('serve', '--port', String(server.port), '--no-control');
  t.is(code, 3);
  t.regex(stderr, /EADDRINUSE/);
});

test.serial('on a narrow terminal nothing is cut but ciphers', async (t) => {
  const use = async (port: number) => {
    const { session } = await sClient({ port, protocol: 'TLSv1.2', servername: 'localhost' });
    await sClient({ port, protocol: 'TLSv1.2', servername: 'localhost', sessionIn: session });
  };
  const screen = await screenOf(t, ['serve', '--port', '0', '--no-control'], use, 60);
  const text = screen.join('\n');
  t.regex(text, /resumed TLSv1\.2 \S+\n {9}by session ID {2}[0-9a-f]{16}… {2}localhost\n {9}127\.0\.0\.1 \d+\n/);
  t.regex(
    text,
    /^1 session of 20480, mode server {2}handshakes 2 {2}hits 1\n {2}misses 0 {2}timeouts 0 {2}evicted 0\n/m,
  );
  t.regex(text, /^session {12}protocol {2}expires in {2}name\n[0-9a-f]{16}… {2}TLSv1\.2 {3}\d+ s {6}localhost\n/m);
  t.deepEqual(
    screen.slice(2).filter((line) => line.length > 60),
    [],
  );
});

test.serial('on a terminal: lines, and below them the cache as it is', async (t) => {
  const screen = await screenOf(t, ['serve', '--port', '0', '--host', '127.0.0.1'], async (port) => {
    const { session } = await sClient({ port, protocol: 'TLSv1.3', waitForTickets: 2 });
    await sClient({ port, protocol: 'TLSv1.3', sessionIn: session, waitForTickets: 1 });
  });
  const text = screen.join('\n');
  t.regex(text, /^sslctx serve on 127\.0\.0\.1:\d+, OpenSSL/m);
  t.regex(text, /full {4}TLSv1\.3 \S+ {2}nothing offered/);
  t.regex(text, /resumed TLSv1\.3 \S+ {2}by stateful ticket/);
  const rule = screen.findIndex((line) => line.startsWith('────'));
  t.is(screen.filter((line) => line.startsWith('────')).length, 1, text);
  t.regex(screen[rule + 1] ?? '', /^3 sessions of 20480, mode server {2}handshakes 2 {2}hits 1 {2}misses 0/);
  t.is(screen[rule + 2], 'session            protocol  cipher                  expires in  name', text);
  t.is(screen.slice(rule + 3).filter((line) => /^[0-9a-f]{16}… {2}TLSv1\.3/.test(line)).length, 3, text);
});
