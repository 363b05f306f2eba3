// Whether a large cache makes resumption dearer than it is in C.
import type { Effort, Group, Row } from '../harness/rows.ts';
import { handshakeColumns, measureHandshakes, type Situation } from './situations.ts';

const situation: Situation = {
  title: '1.2 resumed, id',
  tls: '1.2',
  tickets: 'stateful',
  key: 'ecdsa',
  resume: 'id',
};

export const growth: Group = {
  name: 'growth',
  title: 'Resumption from a large cache',
  note: 'The same session again and again, in a cache of so many.',
  columns: handshakeColumns,
  async run(effort: Effort): Promise<Row[]> {
    // Filling the caches takes longer than all the rest of a quick run.
    if (effort.isQuick) return [];
    const subjects = ['C', 'sslctx']
      .filter((peer) => effort.peers.includes(peer))
      .flatMap((peer) => [
        { name: `${peer}, 1k`, peer, preload: 1000 },
        { name: `${peer}, 1M`, peer, preload: 1_000_000 },
      ]);
    return measureHandshakes(situation, subjects, effort);
  },
};
