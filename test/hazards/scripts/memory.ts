// Makes many objects in one synchronous loop and says by how much the process has grown.
import * as capi from '../../../src/capi/index.ts';
import { makeSession } from '../../helpers/session.ts';

const session = makeSession({ id: 1 });
const der = capi.i2d_SSL_SESSION(session) ?? Buffer.of();
const ctx = capi.SSL_CTX_new(capi.TLS_method());

interface Loop {
  make: () => unknown;
  count: number;
  /** MiB. All of them together would take at least twice as much. */
  limit: number;
}

const loops: Record<string, Loop> = {
  SSL_SESSION_new: { make: () => capi.SSL_SESSION_new(), count: 1_000_000, limit: 450 },
  SSL_SESSION_dup: { make: () => capi.SSL_SESSION_dup(session), count: 1_000_000, limit: 450 },
  d2i_SSL_SESSION: { make: () => capi.d2i_SSL_SESSION(der), count: 1_000_000, limit: 450 },
  SSL_CTX_new: { make: () => capi.SSL_CTX_new(capi.TLS_method()), count: 20_000, limit: 200 },
  SSL_new: { make: () => capi.SSL_new(ctx), count: 100_000, limit: 200 },
  BIO_new: { make: () => capi.BIO_new(capi.BIO_s_mem()), count: 1_000_000, limit: 200 },
};

const loop = loops[process.argv[2] ?? ''];
if (loop === undefined) throw new Error('which?');
for (let i = 0; i < 1000; i++) loop.make();
const before = process.memoryUsage.rss();
let most = before;
for (let i = 0; i < loop.count; i++) {
  loop.make();
  if (i % 1000 === 0) most = Math.max(most, process.memoryUsage.rss());
}
console.log(JSON.stringify({ grownBy: Math.round((most - before) / 2 ** 20), limit: loop.limit }));
