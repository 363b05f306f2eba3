// SSLKEYLOGFILE and NODE_DEBUG.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { output } from '../helpers/process.ts';
import { makeFolder, serve, visitWithOwnClient } from './child.ts';

/** A real client that writes a key log of its own. */
function sClientWithKeys(port: string, file: string): Promise<string> {
  const options = ['-connect', `127.0.0.1:${port}`, '-keylogfile', file, '-servername', 'shop.example'];
  return output('openssl', ['s_client', ...options, '-ign_eof']);
}

/** Without comments, in the order of the alphabet: both ends tell of the same keys, not in the same order. */
function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .sort();
}

test("a server's SSLKEYLOGFILE has the keys that s_client logs, and nobody else can read it", async (t) => {
  const folder = makeFolder(t);
  const [own, other] = [join(folder, 'own.log'), join(folder, 's_client.log')];
  const errors = await serve(t, { SSLKEYLOGFILE: own }, (port) => sClientWithKeys(port, other));
  t.deepEqual(linesOf(own), linesOf(other));
  t.true(linesOf(own).some((line) => /^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]{64,}$/.test(line)));
  t.is(statSync(own).mode & 0o777, 0o600);
  t.is(errors.match(/SSLCTX_KEYLOG/g)?.length, 1);
});

test('clients append to it', async (t) => {
  const file = join(makeFolder(t), 'keys.log');
  writeFileSync(file, '# mine\n', { mode: 0o600 });
  const servers = join(makeFolder(t), 'keys.log');
  await serve(t, { SSLKEYLOGFILE: servers }, async (port) => {
    t.is((await visitWithOwnClient(port, { SSLKEYLOGFILE: file })).code, 0);
  });
  t.true(readFileSync(file, 'utf8').startsWith('# mine\n'));
  t.deepEqual(linesOf(file), linesOf(servers));
});

test('without it, or when it is empty, nothing is opened', async (t) => {
  const folder = makeFolder(t);
  for (const variables of [{}, { SSLKEYLOGFILE: '' }]) {
    const errors = await serve(t, variables, (port) => sClientWithKeys(port, join(folder, 'other.log')));
    t.is(errors, '');
  }
});

test('a file that cannot be written is said once, and connections do not suffer', async (t) => {
  const file = join(makeFolder(t), 'not-there', 'keys.log');
  const other = join(makeFolder(t), 'other.log');
  const errors = await serve(t, { SSLKEYLOGFILE: file }, async (port) => {
    for (let visit = 0; visit < 2; visit++) t.regex(await sClientWithKeys(port, other), /^hello$/m);
  });
  t.is(errors.match(/no keys are written to SSLKEYLOGFILE: ENOENT/g)?.length, 1);
});

test('NODE_DEBUG=sslctx prints a line for each handshake, without secrets', async (t) => {
  const folder = makeFolder(t);
  const session = join(folder, 'session.pem');
  const errors = await serve(t, { NODE_DEBUG: 'sslctx' }, async (port) => {
    const visit = ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2', '-ign_eof', '-servername', 'a.example'];
    await output('openssl', [...visit, '-sess_out', session]);
    await output('openssl', [...visit, '-sess_in', session]);
    await t.throwsAsync(output('openssl', [...visit, '-cipher', 'PSK-AES128-CBC-SHA', '-psk', '00']));
    const { stderr } = await visitWithOwnClient(port, { NODE_DEBUG: 'sslctx' });
    t.regex(stderr, /^SSLCTX \d+: client handshake TLSv1\.3 TLS_\w+ full [\d.]+ms\n$/);
  });
  const lines = errors.split('\n').map((line) => line.replace(/^SSLCTX \d+: /, ''));
  t.is(lines.length, 5);
  const cipher = '[A-Z0-9-]+';
  t.regex(lines[0] ?? '', new RegExp(`^server handshake TLSv1\\.2 ${cipher} full servername="a\\.example" [\\d.]+ms$`));
  const resumed = `^server handshake TLSv1\\.2 ${cipher} resumed stateless-ticket servername="a\\.example" [\\d.]+ms$`;
  t.regex(lines[1] ?? '', new RegExp(resumed));
  t.regex(lines[2] ?? '', /^server error ERR_SSL_NO_SHARED_CIPHER [\d.]+ms$/);
  t.regex(lines[3] ?? '', /^server handshake TLSv1\.3 TLS_\w+ full [\d.]+ms$/);
  t.is(lines[4], '');
});
