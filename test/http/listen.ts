// Servers of tests.
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';

interface Listening {
  listen(port: number, host: string): unknown;
  address(): unknown;
  close(): unknown;
  on(event: 'listening' | 'close', listener: () => void): unknown;
}

/** Lets a server listen, to the end of the test, and gives its port. */
export async function portOf(t: ExecutionContext, server: Listening & NodeJS.EventEmitter): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null || !('port' in address)) throw new Error('no port');
  return Number(address.port);
}
