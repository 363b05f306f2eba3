// Run by assertions.test.ts with node:test: one test that passes, one that fails, with real connections.
import { after, before, describe, it } from 'node:test';
import { assertNotResumed, assertResumed, type SServer, sClient, sServer } from '../../../src/testing/index.ts';

describe('resumption', () => {
  let server: SServer;
  before(async () => {
    server = await sServer({ protocol: 'TLSv1.3', noTicket: true });
  });
  after(() => server.close());

  it('passes', async () => {
    const first = await sClient({ port: server.port });
    assertNotResumed(first);
    assertResumed(await sClient({ port: server.port, sessionIn: first.session }));
  });

  it('fails', async () => {
    assertResumed(await sClient({ port: server.port }), 'without a session');
  });
});
