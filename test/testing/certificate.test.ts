import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type CertificateOptions, makeCertificate, TestingError } from '../../src/testing/index.ts';

const DAY = 24 * 60 * 60 * 1000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

test('by default: a P-256 certificate of localhost and the loopback addresses, self-signed, for a week', (t) => {
  const { cert, key } = makeCertificate();
  const x509 = new X509Certificate(cert);
  t.is(x509.subject, 'CN=localhost');
  t.is(x509.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  t.true(x509.verify(x509.publicKey));
  t.true(x509.checkPrivateKey(createPrivateKey(key)));
  t.is(x509.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  t.is(Date.parse(x509.validTo) - Date.parse(x509.validFrom), 7 * DAY);
  t.false(x509.ca);
  t.deepEqual(x509.keyUsage, [SERVER_AUTH]);
  t.regex(key, /^-----BEGIN PRIVATE KEY-----\n/);
});

test('two calls make two keys', (t) => {
  t.not(makeCertificate().key, makeCertificate().key);
});

test('an issuer signs certificates that its own certificate verifies', (t) => {
  const authority = makeCertificate({ isCa: true, commonName: 'Test CA', altNames: [] });
  const leaf = makeCertificate({ issuer: authority, client: true, commonName: 'alice', altNames: [], days: 1 });
  const issuer = new X509Certificate(authority.cert);
  const x509 = new X509Certificate(leaf.cert);
  t.true(issuer.ca);
  t.true(x509.checkIssued(issuer));
  t.true(x509.verify(issuer.publicKey));
  t.is(x509.issuer, 'CN=Test CA');
  t.is(x509.subjectAltName, undefined);
  t.deepEqual(x509.keyUsage, [CLIENT_AUTH]);
  t.is(Date.parse(x509.validTo) - Date.parse(x509.validFrom), DAY);
});

test('keyType and bits choose an RSA key', (t) => {
  const { publicKey } = new X509Certificate(makeCertificate({ keyType: 'rsa', bits: 1024 }).cert);
  t.is(publicKey.asymmetricKeyType, 'rsa');
  t.is(publicKey.asymmetricKeyDetails?.modulusLength, 1024);
});

test('altNames may hold host names, wildcards and addresses of both kinds', (t) => {
  const { cert } = makeCertificate({ altNames: ['a.example', '*.b.example', '192.0.2.1', '2001:db8::1'] });
  const names = 'DNS:a.example, DNS:*.b.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1';
  t.is(new X509Certificate(cert).subjectAltName, names);
});

for (const commonName of ['a/O=evil', 'a+O=evil', 'back\\slash', 'Zoë $ENV::HOME', '-subj']) {
  test(`a common name stays one common name: ${commonName}`, (t) => {
    const { cert } = makeCertificate({ commonName });
    const { CN, O } = new X509Certificate(cert).toLegacyObject().subject;
    t.is(CN, commonName);
    t.is(O, undefined);
  });
}

const unusable: [name: string, options: CertificateOptions][] = [
  ['days 0', { days: 0 }],
  ['days 1.5', { days: 1.5 }],
  ['days NaN', { days: Number.NaN }],
  ['an empty common name', { commonName: '' }],
  ['a line break in the common name', { commonName: 'a\nb' }],
  ['a line break in a name', { altNames: ['a\nIP.9 = 1.2.3.4'] }],
  ['an unknown option', Object.assign({ days: 1 }, { altnames: [] })],
  ['a name that is none', { altNames: ['a b'] }],
  ['a short RSA key', { keyType: 'rsa', bits: 512 }],
];
for (const [name, options] of unusable) {
  test(`refused with ERR_INVALID_ARG_VALUE: ${name}`, (t) => {
    t.throws(() => makeCertificate(options), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' });
  });
}

test('without the program, the error says how to install it', (t) => {
  const error = t.throws(() => makeCertificate({ program: 'no-such-openssl' }), { instanceOf: TestingError });
  t.is(error.code, 'ERR_SSLCTX_PROGRAM_MISSING');
  t.regex(error.message, /'no-such-openssl'.*apt-get install openssl.*dnf.*apk.*brew/);
});

test('what the program says about its refusal is in the error', (t) => {
  const issuer = { cert: makeCertificate().cert, key: 'no key' };
  const error = t.throws(() => makeCertificate({ issuer }), { instanceOf: TestingError });
  t.is(error.code, 'ERR_SSLCTX_PROGRAM_FAILED');
  t.is(error.exitCode, 1);
  t.regex(error.output, /Could not (read|find).* issuer private key/);
});

test.serial('no file is left behind, neither after success nor after failure', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sslctx-test-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = directory;
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(directory, { recursive: true });
  });
  t.is(tmpdir(), directory);
  const issuer = makeCertificate({ isCa: true });
  t.is(new X509Certificate(makeCertificate({ issuer }).cert).issuer, 'CN=localhost CA');
  t.throws(() => makeCertificate({ issuer: { cert: issuer.cert, key: '' } }));
  t.deepEqual(readdirSync(directory), []);
});
