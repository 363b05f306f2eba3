import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import * as capi from '../src/capi/index.ts';
import { OpenSslError, SslContext, type SslContextOptions } from '../src/index.ts';
import { type Certificate, makeCertificate } from '../src/testing/certificate.ts';
import { certificate, clientContext, close, connect, protocols, serverContext } from './helpers/classes.ts';
import { leavesNoErrors } from './helpers/errors.ts';

test.afterEach(leavesNoErrors);

/** Runs the real openssl program in a folder with these files; returns a file that it made. */
function openssl(args: string, files: Record<string, string> = {}, result = 'out'): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { status, stderr, error } = spawnSync('openssl', args.split(' '), { cwd: folder, encoding: 'utf8' });
    if (error !== undefined) throw new Error('install the openssl program: apt-get install openssl', { cause: error });
    if (status !== 0) throw new Error(`openssl ${args}: ${stderr}`);
    return readFileSync(join(folder, result));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const make = (options: object) => () => Reflect.construct(SslContext, [options]);

const typos: Array<[string, string]> = [
  ['sesionTimeout', 'sessionTimeout'],
  ['cyphers', 'ciphers'],
  ['alpnProtocols', 'ALPNProtocols'],
  ['sessionIDContext', 'sessionIdContext'],
  ['ticketkeys', 'ticketKeys'],
  ['maxversion', 'maxVersion'],
];

