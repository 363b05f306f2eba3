// What a connection that says nothing costs in memory.
import { programPath } from '../build.ts';
import type { Numbers } from '../harness/numbers.ts';
import { Program } from '../harness/program.ts';
import { alternate } from '../harness/rounds.ts';
import type { Effort, Group } from '../harness/rows.ts';
import { type Server, startServer } from '../peers/servers.ts';

const subjects = ['C', 'node:tls', 'sslctx'];

/** A new server each time: memory that was used once is not given back. */
async function measure(peer: string, effort: Effort): Promise<Numbers> {
  const certificate = effort.certificates.ecdsa;
  const setting = { tls: '1.3', tickets: 'stateless', certificate, serve: 'streams' } as const;
  const server = await startServer(peer, setting, effort);
  try {
    // What the first connections make the server load and compile belongs to no connection.
    await hold(server, 16, effort, async () => undefined);
    const before = await settled(server, peer);
    return await hold(server, effort.connections, effort, async () => {
      const after = await settled(server, peer);
      return { kilobytes: (after - before) / 1000 / effort.connections, idleMegabytes: before / 1e6 };
    });
  } finally {
    await server.program.stop();
  }
}

async function hold<Result>(
  server: Server,
  connections: number,
  effort: Effort,
  look: () => Promise<Result>,
): Promise<Result> {
  const options = ['--tls', '1.3', '--port', String(server.port), '--connections', String(connections)];
  const clients = new Program([programPath('idle'), ...options], effort.cores.client);
  try {
    await clients.numbers();
    return await look();
  } finally {
    await clients.stop();
  }
}

async function settled({ program }: Server, peer: string): Promise<number> {
  if (peer !== 'C') await program.ask('collect');
  return program.residentBytes();
}

export const idle: Group = {
  name: 'idle',
  title: 'Memory of idle connections',
  note: 'Growth of the resident memory of a new server by TLS 1.3 connections that say nothing; garbage is collected before.',
  columns: [
    { name: 'kilobytes', title: 'kB/connection', digits: 1, hasSpread: true },
    { name: 'idleMegabytes', title: 'MB before', digits: 1 },
  ],
  async run(effort) {
    const peers = effort.peers.filter((peer) => subjects.includes(peer));
    const rounds = effort.isQuick ? 1 : Math.min(effort.rounds, 3);
    const results = await alternate(peers, rounds, (peer) => measure(peer, effort));
    const situation = `${effort.connections} connections`;
    return [...results].map(([subject, numbers]) => ({ situation, subject, rounds: numbers }));
  },
};
