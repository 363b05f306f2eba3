// What it costs to keep the sessions outside of the server: in Redis.
import { type Numbers, take } from '../harness/numbers.ts';
import type { Column, Effort, Group, Row } from '../harness/rows.ts';
import { startRedis } from '../peers/redis.ts';
import type { Server } from '../peers/servers.ts';
import { load, measureHandshakes, type Situation, type Subject } from './situations.ts';

const situations: readonly Situation[] = [
  { title: '1.2 resumed, id', tls: '1.2', tickets: 'stateful', key: 'ecdsa', resume: 'id' },
  { title: '1.3 resumed, stateful', tls: '1.3', tickets: 'stateful', key: 'ecdsa', resume: 'rotating' },
  { title: '1.3 full', tls: '1.3', tickets: 'stateful', key: 'ecdsa', resume: 'full' },
];

interface StoreSubject extends Subject {
  /** The same server with its sessions in its own memory: what latency is added to. */
  readonly base: string;
}

function subjectsFor(redis: string, effort: Effort): StoreSubject[] {
  const own = { peer: 'sslctx', preload: 0, base: 'sslctx, own cache' };
  const node = { peer: 'node:tls', preload: 0, base: 'node:tls, Map' };
  const all: readonly StoreSubject[] = [
    { ...own, name: own.base },
    { ...own, name: 'sslctx, MemorySessionStore', store: { kind: 'memory', redis } },
    { ...own, name: 'sslctx, RedisSessionStore', store: { kind: 'redis', redis } },
    { ...node, name: node.base },
    { ...node, name: 'node:tls, Redis', store: { kind: 'redis', redis } },
  ];
  return all.filter(({ peer }) => effort.peers.includes(peer));
}

const columns: readonly Column[] = [
  { name: 'serverMicroseconds', title: 'server CPU us', digits: 1, hasSpread: true },
  { name: 'perSecond', title: 'hs/s', digits: 0, hasSpread: true },
  { name: 'reused', title: 'resumed', digits: 2 },
  { name: 'latencyP50', title: 'latency p50 us', digits: 0, hasSpread: true },
  { name: 'latencyP99', title: 'p99 us', digits: 0 },
  { name: 'addedP50', title: 'added p50 us', digits: 0, hasSpread: true },
  { name: 'addedP99', title: 'added p99 us', digits: 0 },
  { name: 'serverLoad', title: 'server load', digits: 2 },
  { name: 'clientLoad', title: 'client load', digits: 2 },
];

async function measure(server: Server, situation: Situation, effort: Effort): Promise<Numbers> {
  const { p50: _busy, p99: _busiest, ...numbers } = await load(server, situation, 16, effort);
  const alone = await load(server, situation, 1, effort);
  return { ...numbers, latencyP50: take(alone, 'p50'), latencyP99: take(alone, 'p99') };
}

/** With the latency that was added, round by round. */
function withAdded(rows: readonly Row[], subjects: readonly StoreSubject[]): Row[] {
  return rows.map((row) => {
    const { base } = subjects.find(({ name }) => name === row.subject) ?? {};
    if (base === undefined || base === row.subject) return row;
    const without = rows.find(({ subject }) => subject === base);
    const rounds = row.rounds.map((numbers, at) => {
      const other = without?.rounds[at] ?? {};
      const added = (name: string): number => take(numbers, name) - take(other, name);
      return { ...numbers, addedP50: added('latencyP50'), addedP99: added('latencyP99') };
    });
    return { ...row, rounds };
  });
}

export const store: Group = {
  name: 'store',
  title: 'Sessions in Redis',
  note:
    'CPU and hs/s as in the group "handshakes", 16 at a time. Latency is that of one connection at a time, from its start ' +
    "to the server's byte; added is what it is above that of the same server, in the same round, with its sessions in its " +
    'own memory. sslctx encrypts what it stores, node:tls with newSession and resumeSession does not. Redis listens on a ' +
    "Unix socket and shares the clients' core; its CPU is in no column. node:tls cannot resume TLS 1.3 by newSession and " +
    'resumeSession: its handshakes there are full ones.',
  columns,
  async run(effort: Effort): Promise<Row[]> {
    const redis = await startRedis(effort);
    try {
      const subjects = subjectsFor(redis.path, effort);
      const rows: Row[] = [];
      // Each situation starts five servers, which takes most of the time.
      for (const situation of effort.isQuick ? situations.slice(0, 2) : situations) {
        const one = (server: Server): Promise<Numbers> => measure(server, situation, effort);
        rows.push(...withAdded(await measureHandshakes(situation, subjects, effort, one), subjects));
      }
      return rows;
    } finally {
      await redis.program.stop();
    }
  },
};
