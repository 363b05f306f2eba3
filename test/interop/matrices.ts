// Both matrices: what is expected, and what happens.
import { type Cell, cells, expected, nameOf, type Outcome } from './cells.ts';
import { clientExceptions, runClientCell } from './client-cells.ts';
import { clientPeers } from './peers/clients.ts';
import { serverPeers } from './peers/servers.ts';
import { runServerCell, serverExceptions } from './server-cells.ts';
import type { Matrix } from './table.ts';

export const serverMatrix: Matrix = {
  head: 'client',
  peers: clientPeers,
  exceptions: serverExceptions,
  outcome: (peer, cell) => expected(peer, cell, serverExceptions),
};

export const clientMatrix: Matrix = {
  head: 'server',
  peers: serverPeers,
  exceptions: clientExceptions,
  outcome: (peer, cell) => expected(peer, cell, clientExceptions),
};

/** Runs every cell of a matrix, one after the other. */
async function observe<Peer extends { readonly name: string }>(
  matrix: Matrix,
  peers: readonly Peer[],
  run: (peer: Peer, cell: Cell) => Promise<Outcome>,
): Promise<Matrix> {
  const outcomes = new Map<string, Outcome>();
  const key = (peer: string, cell: Cell): string => `${peer}, ${nameOf(cell)}`;
  for (const peer of peers) {
    for (const cell of cells) outcomes.set(key(peer.name, cell), await run(peer, cell));
  }
  return { ...matrix, outcome: (peer, cell) => outcomes.get(key(peer, cell)) ?? 'not resumed' };
}

/** What happens, in the place of what is expected. */
export async function observeAll(): Promise<{ server: Matrix; client: Matrix }> {
  return {
    server: await observe(serverMatrix, clientPeers, runServerCell),
    client: await observe(clientMatrix, serverPeers, runClientCell),
  };
}
