// Threads that are terminated while they serve. Alone in its process, whose objects and descriptors are counted.
import test from 'ava';
import { SLOWER } from '../helpers/limits.ts';
import { terminateThreads } from '../soak/termination.ts';

const library = new URL('../../src/index.ts', import.meta.url);

for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
  test.serial(`threads that are terminated take no session with them, and leave nothing, ${protocol}`, async (t) => {
    t.timeout(120_000 * SLOWER);
    const result = await terminateThreads({ count: 6, library, protocol, threads: 2 });
    t.deepEqual(result.unexplained, [], 'failures of threads that live');
    t.deepEqual(result.refused, [], 'sessions that are lost');
    t.deepEqual(result.after, result.before);
    t.is(result.terminated, 6);
    t.true(result.resumedOfGone > 0 && result.interrupted.transfer + result.interrupted.handshake > 0);
  });
}
