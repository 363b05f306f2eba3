// The cache of a context: sessions in and out, and its settings.
import * as capi from '../../../src/capi/index.ts';
import type { Removal, Session } from '../model.ts';
import type { Op } from '../program.ts';
import type { InnerOperation, LiveContext, World } from '../world.ts';
import { idOf, now, number } from './values.ts';

function both(world: World, op: Op): { context: LiveContext; session: Session } | undefined {
  const session = world.pick(world.sessions, number(op, 0));
  // Mostly at home: elsewhere it is refused.
  const home = world.contexts.find((one) => one === session?.home);
  const context = number(op, 2) % 4 !== 0 && home !== undefined ? home : world.pick(world.contexts, number(op, 1));
  return context === undefined || session === undefined ? undefined : { context, session };
}

/** Why the session cannot be in the cache of the context. */
export function refusal(context: LiveContext, session: Session): string | undefined {
  if (!session.isComplete) return 'ERR_SSLCTX_SESSION_INCOMPLETE';
  return session.home !== undefined && session.home !== context ? 'ERR_SSLCTX_SESSION_FOREIGN' : undefined;
}

/** libssl set it to its own clock, which may be a second off; then to a time that is the same in each run. */
function settleTime(world: World, context: LiveContext, session: Session, stamp: number): void {
  // What callbacks have done meanwhile counts.
  if (session.cache !== context || session.time !== stamp) return;
  const place = context.references === 0 ? -1 : context.list.indexOf(session);
  const handle = session.known ?? capi.SSL_CTX_sessions(context.handle)[place];
  if (handle === undefined) return;
  const time = capi.SSL_SESSION_get_time(handle);
  if (Math.abs(time - now()) > 2) world.fail(`UPDATE_TIME has set ${time}`);
  session.time = world.tick();
  capi.SSL_SESSION_set_time(handle, session.time);
  context.moved(session);
}

function add(world: World, op: Op): void {
  const found = both(world, op);
  if (found === undefined) return;
  const { context, session } = found;
  const handle = world.handleOf(session);
  const code = refusal(context, session);
  let removals: readonly Removal[] = [];
  let added = 0;
  let stamp: number | undefined;
  if (code === undefined) {
    session.home = context;
    ({ added, removals } = context.add(session, now(), world.reAddingMoves));
    if ((context.mode & capi.SSL_SESS_CACHE_UPDATE_TIME) !== 0) stamp = session.time;
  }
  const { object } = context;
  if (object === undefined) {
    world.call(op, 'SSL_CTX_add_session', { value: added, code, removals }, () => {
      return capi.SSL_CTX_add_session(context.handle, handle);
    });
  } else {
    world.call(op, 'addSession', { value: added === 1, code, removals }, () => object.addSession(world.wrap(session)));
  }
  if (stamp !== undefined) settleTime(world, context, session, stamp);
}

function remove(world: World, op: Op): void {
  const found = both(world, op);
  if (found === undefined) return;
  const { context, session } = found;
  const handle = world.handleOf(session);
  const { removed, removals } = context.remove(session);
  const { object } = context;
  if (object === undefined) {
    world.call(op, 'SSL_CTX_remove_session', { value: removed, removals }, () => {
      return capi.SSL_CTX_remove_session(context.handle, handle);
    });
  } else {
    world.call(op, 'removeSession', { value: removed === 1, removals }, () =>
      object.removeSession(world.wrap(session)),
    );
  }
}

/** Takes a handle of what is in the cache. */
function take(world: World, op: Op): void {
  const context = world.pick(world.contexts, number(op, 1));
  const place = context === undefined ? 0 : number(op, 2) % Math.max(1, context.list.length);
  const session = context?.list[place];
  if (context === undefined || session === undefined) return;
  const handle = capi.SSL_CTX_sessions(context.handle)[place];
  if (handle === undefined) world.fail('a session is missing in SSL_CTX_sessions');
  world.observe(session, handle, 'SSL_CTX_sessions');
  world.hold(session, handle, number(op, 0));
}

function find(world: World, op: Op): void {
  const found = both(world, op);
  if (found === undefined) return;
  const { context, session } = found;
  const expected = context.find(session.cacheKey);
  const result = capi.lh_SSL_SESSION_retrieve(context.handle, world.handleOf(session));
  world.equal(result !== null, expected !== undefined && session.id !== '', 'whether the session is found');
  if (result !== null && expected !== undefined) world.observe(expected, result, 'lh_SSL_SESSION_retrieve');
  const { object } = context;
  if (object === undefined) return;
  const id = idOf(number(op, 2));
  const withId = context.list.filter((one) => one.id === id.toString('hex'));
  const latest = withId.toSorted((a, b) => b.version - a.version)[0];
  world.equal(object.hasSession(id), latest !== undefined, 'hasSession');
  const got = object.getSession(id);
  world.equal(got?.isResumable, latest?.isResumable, 'getSession');
}

const FLUSH = [0, 1_000_000_030, 1_000_000_060, 1_000_000_100, 4_000_000_030, 4_000_000_060] as const;

function flush(world: World, op: Op): void {
  const context = world.pick(world.contexts, number(op, 1));
  const time = world.pick(FLUSH, number(op, 0)) ?? 0;
  if (context === undefined) return;
  const { object } = context;
  const removals = context.flush(time, now());
  if (object === undefined) {
    world.call(op, 'SSL_CTX_flush_sessions', { removals }, () => capi.SSL_CTX_flush_sessions(context.handle, time));
  } else {
    const value = removals.length;
    world.call(op, 'flushSessions', { value, removals }, () => object.flushSessions(time));
  }
}

const MODES = [0, 1, 2, 3, 0x80 | 2, 0x100 | 2, 0x200 | 2, 0x300 | 3, 0x400 | 2] as const;

function configure(world: World, op: Op): void {
  const context = world.pick(world.contexts, number(op, 1));
  if (context === undefined) return;
  const { handle } = context;
  const [what, value] = [number(op, 0) % 5, number(op, 2)];
  if (what === 0) {
    const mode = world.pick(MODES, value) ?? 0;
    world.call(op, 'mode', { value: context.mode }, () => capi.SSL_CTX_set_session_cache_mode(handle, mode));
    context.mode = mode;
  } else if (what === 1) {
    const size = value % 4 === 0 ? 0 : value % 14;
    world.call(op, 'size', { value: context.size }, () => capi.SSL_CTX_sess_set_cache_size(handle, size));
    context.size = size;
  } else if (what === 2) {
    const timeout = value % 3 === 0 ? 0 : 300 + (value % 9000);
    world.call(op, 'timeout', { value: context.timeout }, () => capi.SSL_CTX_set_timeout(handle, timeout));
    context.timeout = timeout;
  } else if (what === 3) {
    const count = value % 4;
    world.call(op, 'tickets', { value: 1 }, () => capi.SSL_CTX_set_num_tickets(handle, count));
    context.numTickets = count;
  } else {
    const set = (): number => capi.SSL_CTX_set_session_cache_mode(handle, 0x1000 + value);
    world.call(op, 'mode', { code: 'ERR_OUT_OF_RANGE' }, set);
  }
}

export const cacheOperations: Readonly<Record<string, InnerOperation>> = {
  add,
  remove,
  take,
  find,
  flush,
  configure,
};
