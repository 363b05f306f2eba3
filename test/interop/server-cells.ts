// Clients against a server of ours: what happens in a cell, and what is expected.
import { type Cell, credentials, type Exception, type Outcome, serverOptions } from './cells.ts';
import { answer, withServer } from './own-server.ts';
import type { ClientPeer } from './peers/types.ts';
import { mechanismOf } from './socket.ts';

export const serverExceptions: readonly Exception[] = [
  {
    peer: 'curl',
    cell: { protocol: 'TLSv1.2', mechanism: 'stateless ticket' },
    outcome: 'session ID',
    reason: 'libcurl asks for no tickets in TLS 1.2 (`SSL_OP_NO_TICKET`); the session is resumed by its ID instead',
  },
];

/** Two connections, about which both sides must agree. */
export async function runServerCell(peer: ClientPeer, cell: Cell): Promise<Outcome> {
  const { protocol } = cell;
  return withServer(serverOptions(cell), answer, async ({ port, sights }) => {
    const seen = await peer.connectTwice({ port, protocol, ca: credentials().cert });
    const [first, second] = sights;
    const isAgreed =
      sights.length === 2 &&
      seen.every(({ resumed }, index) => resumed === sights[index]?.resumed) &&
      [...seen, ...sights].every((sight) => sight.protocol === protocol);
    if (first === undefined || second === undefined || first.resumed || !isAgreed) {
      throw new Error(`the server saw ${JSON.stringify(sights)}, ${peer.name} ${JSON.stringify(seen)}`);
    }
    return second.resumed ? (mechanismOf(second) ?? 'not resumed') : 'not resumed';
  });
}
