import { AssertionError } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import {
  assertAlert,
  assertConnected,
  assertErrorQueueEmpty,
  assertNotResumed,
  assertResumed,
  assertSameSession,
  assertSessionCached,
  assertSessionNotCached,
  sClient,
  sServer,
} from '../../src/testing/index.ts';

const id = Buffer.alloc(32, 0xab);
const otherId = Buffer.alloc(32, 0xcd);
const cache = { hasSession: (asked: Uint8Array) => Buffer.compare(asked, id) === 0 };

function failure(t: ExecutionContext, assertion: () => void): AssertionError {
  const error = t.throws(assertion, { instanceOf: AssertionError, code: 'ERR_ASSERTION' });
  if (error === undefined) throw new Error('it did not fail');
  return error;
}

test('assertResumed and assertNotResumed take connections, results and sockets', (t) => {
  t.notThrows(() => assertResumed({ reused: true }));
  t.notThrows(() => assertResumed({ isSessionReused: () => true }));
  t.notThrows(() => assertNotResumed({ reused: false }));
  t.notThrows(() => assertNotResumed({ isSessionReused: () => false }));
});

test('assertResumed fails for a new session and for a failed handshake, and says which', (t) => {
  const isNew = failure(t, () => assertResumed({ reused: false }));
  t.is(isNew.message, 'Expected a resumed session, but the session is new.');
  t.is(isNew.operator, 'assertResumed');
  t.is(isNew.actual, 'new');
  t.is(isNew.expected, 'resumed');
  const failed = failure(t, () => assertResumed({ reused: undefined }, 'the second connection'));
  t.is(failed.message, 'the second connection: Expected a resumed session, but no handshake was completed.');
  t.is(failed.actual, 'failed');
});

test('assertNotResumed fails for a resumed session and for a failed handshake', (t) => {
  t.is(failure(t, () => assertNotResumed({ reused: true })).actual, 'resumed');
  t.is(failure(t, () => assertNotResumed({ isSessionReused: () => true })).actual, 'resumed');
  t.is(failure(t, () => assertNotResumed({ reused: undefined })).actual, 'failed');
});

test('the stack begins at the caller, not in the assertion', (t) => {
  const { stack } = failure(t, () => assertResumed({ reused: false }));
  t.notRegex(stack ?? '', /assertions\.ts/);
  t.regex(stack ?? '', /assertions\.test\.ts/);
});

test('assertSessionCached and assertSessionNotCached', (t) => {
  t.notThrows(() => assertSessionCached(cache, id));
  t.notThrows(() => assertSessionCached(cache, { id }));
  t.notThrows(() => assertSessionNotCached(cache, otherId));
  t.is(
    failure(t, () => assertSessionCached(cache, otherId)).message,
    `Expected session ${'cd'.repeat(32)} in the cache, but it is not there.`,
  );
  t.is(
    failure(t, () => assertSessionNotCached(cache, { id })).message,
    `Expected no session ${'ab'.repeat(32)} in the cache, but it is there.`,
  );
});

test('assertSessionCached says what is in the cache instead', (t) => {
  const having = (count: number) => ({
    hasSession: () => false,
    sessions: () => Array.from({ length: count }, (_, index) => ({ id: Buffer.of(index) })),
  });
  t.regex(failure(t, () => assertSessionCached(having(0), id)).message, /not there: the cache is empty\.$/);
  t.regex(failure(t, () => assertSessionCached(having(2), id)).message, /the cache has 00, 01\.$/);
  t.regex(
    failure(t, () => assertSessionCached(having(7), id)).message,
    /the cache has 00, 01, 02, 03, 04 and 2 more\.$/,
  );
});

