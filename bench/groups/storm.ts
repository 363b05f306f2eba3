// Whether a server's other work still gets its turn while clients storm it.
import { take } from '../harness/numbers.ts';
import { alternate } from '../harness/rounds.ts';
import type { Effort, Group, Row } from '../harness/rows.ts';
import { type Server, startServer } from '../peers/servers.ts';
import { handshakeColumns, load, type Situation, warmUp } from './situations.ts';

const situation: Situation = {
  title: '1.3 full, RSA-2048, 32 at a time',
  tls: '1.3',
  tickets: 'stateless',
  key: 'rsa',
  resume: 'full',
};
const subjects = ['node:tls', 'sslctx'];

export const storm: Group = {
  name: 'storm',
  title: 'Event loop in a storm of full handshakes',
  note: 'Delay of a timer of 2 ms in the server: 2.0 is an idle loop.',
  columns: [
    { name: 'delayP99', title: 'loop delay p99 ms', digits: 2, hasSpread: true },
    { name: 'delayMax', title: 'max ms', digits: 1 },
    ...handshakeColumns.filter(({ name }) => name !== 'reused'),
  ],
  async run(effort: Effort): Promise<Row[]> {
    const peers = effort.peers.filter((peer) => subjects.includes(peer));
    const certificate = effort.certificates.rsa;
    const servers = new Map<string, Server>();
    try {
      for (const peer of peers) {
        const setting = { tls: '1.3', tickets: 'stateless', certificate, serve: 'handshakes' } as const;
        const server = await startServer(peer, setting, effort);
        servers.set(peer, server);
      }
      await warmUp(servers.values(), situation, 32, effort);
      const results = await alternate(peers, effort.rounds, async (peer) => {
        const server = servers.get(peer);
        if (server === undefined) throw new Error(`${peer} has not been started`);
        await load(server, situation, 32, { ...effort, seconds: effort.leadIn });
        await server.program.ask('reset');
        const handshakes = await load(server, situation, 32, effort);
        const delay = await server.program.ask('report');
        return { ...handshakes, delayP99: take(delay, 'p99'), delayMax: take(delay, 'max') };
      });
      return [...results].map(([subject, rounds]) => ({ situation: situation.title, subject, rounds }));
    } finally {
      await Promise.all([...servers.values()].map(({ program }) => program.stop()));
    }
  },
};
