// A client of ours against servers: what happens in a cell, and what is expected.
import { type Cell, credentials, type Exception, type Outcome } from './cells.ts';
import { visit } from './own-client.ts';
import type { ServerPeer } from './peers/types.ts';
import { mechanismOf } from './socket.ts';

export const clientExceptions: readonly Exception[] = [
  {
    peer: 'gnutls-serv',
    cell: { protocol: 'TLSv1.3', mechanism: 'stateful ticket' },
    outcome: 'not resumed',
    reason: 'in TLS 1.3 GnuTLS has stateless tickets only; told to do without (`--noticket`), it sends none',
  },
  {
    peer: 'node:tls',
    cell: { protocol: 'TLSv1.3', mechanism: 'stateful ticket' },
    outcome: 'not resumed',
    reason:
      'Node sends such tickets, but asks its `resumeSession` listeners for the session ID of the client hello, which is ' +
      'random in TLS 1.3, and not for the ticket',
  },
];

/** Two connections, about which both sides must agree. */
export async function runClientCell(peer: ServerPeer, cell: Cell): Promise<Outcome> {
  const { protocol } = cell;
  const server = await peer.start({ ...cell, credentials: credentials() });
  try {
    const first = await visit(server, protocol);
    const second = await visit(server, protocol, { session: first.session });
    const own = [first.sight, second.sight];
    const seen = await server.sights([first.answer, second.answer]);
    const isAgreed =
      seen.length === 2 &&
      seen.every(({ resumed }, index) => resumed === own[index]?.resumed) &&
      [...seen, ...own].every((sight) => sight.protocol === protocol);
    if (first.sight.resumed || !isAgreed) {
      throw new Error(`the client saw ${JSON.stringify(own)}, ${peer.name} ${JSON.stringify(seen)}`);
    }
    return second.sight.resumed ? (mechanismOf(second.sight) ?? 'not resumed') : 'not resumed';
  } finally {
    await server.stop();
  }
}