test('assertSameSession', (t) => {
  t.notThrows(() => assertSameSession(id, { id: Buffer.from(id) }));
  const differ = failure(t, () => assertSameSession(id, otherId, 'both sides'));
  t.is(differ.message, 'both sides: The session IDs differ.');
  t.is(differ.actual, 'ab'.repeat(32));
  t.is(differ.expected, 'cd'.repeat(32));
  // A part of a larger buffer is its own bytes only.
  t.is(failure(t, () => assertSameSession(Buffer.from('aabb', 'hex').subarray(1), id)).actual, 'bb');
  failure(t, () => assertSameSession(Buffer.alloc(0), Buffer.alloc(0)));
  failure(t, () => assertSameSession(id.subarray(0, 16), id));
});

test('assertErrorQueueEmpty names all errors and leaves none', (t) => {
  const queued = [1, 2];
  const queue = { ERR_get_error: () => queued.shift() ?? 0, ERR_error_string: (code: number) => `error:${code}` };
  const error = failure(t, () => assertErrorQueueEmpty(queue));
  t.is(error.message, "OpenSSL's error queue is not empty:\n  error:1\n  error:2.");
  t.deepEqual(error.actual, ['error:1', 'error:2']);
  t.notThrows(() => assertErrorQueueEmpty(queue));
});

for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${protocol}: a failure tells what s_client printed, without keys and certificates`, async (t) => {
    const server = await sServer({ protocol });
    t.teardown(() => server.close());
    const { message } = failure(t, assertingResumed(await sClient({ port: server.port })));
    t.regex(message, new RegExp(`^ {2}New, ${protocol.replace('.', '\\.')}, Cipher is `, 'm'));
    t.regex(message, /^ +Session-ID: [0-9A-F]{64}$/m);
    t.notRegex(message, /Master-Key|Resumption PSK|BEGIN|0000 - /);
  });

  test(`${protocol}: the failure of a failed handshake tells the alert and the error`, async (t) => {
    const server = await sServer({ protocol });
    t.teardown(() => server.close());
    const result = await sClient({ port: server.port, verify: true });
    t.regex(failure(t, () => assertConnected(result)).message, /The handshake failed\.\n.*certificate verify failed/s);
    t.notThrows(() => assertAlert(result, { direction: 'sent', level: 'fatal' }));
    t.notThrows(() => assertAlert(result, { description: 'unknown CA' }));
    const { message, actual } = failure(t, () => assertAlert(result, { direction: 'received' }));
    t.regex(message, /Expected an alert \(received\), but there was: sent, fatal, unknown CA/);
    t.deepEqual(actual, result.alerts);
    failure(t, () => assertNotResumed(result));
  });
}

function assertingResumed(result: Parameters<typeof assertResumed>[0]): () => void {
  return () => assertResumed(result);
}

test('ava shows the message', async (t) => {
  const attempt = await t.try((inner) => {
    inner.notThrows(() => assertResumed({ reused: false }, 'in ava'));
  });
  attempt.discard();
  t.false(attempt.passed);
  const [error] = attempt.errors;
  t.true(error?.cause instanceof AssertionError);
  t.regex(String(error?.cause), /in ava: Expected a resumed session, but the session is new\./);
});

test('node:test runs and reports them', (t) => {
  const file = fileURLToPath(new URL('frameworks/node_test.ts', import.meta.url));
  // The loader that this process needs for TypeScript, if any.
  const loader = process.execArgv.filter((argument) => argument.startsWith('--import'));
  const args = [...loader, '--test', '--test-reporter=tap', file];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.is(status, 1);
  t.regex(stdout, /^ *ok \d+ - passes$/m);
  t.regex(stdout, /^ *not ok \d+ - fails$/m);
  t.regex(stdout, /without a session: Expected a resumed session, but the session is new\./);
  t.regex(stdout, /New, TLSv1\.3, Cipher is TLS_AES_256_GCM_SHA384/);
  t.regex(stdout, /code: 'ERR_ASSERTION'/);
  t.regex(stdout, /expected: 'resumed'/);
  t.regex(stdout, /actual: 'new'/);
});
