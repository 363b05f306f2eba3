// Assertions for any framework: they throw node:assert's AssertionError, which ava, vitest and node:test know to show.
import { AssertionError } from 'node:assert';
import type { Alert, SClientConnection } from './s_client_output.ts';

/**
 * What can tell whether it has resumed a session: a result of `sClient`, a connection of `sServer`, an `SslConnection`, and
 * a socket of Node's `tls`.
 */
export type Resumable =
  | { readonly reused: boolean | undefined }
  | { readonly isSessionReused: boolean; readonly isHandshakeDone: boolean }
  | { isSessionReused(): boolean };

/** What has a session cache that can be asked: an `SslContext`, and whatever is shaped like one. */
export interface SessionLookup {
  hasSession(id: Uint8Array): boolean;
  /** For the message of a failure: what is in the cache instead. */
  sessions?(): Iterable<{ readonly id: Uint8Array }>;
}

/** A session ID, or something that has one: an `SslSession`. */
export type Identified = Uint8Array | { readonly id: Uint8Array };

/** The part of `sslctx/capi` that shows the error queue. */
export interface ErrorQueue {
  ERR_get_error(): number;
  ERR_error_string(code: number): string;
}

interface Failure {
  message: string;
  actual: unknown;
  expected: unknown;
  operator: string;
}

/**
 * Fails unless the connection has resumed a session.
 *
 * @param subject a result of `sClient`, a connection of `sServer`, an `SslConnection`, a socket
 * @param message goes before what is known about the connection
 * @throws {AssertionError} with what `s_client` printed, when there is that
 */
export function assertResumed(subject: Resumable, message?: string): void {
  const actual = resumption(subject);
  if (actual === 'resumed') return;
  const problem = `Expected a resumed session, but ${actual === 'new' ? 'the session is new' : 'no handshake was completed'}`;
  fail(message, subject, { message: problem, actual, expected: 'resumed', operator: 'assertResumed' }, assertResumed);
}

/**
 * Fails unless the connection was made with a new session. A failed handshake is no new session: that fails, too.
 *
 * @throws {AssertionError} as {@link assertResumed}
 */
export function assertNotResumed(subject: Resumable, message?: string): void {
  const actual = resumption(subject);
  if (actual === 'new') return;
  const problem = `Expected a new session, but ${actual === 'resumed' ? 'one was resumed' : 'no handshake was completed'}`;
  fail(message, subject, { message: problem, actual, expected: 'new', operator: 'assertNotResumed' }, assertNotResumed);
}

/**
 * Fails unless the handshake was completed.
 *
 * @throws {AssertionError} as {@link assertResumed}
 */
export function assertConnected(result: SClientConnection, message?: string): void {
  if (result.connected) return;
  const failure = { message: 'The handshake failed', actual: false, expected: true, operator: 'assertConnected' };
  fail(message, result, failure, assertConnected);
}

/**
 * Fails unless there was this alert, in either direction.
 *
 * @param alert what must be equal, such as `{ level: 'fatal', description: 'handshake failure' }`
 * @throws {AssertionError} with all alerts, and what `s_client` printed
 */
export function assertAlert(
  result: { readonly alerts: readonly Alert[] },
  alert: Partial<Alert>,
  message?: string,
): void {
  const isIt = ({ direction, level, description }: Alert): boolean =>
    direction === (alert.direction ?? direction) &&
    level === (alert.level ?? level) &&
    description === (alert.description ?? description);
  if (result.alerts.some(isIt)) return;
  const found = result.alerts.map(describeAlert).join('; ') || 'none';
  const problem = `Expected an alert (${describeAlert(alert)}), but there was: ${found}`;
  const failure = { message: problem, actual: result.alerts, expected: alert, operator: 'assertAlert' };
  fail(message, result, failure, assertAlert);
}

/**
 * Fails unless the cache has a session with this ID. For the sessions of a client take the IDs from `serverSessionIds`: a
 * client's own IDs are unknown to the server when it has sent tickets.
 *
 * @param context an `SslContext`, or anything with `hasSession(id)`
 * @param session a session ID, or an `SslSession`
 * @throws {AssertionError} naming the ID, and the IDs that are there
 */
export function assertSessionCached(context: SessionLookup, session: Identified, message?: string): void {
  const id = idOf(session);
  if (context.hasSession(id)) return;
  const problem = `Expected session ${hex(id)} in the cache, but it is not there${contents(context)}`;
  const failure = { message: problem, actual: false, expected: true, operator: 'assertSessionCached' };
  fail(message, undefined, failure, assertSessionCached);
}

/**
 * Fails if the cache has a session with this ID.
 *
 * @throws {AssertionError} as {@link assertSessionCached}
 */
