// Runs all cells and writes docs/interop.md: `node scripts/run.mjs test/interop/matrix.ts`
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { openssl } from '../../src/index.ts';
import { clientMatrix, observeAll, serverMatrix } from './matrices.ts';
import { clientPeers } from './peers/clients.ts';
import { serverPeers } from './peers/servers.ts';
import { render } from './table.ts';

const { server, client } = await observeAll();
const tables = [
  { expected: render(serverMatrix), observed: render(server) },
  { expected: render(clientMatrix), observed: render(client) },
];
const isAsExpected = tables.every(({ expected, observed }) => observed === expected);

if (isAsExpected) {
  const file = new URL('../../docs/interop.md', import.meta.url);
  writeFileSync(file, await page(tables.map(({ observed }) => observed)));
  console.log('docs/interop.md is written');
} else {
  for (const { expected, observed } of tables) console.error(`expected:\n${expected}\n\nobserved:\n${observed}\n`);
  process.exitCode = 1;
}

async function page([ofServer, ofClient]: string[]): Promise<string> {
  const versions = new Set(await Promise.all([...clientPeers, ...serverPeers].map((peer) => peer.version())));
  return `# Interoperability

\`test/interop\` connects servers and clients of sslctx with programs of others, twice each. Here is what the second
connection does; both ends must say the same of it, and \`npm test\` fails when a cell is not as it stands here. This file is
written by \`node scripts/run.mjs test/interop/matrix.ts\`.

On ${system()}, sslctx on ${openssl.version}: ${[...versions].join('; ')}.

The columns are all combinations there are. TLS 1.3 has no session IDs: what it has instead is a stateful ticket, which
holds the ID of a session in the server's cache. OpenSSL has no stateful tickets in TLS 1.2, where session IDs do the same.

## Servers of sslctx

${ofServer}

## Clients of sslctx

${ofClient}

## What else is tested

With each of these programs, in each combination:

- client certificates and ALPN, on the first connection and on the resumed one: the identity is that of the session;
- \`removeSession\`, \`clearSessions\` and \`flushSessions\` on a server: the next connection is not resumed, and the server's
  \`socket.resumption\` says why. Stateless tickets are resumed all the same: nothing of them is in the cache;
- the same on a client, which then offers nothing; and servers that do not know the session that a client offers.

And in both protocol versions 64 MiB in each direction, compared by SHA-256: at once with s_client, s_server, gnutls-cli,
gnutls-serv and node:tls, one after the other with the rest.
`;
}

function system(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^PRETTY_NAME="(.*)"$/m.exec(release)?.[1] ?? process.platform;
}
