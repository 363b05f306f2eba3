// What guard.ts counts the instructions of. Runs under callgrind, which writes its counts down and begins anew each time
// that OpenSSL_version_num is called; nothing else here calls that. Says which calls lie between, in order.
import * as capi from '../../src/capi/index.ts';
import { SslContext, type SslSession } from '../../src/index.ts';
import { ConnectionPair, makeCertificate } from '../../src/testing/index.ts';
import { makeSession } from '../peers/sessions.ts';

interface Segment {
  readonly name: string;
  readonly calls: number;
}

const segments: Segment[] = [];

function mark(): void {
  capi.OpenSSL_version_num();
}

function count(name: string, calls: number, work: () => void): void {
  work();
  mark();
  segments.push({ name, calls });
}

// What the compiler and the garbage collector do falls into some of the rounds; guard.ts takes the least.
const rounds = 6;
const warmUps = 12;
const sessionCount = 1000;
const handshakes = 5;
const context = new SslContext({ sessionCache: { size: 0 } });
const time = Math.floor(Date.now() / 1000);
const sessions = Array.from({ length: sessionCount }, () => makeSession(time, 7200));
const ids = sessions.map(({ id }) => id);
const ders = sessions.map((session) => session.toDER());
let sink = 0;

function add(some: readonly SslSession[]): void {
  for (const session of some) if (context.addSession(session)) sink++;
}

function remove(some: readonly SslSession[]): void {
  for (const session of some) if (context.removeSession(session)) sink++;
}

function lookUp(calls: number): void {
  for (let i = 0; i < calls; i++) if (context.hasSession(ids[i % sessionCount] ?? new Uint8Array())) sink++;
}

function askMode(calls: number): void {
  for (let i = 0; i < calls; i++) sink += context.sessionCacheMode;
}

function iterate(): void {
  for (const session of context.sessions()) session.free();
}

const server = new SslContext({
  ...makeCertificate(),
  tickets: 'stateful',
  maxVersion: 'TLSv1.2',
  sessionIdContext: 'guard',
});
const client = new SslContext({ maxVersion: 'TLSv1.2' });

function shake(session?: SslSession): SslSession | undefined {
  using pair = new ConnectionPair({ server, client, session });
  pair.handshake();
  return pair.session;
}

const resumable = shake();
function resume(calls: number): void {
  for (let i = 0; i < calls; i++) shake(resumable);
}

function round(): void {
  count('addSession', sessionCount, () => add(sessions));
  count('hasSession', sessionCount, () => lookUp(sessionCount));
  count('sessions()', sessionCount, iterate);
  count('removeSession', sessionCount, () => remove(sessions));
  count('addSessions', sessionCount, () => context.addSessions(sessions));
  count('clearSessions', sessionCount, () => context.clearSessions());
  count('importSessions', sessionCount, () => context.importSessions(ders));
  context.clearSessions();
  mark();
  segments.push({ name: '', calls: 1 });
  count('sessionCacheMode', sessionCount, () => askMode(sessionCount));
  count('TLS 1.2 handshake resumed by ID, both sides', handshakes, () => resume(handshakes));
}

for (let i = 0; i < warmUps; i++) {
  add(sessions);
  lookUp(sessionCount);
  iterate();
  remove(sessions);
  askMode(sessionCount);
  context.addSessions(sessions);
  context.clearSessions();
  context.importSessions(ders);
  context.clearSessions();
  resume(handshakes);
}
mark();
for (let i = 0; i < rounds; i++) round();
if (sink === 0 || server.stats.hits !== (warmUps + rounds) * handshakes) throw new Error('not everything has happened');
console.log(JSON.stringify(segments));
