// The situations of the handshake groups: what the client offers, and what the server keeps.
import { programPath } from '../build.ts';
import { type Numbers, take } from '../harness/numbers.ts';
import { runForNumbers } from '../harness/program.ts';
import { alternate } from '../harness/rounds.ts';
import type { Column, Effort, Row } from '../harness/rows.ts';
import { type Server, type Setting, type StoreSetting, startServer } from '../peers/servers.ts';

export interface Situation {
  readonly title: string;
  readonly tls: Setting['tls'];
  readonly tickets: Setting['tickets'];
  readonly key: 'ecdsa' | 'rsa';
  /** As --resume of c/load.c. */
  readonly resume: 'full' | 'id' | 'ticket' | 'rotating';
}

/** A server, and how it is called in the table. */
export interface Subject {
  readonly name: string;
  readonly peer: string;
  readonly preload: number;
  readonly store?: StoreSetting;
  readonly threads?: number;
}

export const handshakeColumns: readonly Column[] = [
  { name: 'serverMicroseconds', title: 'server CPU us', digits: 1, hasSpread: true },
  { name: 'perSecond', title: 'hs/s', digits: 0, hasSpread: true },
  { name: 'reused', title: 'resumed', digits: 2 },
  { name: 'serverLoad', title: 'server load', digits: 2 },
  { name: 'clientLoad', title: 'client load', digits: 2 },
];

/** Measures one situation with all subjects; 16 connections at a time, or what `measure` does. */
export async function measureHandshakes(
  situation: Situation,
  subjects: readonly Subject[],
  effort: Effort,
  measure = (server: Server): Promise<Numbers> => load(server, situation, 16, effort),
): Promise<Row[]> {
  const servers = new Map<Subject, Server>();
  try {
    for (const subject of subjects) {
      const setting: Setting = {
        tls: situation.tls,
        tickets: situation.tickets,
        certificate: effort.certificates[situation.key],
        serve: 'handshakes',
        preload: subject.preload,
        store: subject.store,
        threads: subject.threads,
      };
      const server = await startServer(subject.peer, setting, effort);
      servers.set(subject, server);
    }
    await warmUp(servers.values(), situation, 16, effort);
    const results = await alternate(subjects, effort.rounds, async (subject) => {
      const server = servers.get(subject);
      if (server === undefined) throw new Error(`${subject.name} has not been started`);
      await load(server, situation, 16, { ...effort, seconds: effort.leadIn });
      return measure(server);
    });
    return [...results].map(([subject, rounds]) => ({ situation: situation.title, subject: subject.name, rounds }));
  } finally {
    await Promise.all([...servers.values()].map(({ program }) => program.stop()));
  }
}

/**
 * Lets servers in JavaScript be compiled: the compiler goes by calls, which a busy machine makes slowly. After 6,000 full
 * handshakes, a server still costs a tenth more than after 15,000, and the same from there on. In turns: V8 throws the
 * code of a process away that has nothing to do for some seconds.
 */
export async function warmUp(
  servers: Iterable<Server>,
  situation: Situation,
  slots: number,
  effort: Effort,
): Promise<void> {
  const enough = effort.isQuick ? 2500 : 15_000;
  const end = performance.now() + 30_000;
  const left = new Map([...servers].filter(({ isJavaScript }) => isJavaScript).map((server) => [server, enough]));
  while (left.size > 0 && performance.now() < end) {
    for (const [server, count] of left) {
      const numbers = await load(server, situation, slots, { ...effort, seconds: effort.warmUp });
      const rest = count - take(numbers, 'perSecond') * effort.warmUp;
      if (rest > 0) left.set(server, rest);
      else left.delete(server);
    }
  }
}

/** The command of one run of the load generator. */
export function loadCommand(server: Server, situation: Situation, slots: number, seconds: number): readonly string[] {
  const { tls, resume } = situation;
  const options = {
    port: server.port,
    pids: server.program.pid,
    tls,
    resume,
    slots,
    seconds,
    silent: server.isSilent ? 1 : 0,
  };
  return [programPath('load'), ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])];
}

/** One run of the load generator. */
export async function load(server: Server, situation: Situation, slots: number, effort: Effort): Promise<Numbers> {
  const numbers = await runForNumbers(loadCommand(server, situation, slots, effort.seconds), effort.cores.client);
  const count = take(numbers, 'count');
  const failures = take(numbers, 'failures');
  if (count === 0) throw new Error(`${situation.title}: no handshake, ${failures} failures`);
  if (failures > 0) console.error(`bench: ${situation.title}: ${failures} of ${failures + count} connections failed`);
  const seconds = take(numbers, 'seconds');
  return {
    serverMicroseconds: (take(numbers, 'serverCpu') / count) * 1e6,
    perSecond: count / seconds,
    failures,
    reused: take(numbers, 'reused') / count,
    serverLoad: take(numbers, 'serverCpu') / seconds,
    clientLoad: take(numbers, 'clientCpu') / seconds,
    p50: take(numbers, 'p50'),
    p99: take(numbers, 'p99'),
  };
}
