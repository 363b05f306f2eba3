import test from 'ava';
import { MemorySessionStore } from '../../src/index.ts';
import { protocols } from '../helpers/classes.ts';
import { fail, listen, visit } from './servers.ts';

for (const protocol of protocols) {
  test(`a session of one server resumes on another, ${protocol}`, async (t) => {
    const sessionStore = new MemorySessionStore();
    const one = await listen(t, { sessionStore });
    const two = await listen(t, { sessionStore });
    const first = await visit(one, protocol);
    t.false(first.reused);
    t.is(sessionStore.size, protocol === 'TLSv1.3' ? 2 : 1);
    const second = await visit(two, protocol, first.session);
    t.true(second.reused);
    t.is(one.server.context.stats.number + two.server.context.stats.number, 0, 'no internal cache');
    t.like(two.server.sessionStore?.statistics, { lookups: 1, hits: 1, foreign: 0 });
  });

  test(`revoked by label on one, it resumes on neither, ${protocol}`, async (t) => {
    const sessionStore = new MemorySessionStore();
    const labelled = async (label: string) =>
      listen(t, { sessionStore }, (socket) => {
        socket.labelSession(label).then(() => socket.end('hello\n'), fail(t));
      });
    const one = await labelled('alice');
    const two = await labelled('bob');
    const alice = await visit(one, protocol);
    const bob = await visit(two, protocol);
    const count = await two.server.sessionStore?.revoke({ label: 'alice' });
    t.is(count, protocol === 'TLSv1.3' ? 2 : 1);
    for (const server of [one, two]) t.false((await visit(server, protocol, alice.session)).reused);
    t.true((await visit(one, protocol, bob.session)).reused);
  });
}
