// Many sessions at once, and what the classes do with sessions of their own.
import * as capi from '../../../src/capi/index.ts';
import { planSessions } from '../../../src/capi/sessions.ts';
import { SslSession } from '../../../src/index.ts';
import { sessionHandle } from '../../../src/session.ts';
import { SessionExport, SessionImport } from '../../../src/session-bulk.ts';
import type { Removal, Session } from '../model.ts';
import type { Op } from '../program.ts';
import type { InnerOperation, LiveContext, Operation, World } from '../world.ts';
import { refusal } from './caches.ts';
import { now, number } from './values.ts';

const MOST = 8;

function some(world: World, op: Op): Session[] {
  const start = number(op, 0) % Math.max(1, world.sessions.length);
  return world.sessions.slice(start, start + 1 + (number(op, 2) % MOST));
}

function classContext(world: World, value: number): LiveContext | undefined {
  return world.pick(
    world.contexts.filter(({ object }) => object !== undefined),
    value,
  );
}

/** What comes later depends on the clock: a test of its own. */
function updatesTime(context: LiveContext): boolean {
  return (context.mode & capi.SSL_SESS_CACHE_UPDATE_TIME) !== 0;
}

function addMany(world: World, op: Op): void {
  const context = classContext(world, number(op, 1));
  const object = context?.object;
  if (context === undefined || object === undefined || updatesTime(context)) return;
  const sessions = some(world, op);
  const code = sessions.map((session) => refusal(context, session)).find((one) => one !== undefined);
  const objects = sessions.map((session) => world.wrap(session));
  if (code !== undefined) {
    world.call(op, 'addSessions', { code }, () => object.addSessions(objects));
    return;
  }
  const removals: Removal[] = [];
  const plan = [...planSessions(context.handle, objects.map(sessionHandle))];
  world.equal(plan.toSorted((a, b) => a - b).join(), [...sessions.keys()].join(), 'the plan has each session once');
  let added = 0;
  for (const index of plan) {
    const session = sessions[index];
    if (session === undefined) continue;
    session.home = context;
    // Nothing to do for one that is in there, unless somebody wants to hear of it.
    if (session.cache === context && !context.isObserved) continue;
    const result = context.add(session, now(), world.reAddingMoves);
    added += result.added;
    removals.push(...result.removals);
  }
  world.call(op, 'addSessions', { value: added, removals }, () => object.addSessions(objects));
}

/** Room for that many more, so that the order among equals decides nothing. */
function hasRoom(context: LiveContext, count: number): boolean {
  return context.size === 0 || context.list.length + count < context.size;
}

function fromBytes(session: Session, home: LiveContext): Session {
  const copy = session.copy();
  copy.isSpent = false;
  copy.home = home;
  if (copy.timeout === 0) copy.timeout = 3;
  return copy;
}

function importMany(world: World, op: Op): void {
  const context = classContext(world, number(op, 1));
  const object = context?.object;
  if (context === undefined || object === undefined || updatesTime(context)) return;
  const keys = new Set(context.list.map(({ cacheKey }) => cacheKey));
  const sessions = some(world, op).filter(({ cacheKey, isComplete }) => {
    if (!isComplete || keys.has(cacheKey)) return false;
    keys.add(cacheKey);
    return true;
  });
  if (!hasRoom(context, sessions.length)) return;
  const ders = sessions.map((session) => capi.i2d_SSL_SESSION(world.handleOf(session)) ?? Buffer.alloc(0));
  if (number(op, 3) % 5 === 0) {
    const broken = [...ders, Buffer.of(0x31, 0)];
    world.call(op, 'importSessions', { code: 'ERR_OSSL_ASN1_WRONG_TAG' }, () => object.importSessions(broken));
    return;
  }
  const copies = sessions.map((session) => fromBytes(session, context)).toSorted((a, b) => a.expiry - b.expiry);
  for (const copy of copies) context.add(copy, now(), world.reAddingMoves);
  world.call(op, 'importSessions', { value: copies.length }, () => object.importSessions(ders));
}

