// `sslctx connect`: what it says about servers, and that s_client says the same.
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeCertificate } from '../../src/testing/index.ts';
import { output } from '../helpers/process.ts';
import { folder, serve, sslctx } from './cli.ts';
import { opensslServer } from './servers.ts';

/** JSON lines: the connections, and what follows them. */
async function connect(...args: string[]) {
  const { code, stdout, stderr } = await sslctx('connect', ...args, '--json');
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  return {
    code,
    stderr,
    visits: lines.filter((line) => 'connection' in line),
    rest: lines.filter((line) => !('connection' in line)),
  };
}

test.serial('TLS 1.3: each connection offers the newest ticket', async (t) => {
  const server = await serve(t, '--tickets', 'stateful');
  const { code, visits, rest } = await connect(server.where, '-n', '3', '--http');
  t.is(code, 0);
  t.deepEqual(rest, [{ connections: 3, offered: 2, accepted: 2 }]);
  t.deepEqual(
    visits.map(({ resumption, issued }) => [resumption.accepted, resumption.kind, issued.length, issued[0].kind]),
    [
      [false, undefined, 2, 'stateful-ticket'],
      [true, 'stateful-ticket', 1, 'stateful-ticket'],
      [true, 'stateful-ticket', 1, 'stateful-ticket'],
    ],
  );
  for (let index = 0; index < 3; index++) {
    const { resumption } = await server.next('handshake');
    t.is(resumption.accepted, index > 0);
  }
});

test.serial('TLS 1.2 by session ID, and the whole report for people', async (t) => {
  const ca = join(folder(t), 'ca.pem');
  const server = await serve(t, '--cert-out', ca, '--max-version', 'TLSv1.2');
  const { code, stdout, stderr } = await sslctx(
    'connect',
    server.where,
    '-n',
    '2',
    '--ca',
    ca,
    '--verify',
    '--no-tickets',
  );
  t.is(stderr, '');
  t.is(code, 0);
  const shown = stdout.replace(/[\d.]+ ms/g, 'N ms').replace(/[0-9a-f]{16}…/g, 'ID…');
  t.is(
    shown,
    `${server.where}, 2 connections
  certificate  CN=localhost: trusted
  1  full     TLSv1.2  ECDHE-ECDSA-AES256-GCM-SHA384  N ms
       offered  nothing
       issued   session ID ID…
  2  resumed  TLSv1.2  ECDHE-ECDSA-AES256-GCM-SHA384  N ms
       offered  session ID
       issued   nothing
1 of 1 resumed
`,
  );
});

test.serial('a server that resumes nothing: the answer is no', async (t) => {
  const server = await serve(t, '--mode', 'off', '--tickets', 'stateful');
  const { code, visits } = await connect(server.where, '-n', '2', '--http');
  t.is(code, 1);
  t.deepEqual(visits[1].resumption, {
    ...{ offered: true, kind: 'stateful-ticket', accepted: false },
    reason: 'refused-by-server',
  });
  const none = await serve(t, '--tickets', 'none', '--min-version', 'TLSv1.3');
  const { stdout } = await sslctx('connect', none.where, '-n', '2', '--http');
  t.regex(stdout, /issued +nothing\n0 of 1 resumed; 1 time there was no session to offer/);
});

test.serial(
  'tickets that are good once: the newest is resumed, the first a second time is not; s_client agrees',
  async (t) => {
    const server = await opensslServer({ earlyData: true });
    t.teardown(() => server.stop());
    const where = `127.0.0.1:${server.port}`;
    const newest = await connect(where, '-n', '3', '--wait', '20000', '--timeout', '60000', '--compare');
    t.is(newest.code, 0);
    t.is(newest.visits[0].issued[0].maxEarlyData, 16_384);
    t.deepEqual(newest.rest[1], { command: 'openssl s_client -sess_in', resumed: [false, true, true], same: true });
    const first = await connect(where, '-n', '3', '--first', '--wait', '20000', '--timeout', '60000', '--compare');
    t.is(first.code, 1);
    t.deepEqual(
      first.visits.map(({ resumption }) => resumption.accepted),
      [false, true, false],
    );
    t.deepEqual(first.rest[1], { command: 'openssl s_client -sess_in', resumed: [false, true, false], same: true });
  },
);

