// Client certificates and application protocols, also of resumed connections: the identity is that of the session.
import test from 'ava';
import { makeCertificate } from '../../src/testing/index.ts';
import { cells, credentials, expected, nameOf, serverOptions } from './cells.ts';
import { answer, withServer } from './own-server.ts';
import { clientPeers } from './peers/clients.ts';
import { serverExceptions } from './server-cells.ts';

const authority = makeCertificate({ isCa: true, commonName: 'Interop clients', altNames: [] });
const alice = makeCertificate({ issuer: authority, client: true, commonName: 'alice', altNames: [] });
const alpn = 'http/1.1';

for (const peer of clientPeers) {
  for (const cell of cells) {
    test(`${peer.name}, ${nameOf(cell)}`, async (t) => {
      const { protocol } = cell;
      const options = { requestCert: true, ca: authority.cert, ALPNProtocols: ['h2', alpn] };
      await withServer({ ...serverOptions(cell), ...options }, answer, async ({ port, sights }) => {
        const client = { port, protocol, ca: credentials().cert, credentials: alice, alpn };
        const seen = await peer.connectTwice(client);
        t.deepEqual(
          seen,
          [false, true].map((resumed) => ({ resumed, protocol, alpn })),
        );
        t.deepEqual(
          sights.map(({ resumption: _, ...sight }) => sight),
          [false, true].map((resumed) => ({ resumed, protocol, alpn, subject: 'CN=alice', authorized: true })),
        );
        t.not(expected(peer.name, cell, serverExceptions), 'not resumed');
      });
    });
  }
}
