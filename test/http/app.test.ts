// An application with client certificates moves over by its imports: same answers, to the real curl.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SLOWER } from '../helpers/limits.ts';
import { execute } from '../helpers/process.ts';
import { certificates, program, run } from './programs.ts';

/** What curl says of one call: exit status, HTTP status, body. */
async function curl(folder: string, url: string, ...more: string[]): Promise<string> {
  const { code, stdout } = await execute('curl', [
    ...['-sS', '--noproxy', '*', '--max-time', '30', '--cacert', join(folder, 'ca.pem')],
    ...['-w', ' status=%{http_code} version=%{http_version}', ...more, url],
  ]);
  return `exit=${code} ${stdout}`;
}

function short(text: string): string {
  return text.length < 2000 ? text : `${text.length} ${createHash('sha256').update(text).digest('hex')}`;
}

/** All that the app does, as its users see it. */
async function useApp(t: ExecutionContext, isSwapped: boolean): Promise<Record<string, unknown>> {
  const { folder } = certificates(t);
  const app = await run(t, program(t, 'app.mjs', isSwapped), folder);
  const ports: { https: number; lines: number; listening: boolean } = JSON.parse(app.greeting);
  const at = (path: string) => `https://localhost:${ports.https}${path}`;
  const identity = (name: string) => ['--cert', join(folder, `${name}.pem`)];
  const call = async (path: string, ...more: string[]) => short(await curl(folder, at(path), ...more));
  const seen: Record<string, unknown> = { listening: ports.listening };

  seen.anonymous = await call('/');
  seen.alice = await call('/', ...identity('client'));
  seen.alice12 = await call('/', ...identity('client'), '--tlsv1.2', '--tls-max', '1.2');
  seen.admin = await call('/admin', ...identity('client'));
  seen.adminAnonymous = await call('/admin');
  seen.adminStranger = await call('/admin', ...identity('stranger'));
  seen.notFound = (await call('/nowhere')).replace(/[\s\S]*(?=status)/, '');
  seen.upload = await call('/upload', '--data-binary', `@${process.execPath}`, '-H', 'Expect:');
  seen.continued = await call('/upload', '--data-binary', 'x'.repeat(2000), '-H', 'Expect: 100-continue', '-i').then(
    (text) => /x-continued: yes/i.test(text),
  );
  seen.download = await call('/download', '--output', '-');
  seen.twoOnOneConnection = await call('/admin', ...identity('client'), at('/admin'), '-w', ' new=%{num_connects}');
  seen.peers = await call('/peers');
  seen.untrusted = await call('/untrusted');
  seen.line = await call('/line/abc');
  seen.tooManyHeaders = await call('/', '-H', `x-long: ${'x'.repeat(9000)}`);
  seen.upgrade = await call('/', '--http1.1', '-H', 'Connection: upgrade', '-H', 'Upgrade: echo', '-i');
  const shop = `https://shop.test:${ports.https}/`;
  const resolve = ['--resolve', `shop.test:${ports.https}:127.0.0.1`];
  seen.shop = (await curl(folder, shop, ...resolve, ...identity('client'))).replaceAll(String(ports.https), 'PORT');
  seen.wrongName = await curl(folder, `https://127.0.0.2:${ports.https}/`).then((text) => /^exit=(7|60)/.test(text));
  seen.renew = await call('/renew', '-X', 'POST');
  seen.afterRenewal = await call('/admin', ...identity('client'));
  seen.anonymousAfterRenewal = await call('/admin');
  seen.renewedName = /Subject:\s*CN\s*=\s*(\w+)/.exec(await curl(folder, at('/admin'), '-w', '%{certs}'))?.[1];
  seen.stop = await call('/stop', '-X', 'POST');
  const { lines, code } = await app.ended;
  return { ...seen, last: lines.slice(1), code };
}

test('an Express app with client certificates behaves the same on node:https and on sslctx/https', async (t) => {
  t.timeout(120_000 * SLOWER);
  const [before, after] = await Promise.all([useApp(t, false), useApp(t, true)]);
  t.deepEqual(after, before);
  // Not merely the same failure.
  t.regex(String(after.alice), /"authorized":true.*"subject":"alice".* status=200 version=1\.1$/);
  t.regex(String(after.adminStranger), /status=401/);
  t.regex(String(after.line), /^exit=0 true alice: abc/);
  t.regex(String(after.shop), /"servername":"shop.test".*"subject":"alice"/);
  t.regex(String(after.afterRenewal), /hello alice/);
  t.is(after.renewedName, 'renewed');
  t.regex(String(after.upgrade), /echo 0 false/);
  t.deepEqual(after.last, ['closed']);
  t.is(after.code, 0);
});

test('an agent that goes through a tunnel, and a process that ends although it keeps the connection', async (t) => {
  const { folder } = certificates(t);
  for (const isSwapped of [false, true]) {
    const tunnel = await run(t, program(t, 'tunnel.mjs', isSwapped), folder);
    t.deepEqual(await tunnel.ended, { lines: ['hello false kept', 'hello true kept'], code: 0 });
  }
});
