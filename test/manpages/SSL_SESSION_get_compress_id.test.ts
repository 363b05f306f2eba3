// SSL_SESSION_get_compress_id(3).
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { exchange } from '../helpers/pair.ts';
import { protocols, statefulPair } from './common.ts';

test.afterEach(leavesNoErrors);

for (const { name, version } of protocols) {
  test.serial(`${name}: 0: no compression was negotiated, which no current version of TLS does`, (t) => {
    const pair = statefulPair(version);
    capi.SSL_CTX_clear_options(pair.sctx, capi.SSL_OP_NO_COMPRESSION);
    capi.SSL_CTX_clear_options(pair.cctx, capi.SSL_OP_NO_COMPRESSION);
    const { session } = exchange(pair);
    for (const one of [session, ...capi.SSL_CTX_sessions(pair.sctx)]) t.is(capi.SSL_SESSION_get_compress_id(one), 0);
  });
}
