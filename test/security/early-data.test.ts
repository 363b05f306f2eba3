// Early data that an attacker has recorded, sent again.
import test, { type ExecutionContext } from 'ava';
import { createServer } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';

/** A store that gives a session as often as it is asked. */
async function serveEarly(t: ExecutionContext, antiReplay: boolean): Promise<number> {
  const kept = new Map<string, Buffer>();
  const server = createServer({ ...certificate(), maxEarlyData: 1000, antiReplay, tickets: 'stateful' }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end());
  });
  server.on('newSession', (id, der) => kept.set(id.toString('hex'), der));
  server.on('resumeSession', (id, callback) => callback(null, kept.get(id.toString('hex'))));
  return await listenOn(t, server);
}

for (const antiReplay of [true, false]) {
  const told = antiReplay ? 'once' : 'as often as it comes, with antiReplay: false';
  test(`early data is taken ${told}, where resumeSession would have its session for ever`, async (t) => {
    const port = await serveEarly(t, antiReplay);
    const { session: sessionIn } = await sClient({ port, send: 'x', until: 'closed' });
    const taken: boolean[] = [];
    for (let count = 0; count < 3; count++) {
      const early = { earlyData: Buffer.from('early'), send: 'late' };
      const result = await sClient({ port, sessionIn, ...early, until: 'closed', waitForTickets: 0 });
      taken.push(result.earlyData === 'accepted');
    }
    t.deepEqual(taken, [true, !antiReplay, !antiReplay]);
  });
}
