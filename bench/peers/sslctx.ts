// This package.
import { createServer } from '../../src/index.ts';
import { ciphers, groups, serverArguments } from './arguments.ts';
import { control } from './control.ts';
import { serveHandshake, serveStream } from './service.ts';
import { fillCache } from './sessions.ts';

const { cert, key, version, tickets, serve, preload } = serverArguments();
const server = createServer(
  {
    cert,
    key,
    ciphers,
    ecdhCurve: groups,
    minVersion: version,
    maxVersion: version,
    tickets,
    sessionCache: preload > 0 ? { size: 0 } : {},
  },
  serve === 'handshakes' ? serveHandshake : serveStream,
);
fillCache(server.context, preload);
server.on('tlsClientError', () => {});
server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') control(address.port);
});
