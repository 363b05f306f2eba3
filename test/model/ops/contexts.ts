// Contexts: made, listened to, referenced, freed, collected.
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as capi from '../../../src/capi/index.ts';
import { contextHandle } from '../../../src/context.ts';
import { SslContext } from '../../../src/index.ts';
import { certificate, useCertificate } from '../../helpers/pair.ts';
import type { Op } from '../program.ts';
import { type InnerOperation, LIMITS, LiveContext, type Operation, type World } from '../world.ts';
import { now, number } from './values.ts';

/** Those of one name resume each other's sessions. */
const ID_CONTEXTS = ['model', 'other'] as const;

export function makeContext(world: World, a: number): LiveContext {
  const version = (a & 1) === 0 ? capi.TLS1_2_VERSION : capi.TLS1_3_VERSION;
  const isStateful = (a & 2) === 0;
  const idContext = ID_CONTEXTS[(a & 0x30) === 0 ? 1 : 0];
  const protocol = version === capi.TLS1_2_VERSION ? 'TLSv1.2' : 'TLSv1.3';
  let context: LiveContext;
  if ((a & 4) === 0) {
    const object = new SslContext({
      ...certificate(),
      minVersion: protocol,
      maxVersion: protocol,
      sessionIdContext: idContext,
      tickets: isStateful ? 'stateful' : 'stateless',
    });
    context = new LiveContext(contextHandle(object), object, version, isStateful);
  } else {
    const handle = capi.SSL_CTX_new(capi.TLS_method());
    capi.SSL_CTX_set_min_proto_version(handle, version);
    capi.SSL_CTX_set_max_proto_version(handle, version);
    useCertificate(handle);
    capi.SSL_CTX_set_session_id_context(handle, Buffer.from(idContext));
    if (isStateful) capi.SSL_CTX_set_options(handle, capi.SSL_OP_NO_TICKET);
    const live = new LiveContext(handle, undefined, version, isStateful);
    capi.SSL_CTX_sess_set_new_cb(handle, (_ssl, session) => world.heardNew(live, session));
    context = live;
  }
  context.idContext = Buffer.from(idContext).toString('hex');
  world.contexts.push(context);
  return context;
}

function make(world: World, op: Op): void {
  if (world.contexts.length < LIMITS.contexts) makeContext(world, number(op, 0));
}

/** Puts a remove callback in place, or takes it back. Not inside of callbacks: what is under way counts on it. */
function listen(world: World, op: Op): void {
  const context = world.pick(world.contexts, number(op, 1));
  if (context === undefined || world.depth > 0) return;
  const { object } = context;
  const on = number(op, 0) % 4 !== 0;
  if (object !== undefined) {
    if (on === context.isObserved) return;
    if (on) object.on('removeSession', (session, reason) => world.heardEvent(context, session, reason));
    else object.removeAllListeners('removeSession');
  } else {
    const hear: capi.RemoveSessionCallback = (given, session) => world.heard(context, given, session);
    capi.SSL_CTX_sess_set_remove_cb(context.handle, on ? hear : null);
  }
  context.isObserved = on;
}

function upRef(world: World, op: Op): void {
  const context = world.pick(world.contexts, number(op, 1));
  if (context === undefined || context.object !== undefined) return;
  world.call(op, 'SSL_CTX_up_ref', { value: 1 }, () => capi.SSL_CTX_up_ref(context.handle));
  context.references++;
}

/** The last reference takes the cache along, and its callback hears of each session. */
function free(world: World, op: Op): void {
  const context = world.pick(world.contexts, number(op, 1));
  if (context === undefined) return;
  const { object, handle } = context;
  if (context.references > 1) {
    context.references--;
    world.call(op, 'SSL_CTX_free', {}, () => capi.SSL_CTX_free(handle));
    return;
  }
  world.contexts.splice(world.contexts.indexOf(context), 1);
  world.freedContexts.push(handle);
  if (world.freedContexts.length > LIMITS.freed) world.freedContexts.shift();
  context.references = 0;
  // Connections keep the cache: it goes with the last of them.
  const removals = context.pins > 0 ? [] : context.flush(0, now(), 'context-freed');
  if (object === undefined) world.call(op, 'SSL_CTX_free', { removals }, () => capi.SSL_CTX_free(handle));
  else world.call(op, 'free', { removals }, () => object.free());
}

const USES: ReadonlyArray<(ctx: capi.SSL_CTX, session: capi.SSL_SESSION) => unknown> = [
  (ctx) => capi.SSL_CTX_free(ctx),
  (ctx) => capi.SSL_CTX_up_ref(ctx),
  (ctx) => capi.SSL_new(ctx),
  (ctx) => capi.SSL_CTX_sess_number(ctx),
  (ctx) => capi.SSL_CTX_sessions(ctx),
  (ctx) => capi.SSL_CTX_flush_sessions(ctx, 0),
  (ctx) => capi.SSL_CTX_sess_set_remove_cb(ctx, () => {}),
  (ctx, session) => capi.SSL_CTX_add_session(ctx, session),
  (ctx, session) => capi.SSL_CTX_remove_session(ctx, session),
];

function useFreed(world: World, op: Op): void {
  const handle = world.pick(world.freedContexts, number(op, 0));
  const use = world.pick(USES, number(op, 1));
  const session = world.pick(world.sessions, number(op, 2));
  if (handle === undefined || use === undefined || session === undefined) return;
  world.call(op, 'use of a freed context', { code: 'ERR_SSLCTX_FREED' }, () => use(handle, world.handleOf(session)));
}

/** Lets the garbage collector have it, if nobody could hear of its end. */
function drop(world: World, op: Op): void {
  const place = number(op, 1) % LIMITS.contexts;
  const context = world.contexts[place];
  if (context === undefined || context.isObserved || context.pins > 0) return;
  world.contexts.splice(place, 1);
  for (const session of context.list) session.cache = undefined;
  // The collector decides when, and its cache marks what it had.
  for (const session of context.list) {
    const held = world.sessions.indexOf(session);
    if (held !== -1) world.letGo(held);
  }
}

/** Collected handles are given back by the event loop: not inside of a callback. */
async function collect(): Promise<void> {
  globalThis.gc?.();
  await nextTurn();
}

/** In the middle of whatever is under way. */
function collectNow(): void {
  globalThis.gc?.();
}

export const contextOperations: Readonly<Record<string, InnerOperation>> = {
  makeContext: make,
  listen,
  upRefContext: upRef,
  freeContext: free,
  useFreedContext: useFreed,
  dropContext: drop,
  collectNow,
};

/** What only the outermost level can do. */
export const outerContextOperations: Readonly<Record<string, Operation>> = { collect };
