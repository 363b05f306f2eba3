import { spawnSync } from 'node:child_process';
import { inspect } from 'node:util';
import test from 'ava';
import * as capi from '../src/capi/index.ts';
import { OpenSslError, SslContext, SslctxError, SslSession } from '../src/index.ts';
import { certificate, clientContext, close, connect, protocols, serverContext } from './helpers/classes.ts';
import { leavesNoErrors } from './helpers/errors.ts';

test.afterEach(leavesNoErrors);

/** The client's session of a real handshake, after a clean end. */
function realSession(
  protocol: (typeof protocols)[number],
  tickets: 'stateful' | 'stateless' = 'stateless',
): SslSession {
  const pair = connect(serverContext(protocol, { tickets }), clientContext());
  const { session } = pair.client;
  close(pair);
  if (session === undefined) throw new Error('no session');
  return session;
}

for (const protocol of protocols) {
  test(`a session of ${protocol} survives DER and PEM`, (t) => {
    const session = realSession(protocol);
    const der = session.toDER();
    for (const copy of [SslSession.fromDER(der), SslSession.fromPEM(session.toPEM())]) {
      t.deepEqual(copy.toDER(), der);
      t.true(copy.equals(session));
      t.deepEqual(copy.exportMasterKey(), session.exportMasterKey());
      t.deepEqual(copy.ticket, session.ticket);
      t.true(copy.isResumable);
    }
  });

  test(`a client's session of ${protocol} tells what was negotiated`, (t) => {
    const session = realSession(protocol);
    t.is(session.protocol, protocol);
    t.is(session.cipher?.version, protocol);
    t.regex(session.cipher?.standardName ?? '', /^TLS_/);
    t.is(session.id.length, 32);
    t.deepEqual(session.idContext, Buffer.alloc(0));
    t.is(session.hostname, undefined, 'the server has not confirmed the name');
    t.true(session.isResumable);
    t.true(session.hasTicket);
    t.true((session.ticket?.length ?? 0) > 32);
    t.is(session.ticketLifetimeHint, 7200);
    t.is(session.timeout, 7200);
    t.true(Math.abs(session.time - Date.now() / 1000) < 60);
    t.is(session.expiresAt, session.time + 7200);
    t.is(session.maxEarlyData, 0);
    t.is(session.alpn, undefined);
    t.is(session.exportMasterKey().length, 48);
    t.is(session.peerCertificate?.subject, 'CN=localhost');
    t.is(session.peerCertificate?.toString(), certificate().cert);
  });

  test(`a client's session of ${protocol} without stateless tickets`, (t) => {
    const session = realSession(protocol, 'stateful');
    t.is(session.hasTicket, protocol === 'TLSv1.3');
    t.is(session.ticket?.length, protocol === 'TLSv1.3' ? 32 : undefined);
  });

  test(`the text of a session of ${protocol} is that of openssl sess_id -text`, (t) => {
    const session = realSession(protocol);
    const { stdout, stderr, error } = spawnSync('openssl', ['sess_id', '-text', '-noout'], {
      input: session.toPEM(),
      encoding: 'utf8',
    });
    if (error !== undefined) t.fail(`the openssl program is needed (apt-get install openssl): ${error.message}`);
    t.is(stderr, '');
    t.is(session.toText({ masterKey: true }), stdout);
    const key = session.exportMasterKey().toString('hex').toUpperCase();
    t.true(stdout.includes(key));
    t.is(session.toText(), stdout.replace(key, '***'));
  });
}

test('create makes what it is told', (t) => {
  const id = Buffer.alloc(32, 9);
  const masterKey = Buffer.alloc(48, 7);
  const session = SslSession.create({
    protocol: 'TLSv1.2',
    cipher: 'ECDHE-RSA-AES128-GCM-SHA256',
    id,
    masterKey,
    idContext: Buffer.from('shop'),
    time: 1_700_000_000,
    timeout: 60,
    hostname: 'example.org',
    alpn: 'h2',
    maxEarlyData: 16384,
  });
  t.is(session.protocol, 'TLSv1.2');
  t.is(session.cipher?.name, 'ECDHE-RSA-AES128-GCM-SHA256');
  t.deepEqual(session.id, id);
  t.deepEqual(session.exportMasterKey(), masterKey);
  t.deepEqual(session.idContext, Buffer.from('shop'));
  t.is(session.time, 1_700_000_000);
  t.is(session.timeout, 60);
  t.is(session.expiresAt, 1_700_000_060);
  t.is(session.hostname, 'example.org');
  t.is(session.alpn, 'h2');
  t.is(session.maxEarlyData, 16384);
  t.false(session.hasTicket);
  t.is(session.ticket, undefined);
  t.is(session.peerCertificate, undefined);
  t.true(session.isResumable);
});

