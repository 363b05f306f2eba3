// A server with a store, and one handshake of each kind: full, resumed, and failed.
import type { ExecutionContext } from 'ava';
import promClient, { type Registry } from 'prom-client';
import { createServer, MemorySessionStore, type SslServer } from '../../src/index.ts';
import { collectMetrics, type MetricsOptions } from '../../src/metrics/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';

/** The registry has metrics of the server, as `web`, and of the `others`. */
export async function threeVisits(
  t: ExecutionContext,
  others: MetricsOptions['contexts'] = {},
): Promise<{ registry: Registry; server: SslServer }> {
  const registry = new promClient.Registry();
  const server = createServer(
    { ...certificate(), sessionIdContext: 'test', sessionStore: new MemorySessionStore() },
    (socket) => socket.end('hello\n'),
  );
  server.on('tlsClientError', () => {});
  const metrics = collectMetrics(registry, { contexts: { web: server, ...others } });
  t.teardown(() => metrics.close());
  const port = await listenOn(t, server);
  const visit = { port, protocol: 'TLSv1.2', until: 'closed' } as const;
  const { session } = await sClient(visit);
  await server.sessionStore?.flush();
  await sClient({ ...visit, sessionIn: session });
  await sClient({ port, protocol: 'TLSv1.2', ciphers: 'ADH-AES128-SHA256:@SECLEVEL=0' });
  return { registry, server };
}
