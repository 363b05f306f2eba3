// `sslctx session` with files of the real openssl programs, and against what `openssl sess_id` prints.
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SslSession } from '../../src/index.ts';
import { makeCertificate, parseSessionText, type SServerOptions, sClient, sServer } from '../../src/testing/index.ts';
import { output } from '../helpers/process.ts';
import { folder, serve, sslctx, sslctxJson } from './cli.ts';

/** A file as `s_client -sess_out` has written it. */
async function sessionFile(t: ExecutionContext, options: SServerOptions = {}): Promise<string> {
  const server = await sServer(options);
  const { session = '' } = await sClient({ port: server.port, servername: 'localhost', ca: server.cert });
  await server.close();
  const file = join(folder(t), 'session.pem');
  writeFileSync(file, session);
  return file;
}

for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const noTicket of [false, true]) {
    test.serial(
      `show has all that openssl sess_id prints: ${protocol}${noTicket ? ' without tickets' : ''}`,
      async (t) => {
        const file = await sessionFile(t, { protocol, noTicket, earlyData: protocol === 'TLSv1.3' });
        const text = await output('openssl', ['sess_id', '-in', file, '-noout', '-text']);
        const printed = parseSessionText(`${text}\n`);
        const { code, value } = await sslctxJson('session', 'show', file, '--secrets');
        t.is(code, 0);
        t.is(value.protocol, printed?.protocol);
        t.is(value.cipher, printed?.cipher);
        t.is(value.sessionId, printed?.sessionId.toString('hex'));
        t.is(value.sessionIdContext, printed?.sessionIdContext.toString('hex'));
        t.is(value.ticket, printed?.ticket?.toString('hex'));
        t.is(value.ticketLifetimeHint, printed?.ticketLifetimeHint);
        t.is(value.time, printed?.startTime);
        t.is(value.timeout, printed?.timeout);
        t.is(value.verifyResult, printed?.verifyResult.code);
        t.is(value.maxEarlyData, printed?.maxEarlyData);
        if (protocol === 'TLSv1.2') t.is(value.extendedMasterSecret, printed?.extendedMasterSecret);
        t.is(value.masterKey, /(?:Master-Key|Resumption PSK): ([0-9A-F]+)/.exec(text)?.[1]?.toLowerCase());
      },
    );
  }
}

test.serial('show has what openssl sess_id leaves out', async (t) => {
  // s_server confirms no server name.
  const { port } = await serve(t, '--alpn', 'h2');
  const { session = '' } = await sClient({ port, protocol: 'TLSv1.3', servername: 'localhost', alpn: ['h2'] });
  const file = join(folder(t), 'session.pem');
  writeFileSync(file, session);
  const text = await output('openssl', ['sess_id', '-in', file, '-noout', '-text']);
  t.notRegex(text, /h2|localhost/);
  const { value } = await sslctxJson('session', 'show', file);
  t.is(value.form, 'pem');
  t.is(value.hostname, 'localhost');
  t.is(value.alpn, 'h2');
  t.is(value.expiresAt, value.time + value.timeout);
  t.false(value.isExpired);
  t.true(value.isResumable);
  t.is(typeof value.ticketAgeAdd, 'number');
  t.is(value.peerSubject, 'CN=localhost');
  const pem = await output('openssl', ['sess_id', '-in', file, '-cert']);
  const fingerprint = await output('sh', ['-c', `echo "$0" | openssl x509 -noout -fingerprint -sha256`, pem]);
  t.is(`sha256 Fingerprint=${value.peerFingerprint256}`, fingerprint);
});

test.serial('no secret without --secrets', async (t) => {
  const file = await sessionFile(t, { protocol: 'TLSv1.3' });
  const session = SslSession.fromPEM(readFileSync(file));
  const key = session.exportMasterKey().toString('hex');
  const ticket = session.ticket?.toString('hex') ?? '-';
  for (const args of [[], ['--json']]) {
    const { stdout } = await sslctx('session', 'show', file, ...args);
    t.regex(stdout, /TLSv1\.3/);
    t.false(stdout.includes(key));
    t.false(stdout.includes(ticket));
  }
  const { stdout } = await sslctx('session', 'show', file, '--secrets');
  t.true(stdout.includes(key));
  t.true(stdout.includes(ticket));
});

