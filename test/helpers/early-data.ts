// Early data of TLS 1.3, after the early data tests of OpenSSL's test/sslapitest.c.
import * as capi from '../../src/capi/index.ts';
import { type ContextPair, createSslCtxPair, exchange } from './pair.ts';

export const message = Buffer.from('Hello');

/** A server that takes 16384 bytes of early data, and a session of its client that can send them. */
export function setupEarlyData(options = 0): ContextPair & { session: capi.SSL_SESSION } {
  const pair = createSslCtxPair(capi.TLS1_VERSION, 0);
  capi.SSL_CTX_set_options(pair.sctx, options);
  capi.SSL_CTX_set_max_early_data(pair.sctx, 16_384);
  return { ...pair, session: exchange(pair).session };
}

/** One SSL_read_early_data. */
export function readEarlyData(ssl: capi.SSL): { status: number; text: string } {
  const buffer = Buffer.alloc(20);
  const { status, bytesRead } = capi.SSL_read_early_data(ssl, buffer);
  return { status, text: buffer.toString('utf8', 0, bytesRead) };
}