test('create fills in the rest, differently each time', (t) => {
  const [first, second] = [SslSession.create(), SslSession.create()];
  t.is(first.protocol, 'TLSv1.3');
  t.is(first.cipher?.version, 'TLSv1.3');
  t.is(first.id.length, 32);
  t.is(first.timeout, 304);
  t.false(first.equals(second));
  t.notDeepEqual(first.exportMasterKey(), second.exportMasterKey());
  t.not(SslSession.create({ protocol: 'TLSv1.2' }).cipher?.version, 'TLSv1.3');
});

const creations: Array<[string, () => unknown, string]> = [
  ['an unknown cipher suite', () => SslSession.create({ cipher: 'ROT13' }), 'ERR_INVALID_ARG_VALUE'],
  [
    'a suite of another protocol',
    () => SslSession.create({ protocol: 'TLSv1.2', cipher: 'TLS_AES_128_GCM_SHA256' }),
    'ERR_INVALID_ARG_VALUE',
  ],
  ['an empty ID', () => SslSession.create({ id: new Uint8Array(0) }), 'ERR_INVALID_ARG_VALUE'],
  ['a long ID', () => SslSession.create({ id: new Uint8Array(33) }), 'ERR_OUT_OF_RANGE'],
  ['an empty key', () => SslSession.create({ masterKey: new Uint8Array(0) }), 'ERR_INVALID_ARG_VALUE'],
  ['a long key', () => SslSession.create({ masterKey: new Uint8Array(513) }), 'ERR_OUT_OF_RANGE'],
  ['a long context', () => SslSession.create({ idContext: new Uint8Array(33) }), 'ERR_OUT_OF_RANGE'],
  ['a negative time', () => SslSession.create({ time: -1 }), 'ERR_OUT_OF_RANGE'],
  ['a fraction of a timeout', () => SslSession.create({ timeout: 0.5 }), 'ERR_OUT_OF_RANGE'],
  ['a long host name', () => SslSession.create({ hostname: 'a'.repeat(256) }), 'ERR_OUT_OF_RANGE'],
];

test('create refuses what makes no session, and leaks none', (t) => {
  const before = capi.debug.live().SSL_SESSION;
  for (const [what, make, code] of creations) t.throws(make, { code }, what);
  t.is(capi.debug.live().SSL_SESSION, before);
});

const notSessions: Array<[string, (der: Buffer) => Uint8Array, string | RegExp]> = [
  ['nothing', () => new Uint8Array(0), 'ERR_SSL_UNKNOWN'],
  ['one byte', () => Buffer.of(0x30), /^ERR_OSSL_ASN1_/],
  ['zeros', () => Buffer.alloc(64), /^ERR_OSSL_ASN1_/],
  ['half a session', (der) => der.subarray(0, der.length / 2), /^ERR_OSSL_ASN1_/],
  ['a session and a byte', (der) => Buffer.concat([der, Buffer.of(0)]), 'ERR_SSL_LENGTH_MISMATCH'],
  ['two sessions', (der) => Buffer.concat([der, der]), 'ERR_SSL_LENGTH_MISMATCH'],
  // libssl says nothing of the reason.
  ['an unknown cipher suite', (der) => replace(der, '04021302', '0402fffe'), 'ERR_SSL_UNKNOWN'],
];

function replace(bytes: Buffer, from: string, to: string): Buffer {
  const hex = bytes.toString('hex');
  if (!hex.includes(from)) throw new Error('not there');
  return Buffer.from(hex.replace(from, to), 'hex');
}

