// What lies in Redis, as redis-cli shows it.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { RedisSessionStore, SslSession } from '../../src/index.ts';
import { type Protocol, protocols } from '../helpers/classes.ts';
import { execute } from '../helpers/process.ts';
import { RedisServer } from './redis.ts';
import { fail, listen, visit } from './servers.ts';

/** Bytes that redis-cli has written as text for people. */
function unquote(text: string): Buffer {
  const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };
  const bytes = text.slice(1, -1).replace(/\\(x[0-9a-f]{2}|.)/g, (_all, code: string) => {
    return code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? code);
  });
  return Buffer.from(bytes, 'latin1');
}

/** Whatever could be a DER: at every place where one could begin, as long as it says it is. */
function sequencesIn(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = bytes.indexOf(0x30); at >= 0; at = bytes.indexOf(0x30, at + 1)) {
    const first = bytes[at + 1] ?? 0;
    const width = first < 0x80 ? 0 : first & 0x7f;
    if (width > 2 || at + 2 + width > bytes.length) continue;
    const length = width === 0 ? first : bytes.readUIntBE(at + 2, width);
    found.push(bytes.subarray(at, at + 2 + width + length));
  }
  return found;
}

function isSession(der: Buffer): boolean {
  try {
    SslSession.fromDER(der).free();
    return true;
  } catch {
    return false;
  }
}

async function stored(
  t: ExecutionContext,
  protocol: Protocol,
  secrecy: { keys: Buffer } | { plaintext: true },
): Promise<{ values: Buffer[]; everything: string; session: SslSession }> {
  const redis = await RedisServer.start(t);
  const sessionStore = new RedisSessionStore({ client: redis.client(), ...secrecy });
  const listening = await listen(t, { sessionStore }, (socket) => {
    socket.labelSession('alice@example').then(() => socket.end('hello\n'), fail(t));
  });
  const visited = await visit(listening, protocol);
  t.true((await visit(listening, protocol, visited.session)).reused);
  const keys = (await redis.cli('--raw', 'KEYS', 'sslctx:s:*')).split('\n');
  const values = await Promise.all(keys.map(async (key) => unquote(await redis.cli('--no-raw', 'GET', key))));
  const names = await redis.cli('--raw', 'KEYS', '*');
  const index = await redis.cli('--raw', 'KEYS', 'sslctx:t:*');
  t.not(index, '', 'there is an index of the label');
  const everything = `${names}\n${values.map((value) => value.toString('latin1')).join('\n')}`;
  for (const key of keys) t.true(Number(await redis.cli('PTTL', key)) > 0);
  return { values, everything, session: SslSession.fromPEM(visited.session ?? '') };
}

for (const protocol of protocols) {
  test(`nothing in Redis is a session to OpenSSL, or names anybody, ${protocol}`, async (t) => {
    const { values, everything, session } = await stored(t, protocol, { keys: randomBytes(32) });
    t.true(values.length > 0);
    for (const value of values) {
      t.true(value.length > 100);
      t.false(sequencesIn(value).some(isSession));
    }
    t.false(everything.includes('alice'));
    t.false(everything.includes(session.exportMasterKey().toString('latin1')));
    const folder = mkdtempSync(join(tmpdir(), 'sslctx-secrecy-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'value');
    for (const value of values) {
      writeFileSync(file, value);
      const { code } = await execute('openssl', ['sess_id', '-inform', 'DER', '-in', file, '-noout']);
      t.not(code, 0);
    }
  });

  test(`the same search finds sessions that are not encrypted, ${protocol}`, async (t) => {
    const { values, everything, session } = await stored(t, protocol, { plaintext: true });
    for (const value of values) t.true(sequencesIn(value).some(isSession));
    t.true(everything.includes('alice'));
    // In TLS 1.3 the client's session has another ticket's key, perhaps: two are given, the last one is kept.
    t.true(everything.includes(session.exportMasterKey().toString('latin1')));
  });
}
