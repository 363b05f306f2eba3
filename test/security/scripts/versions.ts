// Child of environment.test.ts: the lowest and the highest version of some contexts, 0 for no limit.
import * as capi from '../../../src/capi/index.ts';
import { contextHandle } from '../../../src/context.ts';
import { SslContext, type SslContextOptions } from '../../../src/index.ts';

const all: SslContextOptions[] = [{}, { minVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }];
const limits = all.map((options) => {
  const ctx = contextHandle(new SslContext(options));
  return [capi.SSL_CTX_get_min_proto_version(ctx), capi.SSL_CTX_get_max_proto_version(ctx)];
});
console.log(JSON.stringify(limits));
