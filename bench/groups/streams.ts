// Bulk data and small messages over TLS 1.3.
import { programPath } from '../build.ts';
import { type Numbers, take } from '../harness/numbers.ts';
import { runForNumbers } from '../harness/program.ts';
import { alternate } from '../harness/rounds.ts';
import type { Effort, Group, Row } from '../harness/rows.ts';
import { type Server, startServer, withOnRead } from '../peers/servers.ts';

// The others cannot be told to send without end.
const subjects = ['C', 'node:tls', 'sslctx'];

type Measure = (server: Server, seconds: number) => Promise<Numbers>;

interface Situation {
  readonly title: string;
  readonly measure: Measure;
  /** Besides the others. */
  readonly alsoWith?: string;
}

/** A client program against servers of `streams`, all of which stay up for all situations. */
async function measureStreams(effort: Effort, situations: readonly Situation[]): Promise<Row[]> {
  const isMine = effort.peers.includes('sslctx');
  const extra = situations.flatMap(({ alsoWith }) => (isMine && alsoWith !== undefined ? [alsoWith] : []));
  const common = effort.peers.filter((peer) => subjects.includes(peer));
  const servers = new Map<string, Server>();
  const { ecdsa } = effort.certificates;
  try {
    for (const peer of [...common, ...extra]) {
      const setting = { tls: '1.3', tickets: 'stateless', certificate: ecdsa, serve: 'streams' } as const;
      servers.set(peer, await startServer(peer, setting, effort));
    }
    const rows: Row[] = [];
    for (const { title: situation, measure, alsoWith = '' } of situations) {
      const peers = [...common, ...extra.filter((peer) => peer === alsoWith)];
      for (const server of servers.values()) if (server.isJavaScript) await measure(server, effort.warmUp);
      const results = await alternate(peers, effort.rounds, async (peer) => {
        const server = servers.get(peer);
        if (server === undefined) throw new Error(`${peer} has not been started`);
        return measure(server, effort.seconds);
      });
      for (const [subject, rounds] of results) rows.push({ situation, subject, rounds });
    }
    return rows;
  } finally {
    await Promise.all([...servers.values()].map(({ program }) => program.stop()));
  }
}

function command(program: 'bulk' | 'echo', server: Server, seconds: number, leadIn: number): string[] {
  const { port } = server;
  return [
    ...[programPath(program), '--tls', '1.3', '--port', String(port), '--pids', String(server.program.pid)],
    ...['--seconds', String(seconds), '--warmup', String(Math.max(0.1, leadIn))],
  ];
}

/** From the server, or to it. */
export type Direction = 'download' | 'upload';

/** The command of one run of the program for bulk data. */
export function bulkCommand(
  server: Server,
  direction: Direction,
  seconds: number,
  { leadIn }: Effort,
): readonly string[] {
  return [...command('bulk', server, seconds, leadIn), '--direction', direction];
}

async function transfer(server: Server, direction: Direction, length: number, effort: Effort): Promise<Numbers> {
  const numbers = await runForNumbers(bulkCommand(server, direction, length, effort), effort.cores.client);
  const seconds = take(numbers, 'seconds');
  const gigabytes = take(numbers, 'bytes') / 1e9;
  return {
    serverSeconds: take(numbers, 'serverCpu') / gigabytes,
    megabytesPerSecond: (gigabytes * 1000) / seconds,
    serverLoad: take(numbers, 'serverCpu') / seconds,
    clientLoad: take(numbers, 'clientCpu') / seconds,
  };
}

async function exchange(server: Server, length: number, effort: Effort): Promise<Numbers> {
  const numbers = await runForNumbers(command('echo', server, length / 2, effort.leadIn), effort.cores.client);
  return {
    serverMicroseconds: (take(numbers, 'serverCpu') / take(numbers, 'count')) * 1e6,
    p50: take(numbers, 'p50'),
    p99: take(numbers, 'p99'),
  };
}

export const bulk: Group = {
  name: 'bulk',
  title: 'Bulk data',
  note:
    'Two TLS 1.3 connections, 64 KiB a write. A download goes from the server to the client. With onread, ' +
    'the server reads into one buffer, as C does.',
  columns: [
    { name: 'serverSeconds', title: 'server CPU s/GB', digits: 3, hasSpread: true },
    { name: 'megabytesPerSecond', title: 'MB/s', digits: 0, hasSpread: true },
    { name: 'serverLoad', title: 'server load', digits: 2 },
    { name: 'clientLoad', title: 'client load', digits: 2 },
  ],
  run: (effort) =>
    measureStreams(effort, [
      { title: 'download', measure: (server, seconds) => transfer(server, 'download', seconds, effort) },
      {
        title: 'upload',
        measure: (server, seconds) => transfer(server, 'upload', seconds, effort),
        alsoWith: withOnRead,
      },
    ]),
};

export const echo: Group = {
  name: 'echo',
  title: 'Small messages',
  note: 'One TLS 1.3 connection, 64 bytes there and back, one after the other.',
  columns: [
    { name: 'serverMicroseconds', title: 'server CPU us', digits: 1, hasSpread: true },
    { name: 'p50', title: 'round trip p50 us', digits: 1, hasSpread: true },
    { name: 'p99', title: 'p99 us', digits: 1, hasSpread: true },
  ],
  run: (effort) =>
    measureStreams(effort, [{ title: '64 bytes', measure: (server, seconds) => exchange(server, seconds, effort) }]),
};