/** The order of sessions of one expiry is that of libssl's table, which says nothing. */
function takeOrder(world: World, context: LiveContext): void {
  const order = capi.SSL_CTX_sessions(context.handle).map((handle) => {
    const key = `${capi.SSL_SESSION_get_protocol_version(handle)}:${capi.SSL_SESSION_get_id(handle).toString('hex')}`;
    return context.find(key) ?? world.fail(`${key} is in the cache, and should not be`);
  });
  world.equal(order.map(({ expiry }) => expiry).join(), context.list.map(({ expiry }) => expiry).join(), 'expiries');
  context.reorder(order);
}

/** From one cache into another, as files of saveSessions do. */
async function transfer(world: World, op: Op): Promise<void> {
  const from = world.pick(world.contexts, number(op, 0));
  const to = world.pick(world.contexts, number(op, 1));
  if (from?.object === undefined || to?.object === undefined || updatesTime(to)) return;
  const fresh = from.list.filter(({ expiry }) => expiry >= now());
  if (from === to || !hasRoom(to, fresh.length)) return;
  const source = new SessionExport(from.object);
  const target = new SessionImport(to.object, number(op, 2) % 2 === 0);
  const buffer = Buffer.alloc(4096);
  for (let bytes = source.next(buffer); bytes > 0; bytes = source.next(buffer)) {
    world.equal(target.read(buffer.subarray(0, bytes)), true, 'whether the bytes are sessions');
  }
  world.equal(source.counts.sessions, fresh.length, 'sessions that were written');
  const staged = fresh
    .filter(({ idContext }) => number(op, 2) % 2 === 0 || idContext === to.idContext)
    .map((session) => fromBytes(session, to))
    .toSorted((a, b) => a.expiry - b.expiry);
  let added = 0;
  if (number(op, 3) % 6 === 0) {
    await target.drop();
  } else {
    for (const session of staged) {
      if (to.find(session.cacheKey) === undefined) added += to.add(session, now(), world.reAddingMoves).added;
    }
    await target.add();
    takeOrder(world, to);
  }
  world.equal(target.counts.staged, staged.length, 'sessions that were read');
  world.equal(target.counts.added, added, 'sessions that were added');
  world.count('bulk transfers');
}

/** An object of the classes, freed as soon as the cache has its session. */
function lend(world: World, op: Op): void {
  const context = classContext(world, number(op, 1));
  const session = world.pick(world.sessions, number(op, 0));
  const object = context?.object;
  if (context === undefined || object === undefined || session === undefined || updatesTime(context)) return;
  const clone = world.wrap(session).clone();
  const handle = sessionHandle(clone);
  const copy = session.copy();
  const code = refusal(context, copy);
  let removals: readonly Removal[] = [];
  if (code === undefined) {
    copy.home = context;
    ({ removals } = context.add(copy, now(), world.reAddingMoves));
  }
  copy.weak = new WeakRef(handle);
  copy.references = 1;
  const value = code === undefined ? true : undefined;
  world.call(op, 'addSession of a clone', { value, code, removals }, () => object.addSession(clone));
  if (world.dead.has(handle)) return;
  // Listeners may have raised it.
  const isLast = copy.references === 1;
  clone.free();
  clone.free();
  world.call(op, 'use of a freed object', { code: 'ERR_SSLCTX_FREED' }, () => clone.isResumable);
  if (!isLast) copy.references--;
  else world.died(copy);
}

function pem(world: World, op: Op): void {
  const session = world.pick(world.sessions, number(op, 0));
  if (session === undefined || !session.isComplete) return;
  const read = SslSession.fromPEM(world.wrap(session).toPEM());
  const copy = session.copy();
  copy.isSpent = false;
  if (copy.timeout === 0) copy.timeout = 3;
  copy.references = 1;
  world.hold(copy, sessionHandle(read), number(op, 1));
}

export const bulkOperations: Readonly<Record<string, InnerOperation>> = { addMany, importMany, lend, pem };
export const outerBulkOperations: Readonly<Record<string, Operation>> = { transfer };
