import test from 'ava';
import { createServer, SslContext } from '../../src/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from './listen.ts';

test('a context of SNICallback tells its keys too', async (t) => {
  const other = new SslContext(certificate());
  const server = createServer({ ...certificate(), SNICallback: (_name, callback) => callback(null, other) }, (socket) =>
    socket.end(),
  );
  const lines: string[] = [];
  server.on('keylog', (line) => lines.push(line.toString()));
  const port = await listenOn(t, server);
  await sClient({ port, protocol: 'TLSv1.3', servername: 'other.example', until: 'closed' });
  t.is(other.stats.acceptGood, 1);
  t.is(lines.filter((line) => line.startsWith('SERVER_TRAFFIC_SECRET_0 ')).length, 1);
});