test.serial('--early: the request goes with the first flight, and the server says so', async (t) => {
  const server = await serve(t, '--max-early-data', '1000');
  const { visits, code } = await connect(server.where, '-n', '2', '--http', '--early');
  t.is(code, 0);
  t.deepEqual(
    visits.map(({ earlyData }) => earlyData),
    ['not-sent', 'accepted'],
  );
  t.is((await server.next('handshake')).earlyData, undefined);
  const second = await server.next('handshake');
  t.true(second.earlyData);
  t.true(second.resumption.accepted);
});

test.serial('--compare in TLS 1.2 is s_client -reconnect', async (t) => {
  const server = await serve(t, '--max-version', 'TLSv1.2');
  const { code, stdout } = await sslctx('connect', server.where, '--compare');
  t.is(code, 0);
  t.regex(
    stdout,
    /^ +sslctx +openssl s_client -reconnect\n1 +full +full\n2 +resumed +resumed\n(?:.*\n){4}the same\n$/m,
  );
});

test.serial('a session goes from one run to the next by a file of mode 0600', async (t) => {
  const server = await serve(t, '--tickets', 'stateful');
  const file = join(folder(t), 'session.pem');
  await connect(server.where, '-n', '1', '--http', '--session-out', file);
  t.is(lstatSync(file).mode & 0o777, 0o600);
  const { visits, code } = await connect(server.where, '-n', '1', '--http', '--session-in', file);
  t.is(code, 0);
  t.true(visits[0].resumption.accepted);
});

test.serial('a certificate that is not right: told, and with --verify refused', async (t) => {
  const files = folder(t);
  const { cert, key } = makeCertificate({ altNames: ['example.org'] });
  const [certFile, keyFile] = [join(files, 'cert.pem'), join(files, 'key.pem')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  const server = await serve(t, '--cert', certFile, '--key', keyFile);
  const told = await connect(server.where, '-n', '1', '--http', '--ca', certFile);
  t.is(told.visits[0].trustProblem, 'ERR_TLS_CERT_ALTNAME_INVALID');
  const trusted = await connect(server.where, '-n', '1', '--http', '--ca', certFile, '--servername', 'example.org');
  t.is(trusted.visits[0].trustProblem, undefined);
  const refused = await connect(server.where, '-n', '1', '--http', '--ca', certFile, '--verify');
  t.is(refused.code, 3);
  t.regex(refused.stderr, /ERR_TLS_CERT_ALTNAME_INVALID/);
});

test.serial('a server whose certificate has no subject, as many have', async (t) => {
  const [cert, key] = [join(folder(t), 'cert.pem'), join(folder(t), 'key.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/', '-addext', 'subjectAltName=critical,DNS:localhost'];
  await output('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert]);
  const server = await serve(t, '--cert', cert, '--key', key);
  const { code, visits } = await connect(server.where, '-n', '2', '--http', '--ca', cert);
  t.is(code, 0);
  t.is(visits.length, 2);
});

test.serial('a session file that is none, a host without a port, and no server', async (t) => {
  const file = join(folder(t), 'session.pem');
  writeFileSync(file, 'nothing');
  const bad = await sslctx('connect', 'localhost:1', '--session-in', file);
  t.is(bad.code, 3);
  t.regex(bad.stderr, /holds no session/);
  t.is((await sslctx('connect', 'localhost:70000')).code, 2);
  t.is((await sslctx('connect', '::1')).code, 2);
  const { code, stderr } = await sslctx('connect', '127.0.0.1:1');
  t.is(code, 3);
  t.is(stderr, 'sslctx: connect ECONNREFUSED\n');
});
