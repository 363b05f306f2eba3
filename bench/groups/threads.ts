// Several threads on one cache: what one more costs.
import type { Effort, Group, Row } from '../harness/rows.ts';
import { handshakeColumns, measureHandshakes, type Situation } from './situations.ts';

const situations: readonly Situation[] = [
  { title: '1.2 resumed, id', tls: '1.2', tickets: 'stateful', key: 'ecdsa', resume: 'id' },
  { title: '1.3 resumed, stateful', tls: '1.3', tickets: 'stateful', key: 'ecdsa', resume: 'rotating' },
];

export const threads: Group = {
  name: 'threads',
  title: 'Threads on one cache',
  note:
    'As the handshakes, by a server without threads of its own and by one whose threads accept on one port and share one ' +
    'SSL_CTX. CPU is that of all threads. They run on the one core that the server has: what threads cost, not what they gain.',
  columns: handshakeColumns,
  async run(effort: Effort): Promise<Row[]> {
    if (!effort.peers.includes('sslctx')) return [];
    const counts = effort.isQuick ? [0, 1, 4] : [0, 1, 2, 4];
    const subjects = counts.map((count) => ({
      name: count === 0 ? 'no threads' : `${count} ${count === 1 ? 'thread' : 'threads'}`,
      peer: 'sslctx',
      preload: 0,
      threads: count,
    }));
    const rows: Row[] = [];
    for (const situation of situations) rows.push(...(await measureHandshakes(situation, subjects, effort)));
    return rows;
  },
};