export function assertSessionNotCached(context: SessionLookup, session: Identified, message?: string): void {
  const id = idOf(session);
  if (!context.hasSession(id)) return;
  const problem = `Expected no session ${hex(id)} in the cache, but it is there`;
  const failure = { message: problem, actual: true, expected: false, operator: 'assertSessionNotCached' };
  fail(message, undefined, failure, assertSessionNotCached);
}

/**
 * Fails unless both have the same session ID. Both sides of a TLS 1.2 connection without tickets do; in TLS 1.3 a client
 * makes up its own.
 *
 * @throws {AssertionError} with both IDs in hexadecimal
 */
export function assertSameSession(actual: Identified, expected: Identified, message?: string): void {
  const [actualId, expectedId] = [idOf(actual), idOf(expected)];
  if (actualId.length > 0 && Buffer.compare(actualId, expectedId) === 0) return;
  const problem = actualId.length === 0 ? 'A session without an ID equals no other' : 'The session IDs differ';
  const ids = { actual: hex(actualId), expected: hex(expectedId) };
  fail(message, undefined, { message: problem, ...ids, operator: 'assertSameSession' }, assertSameSession);
}

/**
 * Fails if OpenSSL's error queue holds anything, and empties it. Call it after each test: what one call leaves behind
 * makes an innocent later one fail.
 *
 * @param queue the module `sslctx/capi`
 * @throws {AssertionError} with all errors of the queue, the oldest first
 * @see ERR_get_error(3)
 */
export function assertErrorQueueEmpty(queue: ErrorQueue, message?: string): void {
  const errors: string[] = [];
  for (let code = queue.ERR_get_error(); code !== 0; code = queue.ERR_get_error()) {
    errors.push(queue.ERR_error_string(code));
  }
  if (errors.length === 0) return;
  const problem = `OpenSSL's error queue is not empty:\n${errors.map((error) => `  ${error}`).join('\n')}`;
  const failure = { message: problem, actual: errors, expected: [], operator: 'assertErrorQueueEmpty' };
  fail(message, undefined, failure, assertErrorQueueEmpty);
}

function describeAlert({ direction, level, description }: Partial<Alert>): string {
  return [direction, level, description].filter((word) => word !== undefined).join(', ');
}

function resumption(subject: Resumable): 'resumed' | 'new' | 'failed' {
  const reused = isReused(subject);
  if (reused === undefined) return 'failed';
  return reused ? 'resumed' : 'new';
}

function isReused(subject: Resumable): boolean | undefined {
  if ('reused' in subject) return subject.reused;
  if (!('isHandshakeDone' in subject)) return subject.isSessionReused();
  return subject.isHandshakeDone ? subject.isSessionReused : undefined;
}

function contents(context: SessionLookup): string {
  if (context.sessions === undefined) return '';
  const ids = Array.from(context.sessions(), ({ id }) => hex(id));
  if (ids.length === 0) return ': the cache is empty';
  const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
  return `: the cache has ${ids.slice(0, 5).join(', ')}${more}`;
}

function idOf(session: Identified): Uint8Array {
  return session instanceof Uint8Array ? session : session.id;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function fail(
  prefix: string | undefined,
  subject: unknown,
  failure: Failure,
  stackStartFn: (...args: never[]) => void,
): never {
  const message = [prefix, `${failure.message}.`].filter((part) => part !== undefined).join(': ');
  throw new AssertionError({ ...failure, message: `${message}${evidence(subject)}`, stackStartFn });
}

/** What s_client said, without certificates, dumps and keys: enough to see why, little enough to be read. */
function evidence(subject: unknown): string {
  if (typeof subject !== 'object' || subject === null || !('output' in subject)) return '';
  const lines = String(subject.output)
    .replace(/-----BEGIN [\s\S]+?-----END .*\n/g, '')
    .split('\n')
    .filter((line) => line !== '' && !NOISE.test(line));
  return ['\ns_client printed:', ...lines].join('\n  ');
}

const NOISE = new RegExp(
  [
    '^---$',
    '^ {4}(?:[0-9a-f]{4,} - |PSK |SRP |Resumption PSK|Master-Key|TLS session ticket:)',
    '^SSL_connect:(?!error|failed)',
    "^(?:Can't use SSL_get_servername|read R BLOCK|DONE|SSL handshake has read)",
    '^(?:Certificate chain| *\\d s:| {3}[iav]:|Server (?:certificate|public key|Temp Key)|No client certificate CA|Peer sign)',
    '^(?:Compression: |Expansion: |No ALPN|Secure Renegotiation |This TLS version)',
  ].join('|'),
);
