// What a handshake costs the server.
import type { Effort, Group, Row } from '../harness/rows.ts';
import { handshakeColumns, measureHandshakes, type Situation } from './situations.ts';

const situations: readonly Situation[] = [
  { title: '1.2 resumed, id', tls: '1.2', tickets: 'stateful', key: 'ecdsa', resume: 'id' },
  { title: '1.2 resumed, ticket', tls: '1.2', tickets: 'stateless', key: 'ecdsa', resume: 'ticket' },
  { title: '1.3 resumed, stateful', tls: '1.3', tickets: 'stateful', key: 'ecdsa', resume: 'rotating' },
  { title: '1.3 resumed, stateless', tls: '1.3', tickets: 'stateless', key: 'ecdsa', resume: 'rotating' },
  { title: '1.3 resumed, kept ticket', tls: '1.3', tickets: 'stateless', key: 'ecdsa', resume: 'ticket' },
  { title: '1.3 full, RSA-2048', tls: '1.3', tickets: 'stateless', key: 'rsa', resume: 'full' },
];

// What a quick run leaves out has no goal of its own.
const quickTitles = situations.filter(({ title }) => title !== '1.3 resumed, kept ticket').map(({ title }) => title);

export const handshakes: Group = {
  name: 'handshakes',
  title: 'Handshakes',
  note:
    'One is a TCP connect, the handshake, one byte from the server, close_notify both ways, and the close; 16 at a time. ' +
    'In TLS 1.3 the client spends its newest ticket, each once, except in "kept ticket". ' +
    'node:tls has a Map behind newSession and resumeSession where sessions are by ID or stateful. ' +
    'Loads are shares of a core: where both are well under 1, others used the machine, and hs/s says nothing.',
  columns: handshakeColumns,
  async run(effort: Effort): Promise<Row[]> {
    const subjects = effort.peers.map((peer) => ({ name: peer, peer, preload: 0 }));
    const rows: Row[] = [];
    for (const situation of situations) {
      if (effort.isQuick && !quickTitles.includes(situation.title)) continue;
      rows.push(...(await measureHandshakes(situation, subjects, effort)));
    }
    return rows;
  },
};