for (const [what, change, code] of notSessions) {
  test(`fromDER refuses ${what}`, (t) => {
    const der = SslSession.create({ cipher: 'TLS_AES_256_GCM_SHA384' }).toDER();
    const before = capi.debug.live().SSL_SESSION;
    const error = t.throws(() => SslSession.fromDER(change(der)), { instanceOf: OpenSslError });
    if (typeof code === 'string') t.is<string | undefined, string>(error?.code, code);
    else t.regex(error?.code ?? '', code);
    t.is(capi.ERR_peek_error(), 0);
    t.is(capi.debug.live().SSL_SESSION, before);
  });
}

test('fromDER tells no old errors', (t) => {
  capi.PEM_read_bio_X509(capi.BIO_new(capi.BIO_s_mem()));
  t.not(capi.ERR_peek_error(), 0);
  const error = t.throws<OpenSslError>(() => SslSession.fromDER(new Uint8Array(0)));
  t.is(error?.code, 'ERR_SSL_UNKNOWN');
});

test('fromPEM takes a session behind other text', (t) => {
  const session = SslSession.create();
  for (const pem of [`SSL-Session: ...\n\n${session.toPEM()}\n \n`, Buffer.from(session.toPEM())]) {
    t.true(SslSession.fromPEM(pem).equals(session));
  }
});

const notPems: Array<[string, (pem: string, der: Buffer) => string | Uint8Array, string]> = [
  ['nothing', () => '', 'ERR_OSSL_PEM_NO_START_LINE'],
  ['other text', () => 'hello', 'ERR_OSSL_PEM_NO_START_LINE'],
  ['a certificate', () => certificate().cert, 'ERR_OSSL_PEM_NO_START_LINE'],
  ['text behind the session', (pem) => `${pem}x`, 'ERR_INVALID_ARG_VALUE'],
  ['two sessions', (pem) => pem + pem, 'ERR_INVALID_ARG_VALUE'],
  [
    'a session with bytes behind it',
    (_pem, der) => armour(Buffer.concat([der, Buffer.of(0)])),
    'ERR_INVALID_ARG_VALUE',
  ],
  ['a broken end', (pem) => pem.replace('END', 'ENB'), 'ERR_OSSL_PEM_BAD_END_LINE'],
];

