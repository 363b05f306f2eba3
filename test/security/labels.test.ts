// Sessions that hide from a revocation.
import test from 'ava';
import { createServer, MemorySessionStore, type SslServer } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';

for (const internalCache of [false, true]) {
  const where = internalCache ? 'the internal cache' : 'the store';
  test(`a ticket that came of a labelled session in ${where} has its label`, async (t) => {
    const sessionStore = new MemorySessionStore();
    const mode = internalCache ? ({ sessionCache: { mode: ['server'] } } as const) : {};
    let isFirst = true;
    const make = async (): Promise<{ server: SslServer; port: number }> => {
      const server = createServer({ ...certificate(), sessionStore, sessionIdContext: 'shop', ...mode }, (socket) => {
        const labelled = isFirst ? socket.labelSession('mallory') : Promise.resolve();
        isFirst = false;
        labelled.then(() => socket.end(), t.fail);
      });
      return { server, port: await listenOn(t, server) };
    };
    const [one, two] = [await make(), await make()];
    let { session } = await sClient({ port: one.port, until: 'closed' });
    // The second server has its sessions from the store, and from then on itself.
    for (const { server, port } of [one, one, two, two]) {
      const next = await sClient({ port, sessionIn: session, until: 'closed', waitForTickets: 1 });
      t.true(next.reused);
      session = next.session;
      await server.sessionStore?.flush();
    }
    await one.server.sessionStore?.revoke({ label: 'mallory' });
    for (const { port } of [one, two]) t.false((await sClient({ port, sessionIn: session, until: 'closed' })).reused);
  });
}
