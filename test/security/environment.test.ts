// What comes from around the process: the system's configuration of OpenSSL, and where libraries are looked for.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { openssl, TLS1_2_VERSION, TLS1_3_VERSION } from '../../src/capi/index.ts';
import { temporaryFile } from '../helpers/files.ts';
import { output } from '../helpers/process.ts';
import { makeFolder, serve, visitWithOwnClient } from '../metrics/child.ts';

const policy = `openssl_conf = all
[all]
ssl_conf = kinds
[kinds]
system_default = limits
[limits]
MinProtocol = TLSv1.3
MaxProtocol = TLSv1.3
`;

function script(name: string): string {
  return fileURLToPath(new URL(`scripts/${name}.ts`, import.meta.url));
}

test("the policy of the system's openssl.cnf holds unless an option says otherwise", async (t) => {
  const env = { ...process.env, OPENSSL_CONF: temporaryFile(t, policy) };
  const limits = JSON.parse(await output(process.execPath, [...process.execArgv, script('versions')], { env }));
  t.deepEqual(limits, [
    [TLS1_3_VERSION, TLS1_3_VERSION],
    [TLS1_2_VERSION, TLS1_3_VERSION],
    [TLS1_2_VERSION, TLS1_2_VERSION],
  ]);
});

test('a key log file that others can read is warned of', async (t) => {
  const folder = makeFolder(t);
  const [shared, own] = [join(folder, 'shared.log'), join(folder, 'own.log')];
  writeFileSync(shared, '');
  chmodSync(shared, 0o644);
  const visit = (port: string): Promise<unknown> => visitWithOwnClient(port, {});
  t.regex(await serve(t, { SSLKEYLOGFILE: shared }, visit), /its mode is 644: others than you/);
  t.notRegex(await serve(t, { SSLKEYLOGFILE: own }, visit), /its mode is/);
});

test('libraries that lie in the working directory are not loaded', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-planted-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'build', 'Release'), { recursive: true });
  for (const name of ['libssl.so.3', 'libcrypto.so.3', 'sslctx.node', 'build/Release/sslctx.node']) {
    writeFileSync(join(folder, name), 'no library');
  }
  const where = await output(process.execPath, [...process.execArgv, script('where'), folder]);
  t.is(where, openssl.libssl);
});
