// Sessions: made, copied, changed, read, referenced and freed.
import * as capi from '../../../src/capi/index.ts';
import { anyCipher } from '../../helpers/session.ts';
import { Session } from '../model.ts';
import type { Op } from '../program.ts';
import { type InnerOperation, LiveContext, type World } from '../world.ts';
import { idOf, number, timeOf, timeoutOf } from './values.ts';

const KEY = Buffer.alloc(48, 7);

function adopt(world: World, session: Session, handle: capi.SSL_SESSION, op: Op): void {
  session.references = 1;
  world.hold(session, handle, number(op, 0));
}

/** One that a cache takes; now and then a part is missing. */
function make(world: World, op: Op): void {
  const [a, b] = [number(op, 1), number(op, 2)];
  const missing = b % 40;
  const session = new Session();
  const handle = capi.SSL_SESSION_new();
  session.time = timeOf(a);
  session.timeout = timeoutOf(b);
  capi.SSL_SESSION_set_time(handle, session.time);
  capi.SSL_SESSION_set_timeout(handle, session.timeout);
  if (missing !== 0) {
    session.version = (b & 0x100) === 0 ? capi.TLS1_2_VERSION : capi.TLS1_3_VERSION;
    capi.SSL_SESSION_set_protocol_version(handle, session.version);
  }
  if (missing !== 1) {
    const id = idOf(a >> 3);
    session.id = id.toString('hex');
    capi.SSL_SESSION_set1_id(handle, id);
  }
  if (missing !== 2) {
    session.hasCipher = true;
    capi.SSL_SESSION_set_cipher(handle, anyCipher());
  }
  if (missing !== 3) {
    session.key = KEY.toString('hex');
    capi.SSL_SESSION_set1_master_key(handle, KEY);
  }
  adopt(world, session, handle, op);
}

function chosen(world: World, op: Op): Session | undefined {
  return world.pick(world.sessions, number(op, 0));
}

function dup(world: World, op: Op): void {
  const session = chosen(world, op);
  if (session === undefined) return;
  const handle = world.call(op, 'SSL_SESSION_dup', {}, () => capi.SSL_SESSION_dup(world.handleOf(session)));
  if (!(handle instanceof capi.SSL_SESSION)) world.fail('SSL_SESSION_dup made no copy');
  adopt(world, session.copy(), handle, { ...op, numbers: [number(op, 1)] });
}

/** Out and in again: what is in the bytes stays, that it was removed does not. */
function roundTrip(world: World, op: Op): void {
  const session = chosen(world, op);
  if (session === undefined) return;
  const handle = world.handleOf(session);
  const der = capi.i2d_SSL_SESSION(handle);
  world.equal(der !== null, session.hasCipher, 'whether there is DER');
  if (der === null || !session.isComplete) return;
  const read = capi.d2i_SSL_SESSION(der);
  if (read === null) world.fail('libssl does not read its own DER');
  const copy = session.copy();
  copy.isSpent = false;
  if (copy.timeout === 0) copy.timeout = 3;
  adopt(world, copy, read, { ...op, numbers: [number(op, 1)] });
  const damaged = Buffer.concat([der, Buffer.of(0)]);
  world.call(op, 'd2i_SSL_SESSION', { value: null }, () => capi.d2i_SSL_SESSION(damaged));
}

type Setter = (handle: capi.SSL_SESSION, session: Session, value: number) => void;

/** The model changes when C has not thrown. */
const SETTERS: readonly Setter[] = [
  (handle, session, value) => {
    const id = idOf(value);
    capi.SSL_SESSION_set1_id(handle, id);
    session.id = id.toString('hex');
  },
  (handle, session, value) => {
    const version = value % 2 === 0 ? capi.TLS1_2_VERSION : capi.TLS1_3_VERSION;
    capi.SSL_SESSION_set_protocol_version(handle, version);
    session.version = version;
  },
  (handle, session, value) => {
    const bytes = Buffer.alloc(value % 33, 1);
    capi.SSL_SESSION_set1_id_context(handle, bytes);
    session.idContext = bytes.toString('hex');
  },
  (handle, session, value) => {
    const name = value % 5 === 0 ? null : `host${value % 100}`;
    capi.SSL_SESSION_set1_hostname(handle, name);
    session.hostname = name;
  },
  (handle, session, value) => {
    const alpn = Buffer.from(`proto${value % 100}`);
    capi.SSL_SESSION_set1_alpn_selected(handle, alpn);
    session.alpn = alpn.toString('hex');
  },
  (handle, session, value) => {
    const data = Buffer.alloc(1 + (value % 200), value);
    capi.SSL_SESSION_set1_ticket_appdata(handle, data);
    session.appData = data.toString('hex');
  },
  (handle, session, value) => {
    capi.SSL_SESSION_set_max_early_data(handle, value);
    session.maxEarlyData = value;
  },
  (handle, session, value) => {
    const key = Buffer.alloc(1 + (value % 64), value);
    capi.SSL_SESSION_set1_master_key(handle, key);
    session.key = key.toString('hex');
  },
  (handle, session) => {
    capi.SSL_SESSION_set_cipher(handle, anyCipher());
    session.hasCipher = true;
  },
];