for (const [typo, meant] of typos) {
  test(`the option ${typo} is refused, and ${meant} proposed`, (t) => {
    const error = t.throws(make({ [typo]: 1 }), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' });
    t.true(error?.message.includes(`'options.${typo}'`));
    t.true(error?.message.includes(`'${meant}'`));
  });
}

test('an option like no other is refused without a proposal', (t) => {
  const error = t.throws(make({ honeypot: true }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.false(error?.message.includes('meant'));
  t.throws(make({ sessionCache: { sise: 5 } }), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /sessionCache\.sise.*'size'/,
  });
});

test('options that are undefined are as if they were not there', (t) => {
  const options: SslContextOptions = {
    cert: undefined,
    ciphers: undefined,
    sessionCache: undefined,
    tickets: undefined,
  };
  t.is(new SslContext(options).sessionTimeout, 7200);
});

const refused: Array<[string, object, string | RegExp]> = [
  ['a string for options', Object('text'), 'ERR_INVALID_ARG_VALUE'],
  ['a certificate that is none', { cert: 'hello' }, 'ERR_OSSL_PEM_NO_START_LINE'],
  ['a certificate of the wrong type', { cert: 42 }, 'ERR_INVALID_ARG_TYPE'],
  ['a list of certificates with a wrong one', { cert: [null] }, 'ERR_INVALID_ARG_TYPE'],
  ['a key that is none', { key: 'hello' }, /^ERR_OSSL_/],
  ['a key of the wrong type', { key: {} }, 'ERR_INVALID_ARG_TYPE'],
  ['PKCS#12 that is none', { pfx: Buffer.from('hello') }, /^ERR_OSSL_ASN1_/],
  ['PKCS#12 as text', { pfx: 'hello' }, 'ERR_INVALID_ARG_TYPE'],
  ['authorities that are none', { ca: 'hello' }, 'ERR_OSSL_PEM_NO_START_LINE'],
  ['a revocation list that is none', { crl: 'hello' }, 'ERR_OSSL_PEM_NO_START_LINE'],
  ['a version that does not exist', { minVersion: 'TLSv2' }, 'ERR_INVALID_ARG_VALUE'],
  ['a version as a number', { maxVersion: 0x304 }, 'ERR_INVALID_ARG_TYPE'],
  ['versions the wrong way round', { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, 'ERR_INVALID_ARG_VALUE'],
  ['a cipher suite that does not exist', { ciphers: 'ROT13' }, 'ERR_SSL_NO_CIPHER_MATCH'],
  ['a TLS 1.3 suite that does not exist', { ciphers: 'TLS_ROT13' }, /^ERR_SSL_/],
  ['no cipher suite', { ciphers: ':' }, 'ERR_INVALID_ARG_VALUE'],
  [
    'only suites of other versions',
    { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', minVersion: 'TLSv1.3' },
    'ERR_INVALID_ARG_VALUE',
  ],
  ['a curve that does not exist', { ecdhCurve: 'P-1' }, /^ERR_SSL_/],
  ['a signature algorithm that does not exist', { sigalgs: 'none' }, /^ERR_SSL_/],
  ['DH parameters that are none', { dhparam: 'hello' }, /^ERR_OSSL_/],
  ['a protocol name without a byte', { ALPNProtocols: [''] }, 'ERR_INVALID_ARG_VALUE'],
  ['a protocol name of 256 bytes', { ALPNProtocols: ['a'.repeat(256)] }, 'ERR_INVALID_ARG_VALUE'],
  ['protocols as text', { ALPNProtocols: 'h2' }, 'ERR_INVALID_ARG_TYPE'],
  ['tickets of another kind', { tickets: 'maybe' }, 'ERR_INVALID_ARG_VALUE'],
  ['tickets and no tickets', { tickets: 'none', numTickets: 2 }, 'ERR_INVALID_ARG_VALUE'],
  ['too many tickets', { numTickets: 33 }, 'ERR_OUT_OF_RANGE'],
  ["Node's ticket keys", { ticketKeys: Buffer.alloc(48) }, 'ERR_OUT_OF_RANGE'],
  ['a negative time-out', { sessionTimeout: -1 }, 'ERR_OUT_OF_RANGE'],
  ['a long session ID context', { sessionIdContext: 'x'.repeat(33) }, 'ERR_OUT_OF_RANGE'],
  ['a session ID context of the wrong type', { sessionIdContext: 42 }, 'ERR_INVALID_ARG_TYPE'],
  ['a cache as a number', { sessionCache: 42 }, 'ERR_INVALID_ARG_TYPE'],
];

for (const [what, options, code] of refused) {
  test(`refused, without a leak: ${what}`, (t) => {
    const before = capi.debug.live().SSL_CTX;
    const error = t.throws(make(options));
    const actual = error !== undefined && 'code' in error ? String(error.code) : '';
    if (typeof code === 'string') t.is(actual, code);
    else t.regex(actual, code);
    t.is(capi.debug.live().SSL_CTX, before);
    t.is(capi.ERR_peek_error(), 0);
  });
}

test("a key that is not the certificate's is refused", (t) => {
  const other = makeCertificate();
  t.throws(() => new SslContext({ cert: certificate().cert, key: other.key }), {
    instanceOf: OpenSslError,
    code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
  });
  t.throws(() => new SslContext({ cert: certificate().cert }), { code: 'ERR_SSL_NO_PRIVATE_KEY_ASSIGNED' });
  t.throws(() => new SslContext({ key: certificate().key }), { code: 'ERR_SSL_NO_CERTIFICATE_ASSIGNED' });
});

test("an OpenSslError has the members of Node's own", (t) => {
  const error = t.throws<OpenSslError>(() => new SslContext({ cert: 'hello' }));
  t.is(error?.name, 'OpenSslError');
  t.is(error?.library, 'PEM routines');
  t.is(error?.reason, 'no start line');
  t.deepEqual(error?.opensslErrorStack, []);
  t.true(error?.message.startsWith('cert: error:'));
});

/** A handshake with the default client succeeds. */
function works(options: SslContextOptions, client: SslContext = clientContext()): boolean {
  const pair = connect(new SslContext(options), client);
  const isVerified = pair.client.verifyError === undefined;
  close(pair);
  return isVerified;
}

test('certificate and key as bytes and as lists', (t) => {
  const { cert, key } = certificate();
  t.true(works({ cert: Buffer.from(cert), key: Buffer.from(key) }));
  t.true(works({ cert: [cert], key: [{ pem: key }] }));
});

test('a chain goes with the certificate', (t) => {
  const root = makeCertificate({ commonName: 'root', isCa: true });
  const middle = makeCertificate({ commonName: 'middle', isCa: true, issuer: root });
  const leaf = makeCertificate({ issuer: middle });
  const client = new SslContext({ ca: root.cert });
  t.true(works({ cert: leaf.cert + middle.cert, key: leaf.key }, client));
  t.throws(() => works({ cert: leaf.cert, key: leaf.key }, client), { code: 'ERR_SSL_CERTIFICATE_VERIFY_FAILED' });
  t.throws(() => works({ cert: leaf.cert, key: leaf.key }, new SslContext({ ca: middle.cert })), {
    code: 'ERR_SSL_CERTIFICATE_VERIFY_FAILED',
  });
  t.true(works({ cert: leaf.cert, key: leaf.key }, new SslContext({ ca: middle.cert, allowPartialTrustChain: true })));
});

test('two certificates, for clients of either kind', (t) => {
  const rsa = makeCertificate({ keyType: 'rsa' });
  const ec = certificate();
  const options = { cert: [rsa.cert, ec.cert], key: [rsa.key, ec.key], maxVersion: 'TLSv1.2' } as const;
  for (const [ciphers, { cert }] of [
    ['ECDHE-RSA-AES128-GCM-SHA256', rsa],
    ['ECDHE-ECDSA-AES128-GCM-SHA256', ec],
  ] satisfies Array<[string, Certificate]>) {
    const pair = connect(new SslContext(options), new SslContext({ ca: [rsa.cert, ec.cert], ciphers }));
    t.is(pair.client.peerCertificate?.toString(), cert);
    t.is(pair.client.cipher?.name, ciphers);
    close(pair);
  }
});

test('encrypted keys need their passphrase', (t) => {
  const { cert, key } = certificate();
  const encrypted = openssl('pkey -in key -aes256 -passout pass:secret -out out', { key }).toString();
  t.true(works({ cert, key: encrypted, passphrase: 'secret' }));
  t.true(works({ cert, key: { pem: encrypted, passphrase: 'secret' } }));
  t.true(works({ cert, key: { pem: encrypted, passphrase: 'secret' }, passphrase: 'another' }));
  t.throws(() => new SslContext({ cert, key: encrypted, passphrase: 'wrong' }), { instanceOf: OpenSslError });
  t.throws(() => new SslContext({ cert, key: encrypted }), { instanceOf: OpenSslError });
});

test('PKCS#12, with a chain', (t) => {
  const root = makeCertificate({ commonName: 'root', isCa: true });
  const middle = makeCertificate({ commonName: 'middle', isCa: true, issuer: root });
  const leaf = makeCertificate({ issuer: middle });
  const files = { cert: leaf.cert, key: leaf.key, chain: middle.cert };
  const buf = openssl('pkcs12 -export -in cert -inkey key -certfile chain -passout pass:secret -out out', files);
  const client = new SslContext({ ca: root.cert });
  t.true(works({ pfx: buf, passphrase: 'secret' }, client));
  t.true(works({ pfx: [{ buf, passphrase: 'secret' }] }, client));
  t.throws(() => new SslContext({ pfx: buf, passphrase: 'wrong' }), { instanceOf: OpenSslError });
});

test('a revoked certificate is not trusted', (t) => {
  const root = makeCertificate({ commonName: 'root', isCa: true });
  const leaf = makeCertificate({ issuer: root });
  const config = '[ca]\ndefault_ca = d\n[d]\ndatabase = index\ndefault_md = sha256\ndefault_crl_days = 7\n';
  const files = { config, index: '', cert: root.cert, key: root.key };
  const sign = 'ca -config config -gencrl -cert cert -keyfile key -out out';
  const crl = openssl(sign, files);
  const serial = openssl('x509 -in leaf -serial -noout -out out', { leaf: leaf.cert }).toString().trim().slice(7);
  const index = `R\t401231235959Z\t250101000000Z\t${serial}\tunknown\t/CN=localhost\n`;
  const crlWithLeaf = openssl(sign, { ...files, index });
  t.true(works(leaf, new SslContext({ ca: root.cert, crl })));
  t.throws(() => works(leaf, new SslContext({ ca: root.cert, crl: crlWithLeaf })), {
    code: 'ERR_SSL_CERTIFICATE_VERIFY_FAILED',
  });
});

const suites: Array<[string, string, string]> = [
  ['TLS_AES_128_GCM_SHA256', 'TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
  ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['ECDHE-ECDSA-AES128-GCM-SHA256:TLS_CHACHA20_POLY1305_SHA256', 'TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
];

for (const [ciphers, protocol, name] of suites) {
  test(`ciphers ${ciphers}`, (t) => {
    const pair = connect(new SslContext({ ...certificate(), ciphers }), clientContext());
    t.is(pair.server.protocol, protocol);
    t.is(pair.server.cipher?.name, name);
    close(pair);
  });
}

test('the server prefers its own order unless told otherwise', (t) => {
  const [first, second] = ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'];
  const client = clientContext({ ciphers: `${second}:${first}` });
  for (const [honorCipherOrder, expected] of [
    [undefined, first],
    [true, first],
    [false, second],
  ] as const) {
    const pair = connect(serverContext('TLSv1.2', { ciphers: `${first}:${second}`, honorCipherOrder }), client);
    t.is(pair.server.cipher?.name, expected);
    close(pair);
  }
});

test('the default is TLS 1.2 and later', (t) => {
  const old = clientContext({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
  t.throws(() => connect(new SslContext({ ...certificate(), ciphers: 'ALL:@SECLEVEL=0' }), old), {
    code: 'ERR_SSL_UNSUPPORTED_PROTOCOL',
  });
});

test('curves and signature algorithms', (t) => {
  const server = serverContext('TLSv1.3', { ecdhCurve: 'P-256', sigalgs: 'ecdsa_secp256r1_sha256' });
  close(connect(server, clientContext({ ecdhCurve: 'auto' })));
  t.throws(() => connect(server, clientContext({ ecdhCurve: 'P-384' })), { instanceOf: OpenSslError });
  t.throws(() => connect(server, clientContext({ sigalgs: 'rsa_pss_rsae_sha256' })), { instanceOf: OpenSslError });
});

test('DHE needs parameters, until OpenSSL 4.0', (t) => {
  const rsa = makeCertificate({ keyType: 'rsa' });
  const client = new SslContext({ ca: rsa.cert, ciphers: 'DHE-RSA-AES128-GCM-SHA256' });
  const parameters = openssl('genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out out');
  // There the groups of RFC 7919 are among the default ones.
  if (capi.OpenSSL_version_num() >= 0x40000000) t.true(works(rsa, client));
  else t.throws(() => works(rsa, client), { code: 'ERR_SSL_NO_SHARED_CIPHER' });
  t.true(works({ ...rsa, dhparam: 'auto' }, client));
  t.true(works({ ...rsa, dhparam: parameters }, client));
});

test('secureOptions are SSL_OP_* bits', (t) => {
  const pair = connect(new SslContext({ ...certificate(), secureOptions: capi.SSL_OP_NO_TLSv1_3 }), clientContext());
  t.is(pair.server.protocol, 'TLSv1.2');
  close(pair);
});

for (const protocol of protocols) {
  test(`ALPN chooses by the server's preference, ${protocol}`, (t) => {
    const server = serverContext(protocol, { ALPNProtocols: ['h2', 'http/1.1'] });
    const pair = connect(server, clientContext({ ALPNProtocols: ['http/1.1', 'h2'] }));
    t.is(pair.server.alpn, 'h2');
    t.is(pair.client.alpn, 'h2');
    close(pair);
    const without = connect(server, clientContext());
    t.is(without.server.alpn, undefined);
    close(without);
    t.throws(() => connect(server, clientContext({ ALPNProtocols: ['ftp'] })), {
      code: 'ERR_SSL_NO_APPLICATION_PROTOCOL',
    });
  });

  test(`client certificates, ${protocol}`, (t) => {
    const own = makeCertificate({ commonName: 'client', client: true });
    const options = { ca: own.cert, requestCert: true, tickets: 'stateful', sessionIdContext: undefined } as const;
    const server = serverContext(protocol, options);
    t.is(server.sessionIdContext.length, 32);
    const pair = connect(server, clientContext(own));
    t.is(pair.server.peerCertificate?.subject, 'CN=client');
    t.is(pair.server.verifyError, undefined);
    const { session } = pair.client;
    close(pair);
    const again = connect(server, clientContext(own), session === undefined ? {} : { session });
    t.true(again.server.isSessionReused, 'libssl resumes verified sessions only with a session ID context');
    t.is(again.server.peerCertificate?.subject, 'CN=client');
    close(again);

    t.throws(() => connect(server, clientContext()), { code: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' });
    const optional = connect(serverContext(protocol, { ...options, rejectUnauthorized: false }), clientContext());
    t.is(optional.server.peerCertificate, undefined);
    close(optional);
  });

  test(`the kinds of tickets, ${protocol}`, (t) => {
    for (const [tickets, isResumed, isCached] of [
      ['stateless', true, false],
      ['stateful', true, true],
      ['none', protocol === 'TLSv1.2', protocol === 'TLSv1.2'],
    ] as const) {
      const context = serverContext(protocol, { tickets });
      const client = clientContext();
      const first = connect(context, client);
      const { session } = first.client;
      close(first);
      t.is(context.stats.number > 0, isCached, tickets);
      const second = connect(context, client, session === undefined ? {} : { session });
      t.is(second.server.isSessionReused, isResumed, tickets);
      close(second);
    }
  });

  test(`servers with the same ticket keys resume each other's sessions, ${protocol}`, (t) => {
    const ticketKeys = Buffer.alloc(80, 1);
    const first = connect(serverContext(protocol, { ticketKeys }), clientContext());
    const { session } = first.client;
    close(first);
    for (const [keys, isResumed] of [
      [ticketKeys, true],
      [Buffer.alloc(80, 2), false],
    ] as const) {
      const options = session === undefined ? {} : { session };
      const pair = connect(serverContext(protocol, { ticketKeys: keys }), clientContext(), options);
      t.is(pair.server.isSessionReused, isResumed);
      close(pair);
    }
  });
}

test('each kind of client trust has a session ID context of its own', (t) => {
  const { cert } = makeCertificate();
  const of = (options: SslContextOptions): string =>
    serverContext('TLSv1.3', { requestCert: true, sessionIdContext: undefined, ...options }).sessionIdContext.toString(
      'hex',
    );
  const all = [of({ ca: cert }), of({ ca: certificate().cert }), of({ ca: [cert, certificate().cert] }), of({})];
  t.is(new Set(all).size, all.length);
  t.is(of({ ca: cert }), of({ ca: cert }), 'the same in every process');
  t.is(serverContext('TLSv1.3', { requestCert: true, sessionIdContext: 'mine' }).sessionIdContext.toString(), 'mine');
});

test('numTickets is how many tickets a client gets', (t) => {
  for (const numTickets of [0, 1, 4]) {
    const client = clientContext({ sessionCache: { mode: ['client'] } });
    const pair = connect(serverContext('TLSv1.3', { numTickets }), client);
    t.is(pair.client.takeSessions().length, numTickets);
    close(pair);
  }
});
