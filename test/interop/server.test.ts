// Real clients resume with a server of ours, by every mechanism; both ends say so.
import test from 'ava';
import { cells, expected, nameOf } from './cells.ts';
import { clientPeers } from './peers/clients.ts';
import { runServerCell, serverExceptions } from './server-cells.ts';

for (const peer of clientPeers) {
  for (const cell of cells) {
    const outcome = expected(peer.name, cell, serverExceptions);
    test(`${peer.name}, ${nameOf(cell)}: ${outcome}`, async (t) => {
      t.is(await runServerCell(peer, cell), outcome);
    });
  }
}
