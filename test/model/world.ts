// The objects of libssl and what the model says of them, side by side. Each call is predicted first; what it returns,
// throws and tells is then held against that.
import { strict as assert } from 'node:assert';
import { inspect } from 'node:util';
import * as capi from '../../src/capi/index.ts';
import type { SslContext } from '../../src/index.ts';
import { type SslSession, sessionHandle, wrapSession } from '../../src/session.ts';
import { checkContext, checkSession, readSession } from './check.ts';
import { Context, type Reason, type Removal, type Session } from './model.ts';
import { type Op, show } from './program.ts';

/** libssl and the model do not agree. */
export class Divergence extends Error {}

/** What callbacks throw on purpose. */
export class OnPurpose extends Error {
  readonly code = 'ON_PURPOSE';
}

/** What is expected of a call. */
export interface Prediction {
  value?: unknown;
  /** Of the error that it throws. */
  code?: string | undefined;
  removals?: readonly Removal[];
}

/** A call under way. */
export interface Frame {
  readonly op: Op;
  /** What remove callbacks have to hear before the call returns. */
  readonly expected: Removal[];
  /** The new callbacks that have to come. */
  news?: Array<{ context: Context; session: Session; then: (() => void) | undefined }>;
  callbacks: number;
  threw: boolean;
}

/** A context with its SSL_CTX. */
export class LiveContext extends Context {
  handle: capi.SSL_CTX;
  readonly object: SslContext | undefined;
  /** 0: freed. */
  references = 1;
  readonly version: number;
  /** SSL_OP_NO_TICKET. */
  readonly isStateful: boolean;
  /** What the listeners of a class context have to hear yet, and what causes it. */
  readonly pending: Array<Removal & { frame: Frame }> = [];
  isDelivering = false;
  /** Connections that keep it alive. */
  pins = 0;

  constructor(handle: capi.SSL_CTX, object: SslContext | undefined, version: number, isStateful: boolean) {
    super();
    this.handle = handle;
    this.object = object;
    this.version = version;
    this.isStateful = isStateful;
  }
}

/** Two ends that have done their handshake. */
export interface Connection {
  readonly server: capi.SSL;
  readonly client: capi.SSL;
  readonly serverContext: LiveContext;
  readonly clientContext: LiveContext;
  /** What an unclean end takes out of the caches. */
  readonly serverSession: Session | undefined;
  readonly clientSession: Session | undefined;
}

export type Operation = (world: World, op: Op) => void | Promise<void>;
/** One that can be done inside of callbacks. */
export type InnerOperation = (world: World, op: Op) => void;

export interface Operations {
  readonly inner: Readonly<Record<string, InnerOperation>>;
  /** Only at the outermost level. */
  readonly outer: Readonly<Record<string, Operation>>;
}

/** How many numbers of operations there are of each kind. */
export const LIMITS = { contexts: 4, sessions: 24, freed: 8 } as const;

export class World {
  readonly contexts: LiveContext[] = [];
  /** Those whose handles are held here. */
  readonly sessions: Session[] = [];
  readonly freedSessions: capi.SSL_SESSION[] = [];
  readonly dead = new WeakSet<capi.SSL_SESSION>();
  readonly freedContexts: capi.SSL_CTX[] = [];
  /** Client contexts by protocol version. Other operations leave them alone. */
  readonly clients = new Map<number, LiveContext>();
  readonly connections: Connection[] = [];
  /** The connection that libssl is in. */
  busy: capi.SSL | undefined;
  readonly reAddingMoves: boolean;
  divergence: Divergence | undefined;
  depth = 0;
  /** Exceptions of listeners that Node has to report. */
  uncaught = 0;
  /** How far this has come. */
  readonly reached: Record<string, number> = {};
  readonly #inner: Operations['inner'];
  readonly #outer: Operations['outer'];
  readonly #frames: Frame[] = [];
  #ticks = 0;

  constructor({ inner, outer }: Operations, reAddingMoves: boolean) {
    this.#inner = inner;
    this.#outer = outer;
    this.reAddingMoves = reAddingMoves;
  }

  fail(message: string): never {
    this.divergence ??= new Divergence(message);
    throw this.divergence;
  }

  equal(actual: unknown, expected: unknown, what: string): void {
    if (Object.is(actual, expected)) return;
    try {
      assert.deepEqual(actual, expected);
    } catch {
      this.fail(`${what}: ${inspect(actual)}, the model says ${inspect(expected)}`);
    }
  }

  /** A time in the future, later than the last one. */
  tick(): number {
    return 3_000_000_000 + this.#ticks++;
  }

  count(what: string): void {
    this.reached[what] = (this.reached[what] ?? 0) + 1;
  }