/** Refused as soon as anybody else may have the session. */
function set(world: World, op: Op): void {
  const session = chosen(world, op);
  const setter = world.pick(SETTERS, number(op, 1));
  if (session === undefined || setter === undefined) return;
  const code = session.isFrozen ? 'ERR_SSLCTX_SESSION_FROZEN' : undefined;
  world.call(op, 'a setter', { code }, () => setter(world.handleOf(session), session, number(op, 2)));
  if (code === undefined) session.isAltered = true;
}

/** Allowed at any time: the cache sorts anew. */
function reschedule(world: World, op: Op): void {
  const session = chosen(world, op);
  if (session === undefined) return;
  const handle = world.handleOf(session);
  const [a, b] = [number(op, 1), number(op, 2)];
  const wrong = b % 30 === 0 ? 'ERR_OUT_OF_RANGE' : undefined;
  if (a % 2 === 0) {
    const time = wrong === undefined ? timeOf(b) : -1;
    world.call(op, 'SSL_SESSION_set_time', { value: time, code: wrong }, () => capi.SSL_SESSION_set_time(handle, time));
    if (wrong === undefined) session.time = time;
  } else {
    const timeout = wrong === undefined ? timeoutOf(b) : 2 ** 31;
    const set = (): number => capi.SSL_SESSION_set_timeout(handle, timeout);
    world.call(op, 'SSL_SESSION_set_timeout', { value: 1, code: wrong }, set);
    if (wrong === undefined) session.timeout = timeout;
  }
  if (wrong === undefined && session.cache instanceof LiveContext) session.cache.moved(session);
}

function upRef(world: World, op: Op): void {
  const session = chosen(world, op);
  if (session === undefined) return;
  world.call(op, 'SSL_SESSION_up_ref', { value: 1 }, () => capi.SSL_SESSION_up_ref(world.handleOf(session)));
  session.references++;
}

function free(world: World, op: Op): void {
  const session = chosen(world, op);
  if (session === undefined) return;
  const handle = world.handleOf(session);
  world.call(op, 'SSL_SESSION_free', {}, () => capi.SSL_SESSION_free(handle));
  if (--session.references === 0) world.died(session);
}

/** Everything that takes a session, with one that has been freed. */
const USES: ReadonlyArray<(handle: capi.SSL_SESSION, ctx: capi.SSL_CTX | undefined) => unknown> = [
  (handle) => capi.SSL_SESSION_free(handle),
  (handle) => capi.SSL_SESSION_up_ref(handle),
  (handle) => capi.SSL_SESSION_dup(handle),
  (handle) => capi.SSL_SESSION_get_id(handle),
  (handle) => capi.SSL_SESSION_set_time(handle, 1),
  (handle) => capi.SSL_SESSION_set1_hostname(handle, 'x'),
  (handle) => capi.SSL_SESSION_is_resumable(handle),
  (handle) => capi.i2d_SSL_SESSION(handle),
  (handle, ctx) => ctx && capi.SSL_CTX_add_session(ctx, handle),
  (handle, ctx) => ctx && capi.SSL_CTX_remove_session(ctx, handle),
  (handle, ctx) => ctx && capi.lh_SSL_SESSION_retrieve(ctx, handle),
];

function useFreed(world: World, op: Op): void {
  const handle = world.pick(world.freedSessions, number(op, 0));
  const use = world.pick(USES, number(op, 1));
  const context = world.pick(world.contexts, number(op, 2));
  if (handle === undefined || use === undefined || context === undefined) return;
  world.call(op, 'use after free', { code: 'ERR_SSLCTX_FREED' }, () => use(handle, context.handle));
}

/** Not freed: the garbage collector may have it. */
function drop(world: World, op: Op): void {
  if (world.sessions.length > 0) world.letGo(number(op, 0) % world.sessions.length);
}

export const sessionOperations: Readonly<Record<string, InnerOperation>> = {
  make,
  dup,
  roundTrip,
  set,
  reschedule,
  upRef,
  free,
  useFreed,
  drop,
};
