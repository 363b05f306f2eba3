// The calls of c/cache.c through this package: the same operations in the same order, as a user would write them.
//
// usage: cache.ts --sessions N --measure calls|import|memory
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { SslContext, SslSession } from '../../src/index.ts';
import { fillCache, makeSession } from './sessions.ts';

const callsPerRound = 200_000;
const lookUpsPerPass = 100_000;
const derPerRound = 20_000;
const modesPerRound = 1_000_000;
const longestTimeout = 1_000_000;

const { values } = parseArgs({
  options: { sessions: { type: 'string', default: '1000' }, measure: { type: 'string', default: 'calls' } },
});
const count = Number(values.sessions);
const time = Math.floor(Date.now() / 1000);
const context = new SslContext({ sessionCache: { size: 0 } });

function cpuNanoseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

function nanoseconds(work: () => void): number {
  const start = cpuNanoseconds();
  work();
  return cpuNanoseconds() - start;
}

function serve(round: () => Record<string, number>): void {
  console.log('{"ready":1}');
  createInterface({ input: process.stdin }).on('line', () => console.log(JSON.stringify(round())));
}

function serveCalls(): void {
  const sessions = Array.from({ length: count }, () => makeSession(time, 7200));
  const ids = sessions.map(({ id }) => id);
  const passes = Math.max(1, Math.floor(callsPerRound / count));
  // Of a large cache, every tenth or so.
  const stride = Math.max(1, Math.floor(count / lookUpsPerPass));
  const some = ids.filter((_, index) => index % stride === 0);
  const addAll = (): void => {
    for (const session of sessions) context.addSession(session);
  };
  const lookUpSome = (): void => {
    for (const id of some) if (!context.hasSession(id)) throw new Error('a session is missing');
  };
  const walk = (): void => {
    for (const session of context.sessions()) session.free();
  };
  const removeAll = (): void => {
    for (const session of sessions) context.removeSession(session);
  };
  serve(() => {
    const sums = { add: 0, addAgain: 0, lookUp: 0, iterate: 0, remove: 0 };
    for (let pass = 0; pass < passes; pass++) {
      sums.add += nanoseconds(addAll);
      sums.addAgain += nanoseconds(addAll);
      sums.lookUp += nanoseconds(lookUpSome) * stride;
      sums.iterate += nanoseconds(walk);
      sums.remove += nanoseconds(removeAll);
    }
    const each = Object.entries(sums).map(([name, sum]) => [name, sum / (passes * count)] as const);
    return { ...Object.fromEntries(each), ...measureDer(sessions), mode: measureMode() };
  });
}

function measureDer(sessions: readonly SslSession[]): Record<string, number> {
  const some = Array.from({ length: derPerRound }, (_, index) => sessions[index % count]);
  const ders: Buffer[] = [];
  const encoding = nanoseconds(() => {
    for (const session of some) if (session !== undefined) ders.push(session.toDER());
  });
  const decoding = nanoseconds(() => {
    for (const der of ders) SslSession.fromDER(der).free();
  });
  return { toDer: encoding / derPerRound, fromDer: decoding / derPerRound };
}

function measureMode(): number {
  let sink = 0;
  const sum = nanoseconds(() => {
    for (let i = 0; i < modesPerRound; i++) sink += context.sessionCacheMode;
  });
  if (sink === 0) throw new Error('the cache is off');
  return sum / modesPerRound;
}

function serveImports(): void {
  const sessions = Array.from({ length: count }, () =>
    makeSession(time, 1 + Math.floor(Math.random() * longestTimeout)),
  );
  const ders = sessions.map((session) => session.toDER());
  serve(() => {
    const fromDer = nanoseconds(() => {
      context.importSessions(ders);
    });
    context.clearSessions();
    const fromSessions = nanoseconds(() => context.addSessions(sessions));
    context.clearSessions();
    return { importDer: fromDer / count, importSessions: fromSessions / count };
  });
}

function measureMemory(): void {
  // What the engine allocates once, and its young generation, are no sessions.
  fillCache(context, 50_000);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  fillCache(context, count);
  globalThis.gc?.();
  console.log(JSON.stringify({ bytes: (process.memoryUsage.rss() - before) / count }));
}

if (values.measure === 'calls') serveCalls();
if (values.measure === 'import') serveImports();
if (values.measure === 'memory') measureMemory();