test.serial('convert: what openssl sess_id writes in either form, byte by byte', async (t) => {
  const file = await sessionFile(t, { protocol: 'TLSv1.2' });
  const [ours, theirs, back] = ['ours.der', 'theirs.der', 'back.pem'].map((name) => `${file}.${name}`);
  t.is((await sslctx('session', 'convert', file, ours ?? '')).code, 0);
  t.is(lstatSync(ours ?? '').mode & 0o777, 0o600);
  await output('openssl', ['sess_id', '-in', file, '-outform', 'DER', '-out', theirs ?? '']);
  t.deepEqual(readFileSync(ours ?? ''), readFileSync(theirs ?? ''));
  t.is((await sslctx('session', 'convert', ours ?? '', back ?? '')).code, 0);
  t.is(readFileSync(back ?? '', 'utf8'), readFileSync(file, 'utf8'));
  t.is((await sslctx('session', 'convert', file, '--to', 'pem')).stdout, readFileSync(file, 'utf8'));
  const again = await sslctx('session', 'convert', file, ours ?? '');
  t.is(again.code, 3);
  t.regex(again.stderr, /EEXIST/);
});

test.serial('verify: a session that its server resumes, and one that is over', async (t) => {
  const server = await sServer({ protocol: 'TLSv1.2' });
  t.teardown(() => server.close());
  const { session = '' } = await sClient({ port: server.port, servername: 'localhost' });
  const files = folder(t);
  const good = join(files, 'good.pem');
  writeFileSync(good, session);
  const asked = await sslctx('session', 'verify', good, '--connect', `127.0.0.1:${server.port}`);
  t.is(asked.code, 0, asked.stdout);
  t.regex(asked.stdout, /^yes {2}has not expired: \d+ s left$/m);
  t.regex(asked.stdout, /^yes {2}is resumed by 127\.0\.0\.1:\d+$/m);

  const over = SslSession.fromPEM(session);
  over.time = 1000;
  const old = join(files, 'old.pem');
  writeFileSync(old, over.toPEM());
  const { code, stdout } = await sslctx('session', 'verify', old);
  t.is(code, 1);
  t.regex(stdout, /^no {3}has not expired: \d+ s ago$/m);

  const other = await sServer({ protocol: 'TLSv1.2', ...makeCertificate() });
  t.teardown(() => other.close());
  const refused = await sslctx('session', 'verify', good, '--connect', `127.0.0.1:${other.port}`);
  t.is(refused.code, 1);
  t.regex(refused.stdout, /^no {3}is resumed by/m);
});

test.serial('compare: the same, what differs, and no secret of either', async (t) => {
  const files = folder(t);
  const [one, two] = [SslSession.create({ hostname: 'a' }), SslSession.create({ hostname: 'b' })];
  const [first, copy, second] = ['1', '2', '3'].map((name) => join(files, name));
  writeFileSync(first ?? '', one.toPEM());
  writeFileSync(copy ?? '', one.toDER());
  writeFileSync(second ?? '', two.toPEM());
  const same = await sslctxJson('session', 'compare', first ?? '', copy ?? '');
  t.is(same.code, 0);
  t.deepEqual(same.value, {
    ...{ isSame: true, isKeySame: true, isTicketSame: true, isSameEntry: true },
    differences: [],
  });
  const { code, stdout } = await sslctx('session', 'compare', first ?? '', second ?? '');
  t.is(code, 1);
  t.regex(stdout, /^hostname +a +b$/m);
  t.regex(stdout, /^sessionId +[0-9a-f]{64} +[0-9a-f]{64}$/m);
  t.regex(stdout, /^master key +not shown +another$/m);
  t.false(stdout.includes(one.exportMasterKey().toString('hex')));
});

test.serial('a name with control characters does not reach the terminal', async (t) => {
  const file = join(folder(t), 'session.der');
  writeFileSync(file, SslSession.create({ hostname: 'a\u001b[2Jb' }).toDER());
  const { stdout } = await sslctx('session', 'show', file);
  t.regex(stdout, /Server name +a\ufffd\[2Jb/);
});

test.serial('what is no session is refused, in either form', async (t) => {
  const files = folder(t);
  const whole = SslSession.create().toDER();
  for (const [name, bytes] of [
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['cut', whole.subarray(0, 40)],
    ['more', Buffer.concat([whole, Buffer.of(0)])],
  ] as const) {
    const file = join(files, name);
    writeFileSync(file, bytes);
    const { code, stdout, stderr } = await sslctx('session', 'show', file);
    t.is(code, 3, name);
    t.is(stdout, '');
    t.regex(stderr, /^sslctx: \S+ holds no session: /);
  }
});
