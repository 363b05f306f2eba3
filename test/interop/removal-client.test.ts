// Sessions that a client of ours has removed are not offered; those that a server does not know are refused.
import test from 'ava';
import { SslContext, type SslSession } from '../../src/index.ts';
import { cells, credentials, expected, nameOf } from './cells.ts';
import { clientExceptions } from './client-cells.ts';
import { contextOptions, visit } from './own-client.ts';
import { serverPeers } from './peers/servers.ts';

const later = Math.floor(Date.now() / 1000) + 1_000_000;

/** Each returns whether it has done something. */
const removals: Readonly<Record<string, (context: SslContext, session: SslSession) => boolean>> = {
  removeSession: (context, session) => context.removeSession(session),
  clearSessions: (context) => context.clearSessions() > 0,
  flushSessions: (context) => context.flushSessions(later) > 0,
};

for (const peer of serverPeers) {
  for (const cell of cells.filter((each) => expected(peer.name, each, clientExceptions) !== 'not resumed')) {
    const { protocol } = cell;

    test(`removed by the client: ${peer.name}, ${nameOf(cell)}`, async (t) => {
      const server = await peer.start({ ...cell, credentials: credentials() });
      t.teardown(() => server.stop());
      const answers: string[] = [];
      for (const [name, remove] of Object.entries(removals)) {
        const context = new SslContext({ ...contextOptions(protocol), sessionCache: { mode: ['client'] } });
        const { session, ...first } = await visit(server, protocol, { context });
        t.true(session?.isResumable, name);
        if (session === undefined) return;
        t.true(remove(context, session), name);
        t.false(session.isResumable, name);
        const second = await visit(server, protocol, { context, session });
        t.deepEqual(second.sight.resumption, { offered: false, accepted: false }, name);
        answers.push(first.answer, second.answer);
      }
      t.true((await server.sights(answers)).every(({ resumed }) => !resumed));
    });

    test(`unknown to the server: ${peer.name}, ${nameOf(cell)}`, async (t) => {
      const one = await peer.start({ ...cell, credentials: credentials() });
      t.teardown(() => one.stop());
      const { session } = await visit(one, protocol);
      const other = await peer.start({ ...cell, credentials: credentials() });
      t.teardown(() => other.stop());
      const { sight, answer } = await visit(other, protocol, { session });
      t.false(sight.resumed);
      t.true(sight.resumption.offered);
      t.is(sight.resumption.reason, 'refused-by-server');
      t.deepEqual(
        (await other.sights([answer])).map(({ resumed }) => resumed),
        [false],
      );
    });
  }
}