function armour(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN SSL SESSION PARAMETERS-----\n${lines.join('\n')}\n-----END SSL SESSION PARAMETERS-----\n`;
}

test('what the tests take for PEM is', (t) => {
  const session = SslSession.create();
  t.is(armour(session.toDER()), session.toPEM());
});

for (const [what, change, code] of notPems) {
  test(`fromPEM refuses ${what}`, (t) => {
    const session = SslSession.create();
    const before = capi.debug.live().SSL_SESSION;
    t.throws(() => SslSession.fromPEM(change(session.toPEM(), session.toDER())), { code });
    t.is(capi.ERR_peek_error(), 0);
    t.is(capi.debug.live().SSL_SESSION, before);
  });
}

test('wrong types are TypeErrors with a code', (t) => {
  const wrong: Array<() => unknown> = [
    () => Reflect.apply(SslSession.fromDER, undefined, ['text']),
    () => Reflect.apply(SslSession.fromDER, undefined, [null]),
    () => Reflect.apply(SslSession.fromPEM, undefined, [42]),
    () => Reflect.apply(SslSession.create().equals, SslSession.create(), [{}]),
    () => Reflect.apply(SslSession.create().equals, SslSession.create(), [null]),
  ];
  for (const attempt of wrong) t.throws(attempt, { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' });
  for (const argument of [undefined, 1, {}, capi.BIO_new(capi.BIO_s_mem())]) {
    t.throws(() => Reflect.construct(SslSession, [argument]), {
      instanceOf: TypeError,
      code: 'ERR_ILLEGAL_CONSTRUCTOR',
    });
  }
});

test('an error message has no secrets in it', (t) => {
  const error = t.throws(() => Reflect.apply(SslSession.fromDER, undefined, ['top secret']));
  t.false(error?.message.includes('top secret'));
});

test('time and timeout can be set, in a cache too', (t) => {
  const session = SslSession.create();
  const context = new SslContext();
  for (const isCached of [false, true]) {
    if (isCached) context.addSession(session);
    session.time = 1_600_000_000;
    session.timeout = 100;
    t.is(session.time, 1_600_000_000);
    t.is(session.timeout, 100);
    t.is(session.expiresAt, 1_600_000_100);
    for (const seconds of [-1, 0.5, Number.NaN, 2 ** 40]) {
      t.throws(() => (session.time = seconds), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
      t.throws(() => (session.timeout = seconds), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
    }
    t.is(session.expiresAt, 1_600_000_100);
    session.time = 1_500_000_000;
  }
});

test('equals compares protocol version and ID', (t) => {
  const id = Buffer.alloc(32, 1);
  const session = SslSession.create({ id });
  t.true(session.equals(session));
  t.true(session.equals(SslSession.create({ id })));
  t.true(session.equals(session.clone()));
  t.false(session.equals(SslSession.create({ id, protocol: 'TLSv1.2' })));
  t.false(session.equals(SslSession.create({ id: Buffer.alloc(32, 2) })));
  t.false(session.equals(SslSession.create({ id: Buffer.alloc(16, 1) })));
});

test('sessions without an ID equal only themselves', (t) => {
  const pair = connect(serverContext('TLSv1.2'), clientContext());
  const other = connect(serverContext('TLSv1.2'), clientContext());
  const { session } = pair.server;
  t.is(session?.id.length, 0);
  if (session === undefined || other.server.session === undefined) return;
  t.true(session.equals(pair.server.session ?? other.server.session));
  t.false(session.equals(other.server.session));
});

test('a clone has nothing in common with the original', (t) => {
  const session = SslSession.create({ timeout: 100 });
  const context = new SslContext();
  context.addSession(session);
  const clone = session.clone();
  t.deepEqual(clone.toDER(), session.toDER());
  clone.timeout = 1;
  t.is(session.timeout, 100);
  context.removeSession(session);
  t.false(session.isResumable);
  t.true(clone.isResumable);
  t.true(new SslContext().addSession(clone), 'a clone may go to another context');
});

test('free gives the session back at once, and is final', (t) => {
  const before = capi.debug.live().SSL_SESSION;
  const session = SslSession.create();
  const other = SslSession.create();
  t.is(capi.debug.live().SSL_SESSION, before + 2);
  session.free();
  session.free();
  t.is(capi.debug.live().SSL_SESSION, before + 1);
  const uses: Array<() => unknown> = [
    () => session.toDER(),
    () => session.toPEM(),
    () => session.toText(),
    () => session.id,
    () => session.idContext,
    () => session.protocol,
    () => session.cipher,
    () => session.time,
    () => (session.time = 1),
    () => session.timeout,
    () => (session.timeout = 1),
    () => session.expiresAt,
    () => session.hostname,
    () => session.alpn,
    () => session.hasTicket,
    () => session.ticket,
    () => session.ticketLifetimeHint,
    () => session.maxEarlyData,
    () => session.peerCertificate,
    () => session.isResumable,
    () => session.exportMasterKey(),
    () => session.equals(other),
    () => other.equals(session),
    () => session.clone(),
    () => new SslContext().addSession(session),
  ];
  for (const use of uses) t.throws(use, { instanceOf: SslctxError, code: 'ERR_SSLCTX_FREED' });
  t.is(inspect(session), 'SslSession { freed }');
  other.free();
});

test('each object has a reference of its own', (t) => {
  const before = capi.debug.live().SSL_SESSION;
  const context = new SslContext();
  const session = SslSession.create();
  context.addSession(session);
  {
    using again = context.getSession(session.id);
    t.true(again?.equals(session));
    t.not(again, session);
  }
  t.is(session.id.length, 32, 'the other object is freed, this one is not');
  session.free();
  t.is(capi.debug.live().SSL_SESSION, before + 1, 'the cache has it');
  t.is(context.clearSessions(), 1);
  t.is(capi.debug.live().SSL_SESSION, before);
});

test('using frees at the end of the block', (t) => {
  let kept: SslSession | undefined;
  {
    using session = SslSession.create();
    kept = session;
  }
  t.throws(() => kept?.id, { code: 'ERR_SSLCTX_FREED' });
});

for (const protocol of protocols) {
  test(`inspect and JSON show no secrets, ${protocol}`, (t) => {
    const session = realSession(protocol);
    const text = inspect(session, { depth: 10, showHidden: true });
    t.true(text.includes(session.id.toString('hex')));
    for (const secret of [session.exportMasterKey(), session.ticket ?? Buffer.alloc(0)]) {
      t.false(text.includes(secret.toString('hex').slice(0, 16)));
    }
    t.is(JSON.stringify(session), '{}');
  });
}
