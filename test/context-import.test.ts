// Many sessions at once.
import test, { type ExecutionContext } from 'ava';
import * as capi from '../src/capi/index.ts';
import { SslContext, SslSession } from '../src/index.ts';
import { leavesNoErrors } from './helpers/errors.ts';
import { asRemoved } from './helpers/removal-order.ts';

test.afterEach(leavesNoErrors);

const time = 1_700_000_000;

function unlimited(): SslContext {
  return new SslContext({ sessionCache: { size: 0 } });
}

// A timeout of 0 does not survive DER: d2i_SSL_SESSION makes it 3.
/** In an order of expiry that is far from any that libssl likes, with equal ones among them. */
function scattered(count: number, from = 1): SslSession[] {
  return Array.from({ length: count }, (_, i) =>
    SslSession.create({ time, timeout: from + ((i * 7919) % (count >> 1)), hostname: String(i) }),
  );
}

function expiries(context: SslContext): number[] {
  return [...context.sessions()].map(({ expiresAt }) => expiresAt);
}

/** The order of the snapshot is that of libssl's own list, which it flushes from the end. */
function holdsLibssl(t: ExecutionContext, context: SslContext): void {
  const claimed = asRemoved([...context.sessions()].map(({ id }) => id.toString('hex')).reverse());
  const removed: string[] = [];
  context.on('removeSession', ({ id }) => removed.push(id.toString('hex')));
  context.clearSessions();
  t.deepEqual(removed, claimed);
}

for (const [title, add] of [
  ['addSessions', (context: SslContext, sessions: SslSession[]) => context.addSessions(sessions)],
  ['importSessions', (context: SslContext, sessions: SslSession[]) => context.importSessions(toDers(sessions))],
] as const) {
  test(`${title} sorts by expiry, as adding one by one does`, (t) => {
    const context = unlimited();
    const sessions = scattered(100);
    t.is(add(context, sessions), 100);
    const oneByOne = unlimited();
    for (const session of sessions) oneByOne.addSession(session.clone());
    t.deepEqual(expiries(context), expiries(oneByOne));
    t.deepEqual(
      [...context.sessions()].map(({ hostname }) => hostname),
      [...oneByOne.sessions()].map(({ hostname }) => hostname),
      'among equals the latest given comes first',
    );
    holdsLibssl(t, context);
  });

  for (const [place, from] of [
    ['before', 10_000],
    ['behind', 1],
    ['among', 450],
  ] as const) {
    test(`${title} into a cache, ${place} what it has`, (t) => {
      const context = unlimited();
      for (const session of scattered(60, 500).slice(0, 50)) context.addSession(session);
      t.is(add(context, scattered(100, from)), 100);
      const found = expiries(context);
      t.is(found.length, 150);
      t.deepEqual(
        found,
        found.toSorted((left, right) => right - left),
      );
      holdsLibssl(t, context);
    });
  }

  test(`${title} with nothing`, (t) => {
    t.is(add(unlimited(), []), 0);
  });

  test(`${title} of more than the cache holds keeps those that expire last`, (t) => {
    const context = new SslContext({ sessionCache: { size: 11 } });
    t.is(add(context, scattered(100)), 100);
    const last = Array.from({ length: 10 }, (_, i) => time + 50 - (i >> 1));
    t.deepEqual(expiries(context), last);
  });

  test(`${title} with a listener tells what it replaces and evicts, when all are in`, (t) => {
    const context = new SslContext({ sessionCache: { size: 4 } });
    const old = SslSession.create({ time, timeout: 1000 });
    context.addSession(old);
    const events: string[] = [];
    context.on('removeSession', (session, reason) => {
      events.push(`${reason} ${session.timeout}, ${context.stats.number}`);
      session.free();
    });
    const sessions = [SslSession.create({ time, timeout: 500, id: old.id }), ...scattered(4, 10)];
    t.is(add(context, sessions), 5);
    t.deepEqual(events, ['evicted 10, 3', 'evicted 10, 3', 'replaced 1000, 3']);
  });
}

function toDers(sessions: readonly SslSession[]): Buffer[] {
  return sessions.map((session) => session.toDER());
}

test('what is in the cache already is not counted, and keeps its place', (t) => {
  const context = unlimited();
  const sessions = scattered(20);
  t.is(context.addSessions(sessions.slice(0, 15)), 15);
  t.is(context.addSessions([...sessions, ...sessions]), 5);
  t.is(context.stats.number, 20);
  holdsLibssl(t, context);
});

test('any iterable will do', (t) => {
  const context = unlimited();
  t.is(context.addSessions(new Set(scattered(3))), 3);
  t.is(context.importSessions(new Map(toDers(scattered(3)).entries()).values()), 3);
});

test('one that cannot be added, and none is', (t) => {
  const context = unlimited();
  const good = scattered(2);
  const foreign = SslSession.create();
  unlimited().addSession(foreign);
  const freed = SslSession.create();
  freed.free();
  const without = SslSession.fromDER(SslSession.create().toDER());
  t.throws(() => context.addSessions([...good, foreign]), { code: 'ERR_SSLCTX_SESSION_FOREIGN' });
  t.throws(() => context.addSessions([...good, freed]), { code: 'ERR_SSLCTX_FREED' });
  for (const wrong of [undefined, null, 1, {}, 'session', new Uint8Array(3)]) {
    t.throws(() => Reflect.apply(context.addSessions, context, [[...good, wrong]]), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const wrong of [undefined, null, 1, {}, 'session', without, [1]]) {
    const list = [...toDers(good), wrong];
    t.throws(() => Reflect.apply(context.importSessions, context, [list]), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const wrong of [new Uint8Array(0), Buffer.from('garbage'), Buffer.concat([...toDers(good)])]) {
    t.throws(() => context.importSessions([...toDers(good), wrong]), { name: 'OpenSslError', message: /element 2/ });
  }
  t.throws(() => Reflect.apply(context.addSessions, context, [undefined]), { instanceOf: TypeError });
  t.is(context.stats.number, 0);
  // Nothing has become this context's either.
  t.is(unlimited().addSessions(good), 2);
});

test('a context that has been freed', (t) => {
  const context = unlimited();
  context.free();
  t.throws(() => context.addSessions([]), { code: 'ERR_SSLCTX_FREED' });
  t.throws(() => context.importSessions([]), { code: 'ERR_SSLCTX_FREED' });
});

test('no session is left behind', (t) => {
  const before = capi.debug.live().SSL_SESSION;
  const context = unlimited();
  context.importSessions(toDers([SslSession.create()]));
  const ders = Array.from({ length: 3 }, () => {
    const session = SslSession.create();
    const der = session.toDER();
    session.free();
    return der;
  });
  context.clearSessions();
  const empty = capi.debug.live().SSL_SESSION;
  t.is(context.importSessions(ders), 3);
  t.is(capi.debug.live().SSL_SESSION, empty + 3);
  t.throws(() => context.importSessions([...ders, Buffer.from('x')]), { name: 'OpenSslError' });
  t.is(capi.debug.live().SSL_SESSION, empty + 3);
  context.clearSessions();
  t.is(capi.debug.live().SSL_SESSION, empty);
  t.true(empty >= before);
});
