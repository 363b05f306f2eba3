// Shared by the hazard tests and the scripts they run in child processes.
import * as capi from '../../src/capi/index.ts';
import {
  type ContextPair,
  createSslConnection,
  createSslCtxPair,
  createSslObjects,
  type SslPair,
} from '../helpers/pair.ts';

/** Behaviour that differs by TLS version is shown for both. */
export const VERSIONS: readonly { name: string; version: number }[] = [
  { name: 'TLS 1.2', version: capi.TLS1_2_VERSION },
  { name: 'TLS 1.3', version: capi.TLS1_3_VERSION },
];

/** Contexts of one protocol version whose server keeps sessions in its cache instead of in tickets. */
export function statefulPair(version: number): ContextPair {
  const pair = createSslCtxPair(version, version);
  capi.SSL_CTX_set_options(pair.sctx, capi.SSL_OP_NO_TICKET);
  capi.SSL_CTX_set_session_id_context(pair.sctx, Buffer.from('hazards'));
  return pair;
}

/** A connection whose handshake is done. */
export function connected({ sctx, cctx }: ContextPair): SslPair {
  const pair = createSslObjects(sctx, cctx);
  if (!createSslConnection(pair)) throw new Error('handshake failed');
  return pair;
}

/** A client that offers `session`, and its server, before the handshake. */
export function offering({ sctx, cctx }: ContextPair, session: capi.SSL_SESSION): SslPair {
  const pair = createSslObjects(sctx, cctx);
  if (capi.SSL_set_session(pair.client, session) !== 1) throw new Error('SSL_set_session failed');
  return pair;
}

/** What `run` throws; fails when it does not. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** The `code` of what `run` throws. */
export function codeOf(run: () => unknown): unknown {
  const error = thrownBy(run);
  return error instanceof Error && 'code' in error ? error.code : error;
}

export function idOf(session: capi.SSL_SESSION): string {
  return capi.SSL_SESSION_get_id(session).toString('hex');
}