  /** The one that the number stands for. */
  pick<T>(list: readonly T[], number: number | undefined): T | undefined {
    return list.length === 0 ? undefined : list[(number ?? 0) % list.length];
  }

  async perform(op: Op): Promise<void> {
    await this.#operation(op)(this, op);
    if (this.divergence !== undefined) throw this.divergence;
    this.equal(capi.debug.errorQueueDepth(), 0, 'errors in the queue of OpenSSL');
    for (const context of [...this.contexts, ...this.clients.values()]) {
      this.equal(context.pending.length, 0, 'events that nobody was told');
      checkContext(this, context);
    }
    const session = this.pick(this.sessions, op.numbers[3]);
    if (session !== undefined) checkSession(this, session);
  }

  #operation(op: Op): Operation {
    const operation = this.#inner[op.name] ?? this.#outer[op.name];
    if (operation === undefined) throw new Error(`no operation ${op.name}`);
    return operation;
  }

  /** The operation that calls are made for. */
  get op(): Op {
    return this.#frames.at(-1)?.op ?? { name: '', numbers: [] };
  }

  /** Calls, and compares what comes of it. What remove callbacks hear of a class context, its listeners do. */
  call(op: Op, what: string, { value, code, removals = [] }: Prediction, run: () => unknown): unknown {
    const frame: Frame = { op, expected: [], callbacks: 0, threw: false };
    for (const removal of removals) this.#expect(frame, removal);
    this.#frames.push(frame);
    capi.ERR_clear_error();
    let result: unknown;
    let error: unknown;
    try {
      result = run();
    } catch (thrown) {
      error = thrown;
    } finally {
      this.#frames.pop();
    }
    if (this.divergence !== undefined) throw this.divergence;
    this.equal(frame.expected.length, 0, `${what}: events that did not come`);
    this.equal(frame.news?.length ?? 0, 0, `${what}: new callbacks that did not come`);
    this.count(error === undefined ? what : `${what} ${codeOf(error)}`);
    const expectedCode = frame.threw ? 'ON_PURPOSE' : code;
    if (codeOf(error) !== expectedCode) {
      this.fail(`${what}: threw ${codeOf(error)} (${String(error)}), the model says ${expectedCode ?? 'nothing'}`);
    }
    if (error === undefined && value !== undefined) this.equal(result, value, what);
    return result;
  }

  #expect(frame: Frame, removal: Removal): void {
    const { context, reason } = removal;
    if (!context.isObserved || !(context instanceof LiveContext)) return;
    if (context.object !== undefined) context.pending.push({ ...removal, frame });
    else if (reason !== 'replaced') frame.expected.push(removal);
  }

  /** Expects more of the innermost call: for what is known only while it is under way. */
  expectMore(removals: readonly Removal[]): void {
    const frame = this.#frames.at(-1);
    if (frame !== undefined) for (const removal of removals) this.#expect(frame, removal);
  }

  /** A remove callback has been called. */
  heard(context: LiveContext, given: capi.SSL_CTX, handle: capi.SSL_SESSION): void {
    const frame = this.#frames.at(-1);
    const next = frame?.expected.shift();
    if (frame === undefined || next === undefined) this.fail('a remove callback that nobody expects');
    this.equal(given === context.handle, true, 'the remove callback gets its context');
    this.equal(next.context === context, true, 'the context whose remove callback is called');
    this.observe(next.session, handle, 'the session of the remove callback');
    this.count('remove callbacks');
    if (this.inside(frame)) frame.threw = true;
    this.#throwIf(frame);
  }

  /** A listener to removeSession has been called. */
  heardEvent(context: LiveContext, session: SslSession, reason: Reason): void {
    const next = context.pending.shift();
    if (next === undefined) this.fail('an event that nobody expects');
    this.equal(context.isDelivering, false, 'whether a listener is called inside of another');
    this.equal(reason, next.reason, 'why the session was removed');
    const handle = sessionHandle(session);
    // A listener before this one may have given it back.
    if (!this.dead.has(handle)) this.observe(next.session, handle, 'the session of the event');
    this.count(`event ${reason}`);
    context.isDelivering = true;
    const throws = this.inside(next.frame);
    context.isDelivering = false;
    if (throws) this.uncaught++;
    this.#throwIf(next.frame);
  }

  /** Does what the operation has for its next callback; true when that has to throw. */
  inside(frame: Frame): boolean {
    const index = frame.callbacks++;
    const op = frame.op.inside?.[index];
    if (op !== undefined && this.depth < 3 && Object.hasOwn(this.#inner, op.name)) {
      this.depth++;
      this.count('inside');
      try {
        this.#inner[op.name]?.(this, op);
      } finally {
        this.depth--;
      }
    }
    return frame.op.throws === index;
  }

  #throwIf(frame: Frame): void {
    if (frame.op.throws === frame.callbacks - 1) throw new OnPurpose(show(frame.op));
  }

  /** libssl has given out a handle of the session: there is one of each object, as long as it lives. */
  observe(session: Session, handle: capi.SSL_SESSION, what: string): void {
    const { known } = session;
    if (known === handle) return;
    if (session.isUnknown) this.#meet(session, handle);
    if (known !== undefined) this.fail(`${what}: another handle of ${session.cacheKey} than before`);
    const key = `${capi.SSL_SESSION_get_protocol_version(handle)}:${capi.SSL_SESSION_get_id(handle).toString('hex')}`;
    this.equal(key, session.cacheKey, what);
    session.weak = new WeakRef(handle);
    session.references = 1;
  }

  /** What libssl has made is seen for the first time. */
  #meet(session: Session, handle: capi.SSL_SESSION): void {
    const { time, timeout, cache, home } = session;
    readSession(session, handle);
    session.isUnknown = false;
    // The second may be over, or libssl's clock, which is a coarse one, not in it yet.
    if (home !== undefined && cache !== undefined && (session.time < time - 1 || session.time > time + 60)) {
      this.fail(`a new session of the time ${session.time}, at ${time}`);
    }
    if (cache !== undefined) this.equal(session.timeout, timeout, 'the timeout of a new session');
    if (cache instanceof LiveContext && session.time !== time) cache.moved(session);
  }

  /** A new callback has been called: the innermost call knows for which session. */
  heardNew(context: LiveContext, handle: capi.SSL_SESSION): void {
    const frame = this.#frames.at(-1);
    const next = frame?.news?.shift();
    if (frame === undefined || next === undefined) this.fail('a new callback that nobody expects');
    this.equal(next.context === context, true, 'the context whose new callback is called');
    this.equal(frame.expected.length, 0, 'evictions that are told after what caused them');
    this.observe(next.session, handle, 'the session of the new callback');
    this.count('new callbacks');
    const throws = this.inside(frame);
    next.then?.();
    if (throws) {
      frame.threw = true;
      throw new OnPurpose(show(frame.op));
    }
  }

  /** Expects a new callback in the innermost call. `then` is done after it. */
  expectNew(context: Context, session: Session, then?: () => void): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) throw new Error('no call is under way');
    frame.news ??= [];
    frame.news.push({ context, session, then });
  }

  /** Whether a callback of the innermost call has thrown, once. */
  takeThrown(): boolean {
    const frame = this.#frames.at(-1);
    const threw = frame?.threw ?? false;
    if (frame !== undefined) frame.threw = false;
    return threw;
  }

  /** Holds the handle from now on. */
  hold(session: Session, handle: capi.SSL_SESSION, place: number): void {
    if (this.sessions.includes(session)) return;
    session.handle = handle;
    if (this.sessions.length < LIMITS.sessions) this.sessions.push(session);
    else this.letGo(place % LIMITS.sessions, session);
  }

  /** The garbage collector may have the handle. */
  letGo(place: number, successor?: Session): void {
    const gone = this.sessions[place];
    if (gone === undefined) return;
    if (gone.handle !== undefined) gone.weak = new WeakRef(gone.handle);
    gone.handle = undefined;
    if (successor === undefined) this.sessions.splice(place, 1);
    else this.sessions[place] = successor;
  }

  /** A handle has no references any more. */
  died(session: Session): void {
    const { handle } = session;
    if (handle !== undefined) {
      this.freedSessions.push(handle);
      this.dead.add(handle);
      if (this.freedSessions.length > LIMITS.freed) this.freedSessions.shift();
    }
    const place = this.sessions.indexOf(session);
    session.references = 0;
    session.handle = undefined;
    session.weak = undefined;
    if (place !== -1) this.sessions.splice(place, 1);
  }

  /** Lets go of everything. */
  release(): void {
    for (const context of [...this.contexts, ...this.clients.values()]) {
      if (context.object === undefined) capi.SSL_CTX_sess_set_remove_cb(context.handle, null);
      else context.object.removeAllListeners();
    }
    this.contexts.length = 0;
    this.clients.clear();
    this.sessions.length = 0;
    this.freedSessions.length = 0;
    this.freedContexts.length = 0;
  }

  wrap(session: Session): SslSession {
    return wrapSession(this.handleOf(session));
  }

  handleOf(session: Session): capi.SSL_SESSION {
    return session.handle ?? this.fail('a session without a handle');
  }
}

export function codeOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);
}
