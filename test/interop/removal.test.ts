// A session that the server has removed is not resumed, whoever asks; a stateless ticket does not depend on the cache.
import test from 'ava';
import type { SslServer, SslSocket } from '../../src/index.ts';
import { cells, credentials, expected, nameOf, serverOptions } from './cells.ts';
import { answer, withServer } from './own-server.ts';
import { clientPeers } from './peers/clients.ts';
import { serverExceptions } from './server-cells.ts';

const later = Math.floor(Date.now() / 1000) + 1_000_000;

/** Each returns whether it has done something. */
const removals: Readonly<Record<string, (server: SslServer, socket: SslSocket) => boolean>> = {
  removeSession: ({ context }, socket) => {
    const session = socket.getSession();
    return session !== undefined && context.removeSession(session);
  },
  clearSessions: ({ context }) => context.clearSessions() > 0,
  flushSessions: ({ context }) => context.flushSessions(later) > 0,
};

for (const peer of clientPeers) {
  for (const cell of cells) {
    for (const [name, remove] of Object.entries(removals)) {
      // What counts is how the session is really kept.
      const isStateless = expected(peer.name, cell, serverExceptions) === 'stateless ticket';
      const outcome = isStateless ? 'resumed all the same' : 'not resumed';
      test(`${name}: ${peer.name}, ${nameOf(cell)}, ${outcome}`, async (t) => {
        const { protocol } = cell;
        const removed: boolean[] = [];
        const serve = (socket: SslSocket, server: SslServer): void => {
          // On the first connection only, and before the client can begin the second.
          if (removed.length === 0) removed.push(remove(server, socket));
          answer(socket);
        };
        await withServer({ ...serverOptions(cell), numTickets: 1 }, serve, async ({ port, sights }) => {
          const seen = await peer.connectTwice({ port, protocol, ca: credentials().cert });
          t.deepEqual(removed, [!isStateless]);
          t.deepEqual(
            seen.map(({ resumed }) => resumed),
            [false, isStateless],
          );
          t.deepEqual(
            sights.map(({ resumed }) => resumed),
            [false, isStateless],
          );
          const reason = name === 'removeSession' ? 'removed' : 'not-found';
          t.is(sights[1]?.resumption.reason, isStateless ? undefined : reason);
        });
      });
    }
  }
}
