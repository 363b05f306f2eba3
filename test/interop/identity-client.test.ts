// Client certificates and application protocols of clients of ours, also of resumed connections.
import test from 'ava';
import { makeCertificate } from '../../src/testing/index.ts';
import { cells, credentials, expected, nameOf } from './cells.ts';
import { clientExceptions } from './client-cells.ts';
import { visit } from './own-client.ts';
import { serverPeers } from './peers/servers.ts';

const authority = makeCertificate({ isCa: true, commonName: 'Interop clients', altNames: [] });
const alice = makeCertificate({ issuer: authority, client: true, commonName: 'alice', altNames: [] });
const alpn = 'http/1.1';

for (const peer of serverPeers) {
  for (const cell of cells) {
    test(`${peer.name}, ${nameOf(cell)}`, async (t) => {
      const { protocol } = cell;
      const options = { ...cell, credentials: credentials(), clientCa: authority.cert, alpn: ['h2', alpn] };
      const server = await peer.start(options);
      t.teardown(() => server.stop());
      const client = { ...alice, ALPNProtocols: [alpn] };
      const first = await visit(server, protocol, client);
      const second = await visit(server, protocol, { ...client, session: first.session });
      const isResumed = expected(peer.name, cell, clientExceptions) !== 'not resumed';
      t.deepEqual(
        [first, second].map(({ sight: { resumption: _, ...sight } }) => sight),
        [false, isResumed].map((resumed) => ({ resumed, protocol, alpn, subject: 'CN=localhost', authorized: true })),
      );
      t.deepEqual(
        await server.sights([first.answer, second.answer]),
        [false, isResumed].map((resumed) => ({ resumed, protocol, alpn, subject: 'CN=alice' })),
      );
    });
  }
}
