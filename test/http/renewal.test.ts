// A TLS 1.2 server may give a new ticket for the one that it has resumed, which libssl does not put into its client cache.
import { randomBytes } from 'node:crypto';
import { rmSync, symlinkSync } from 'node:fs';
import test from 'ava';
import { SslContext } from '../../src/index.ts';
import { TemporaryFiles } from '../../src/testing/cleanup.ts';
import { certificate } from '../helpers/classes.ts';
import { nginxPeer } from '../interop/peers/nginx.ts';
import { agentFor, ask } from './clients.ts';

test('a renewed TLS 1.2 ticket takes the place of the old one', async (t) => {
  const files = new TemporaryFiles();
  t.teardown(() => files.remove());
  const [old, current] = [files.write('old', randomBytes(48)), files.write('current', randomBytes(48))];
  const path = files.path('socket');
  const context = new SslContext({ ca: certificate().cert, sessionCache: { mode: ['client'] } });
  const agent = agentFor(t, { ca: undefined, context });

  /** Asks an nginx that encrypts tickets with the first key, and opens those of all. */
  const askWith = async (...keys: string[]): Promise<boolean> => {
    const server = await nginxPeer.start({
      protocol: 'TLSv1.2',
      mechanism: 'stateless ticket',
      credentials: certificate(),
      directives: keys.map((key) => `ssl_session_ticket_key ${key};`).join(' '),
    });
    t.teardown(() => server.stop());
    if (!('path' in server.address)) throw new Error('nginx listens on a Unix socket');
    rmSync(path, { force: true });
    symlinkSync(server.address.path, path);
    const { resumption, text } = await ask(agent, { socketPath: path, servername: 'localhost' });
    t.is(resumption.accepted, text.startsWith('saw r '));
    return resumption.accepted;
  };

  t.false(await askWith(old));
  t.true(await askWith(current, old));
  t.is(context.stats.number, 1);
  t.true(await askWith(current));
  t.true(await askWith(current));
});
