// A client of ours resumes with real servers, by every mechanism; both ends say so.
import test from 'ava';
import { cells, expected, nameOf } from './cells.ts';
import { clientExceptions, runClientCell } from './client-cells.ts';
import { serverPeers } from './peers/servers.ts';

for (const peer of serverPeers) {
  for (const cell of cells) {
    const outcome = expected(peer.name, cell, clientExceptions);
    test(`${peer.name}, ${nameOf(cell)}: ${outcome}`, async (t) => {
      t.is(await runClientCell(peer, cell), outcome);
    });
  }
}
