// What the tests of the man pages share.
import * as capi from '../../src/capi/index.ts';
import {
  type ContextPair,
  createSslConnection,
  createSslCtxPair,
  createSslObjects,
  type SslPair,
} from '../helpers/pair.ts';

/** OpenSSL 3.5 and newer, as far as it behaves differently. */
export const isAtLeast35 = capi.OpenSSL_version_num() >= 0x30500000;

export const protocols = [
  { name: 'TLS 1.2', version: capi.TLS1_2_VERSION, isTls13: false },
  { name: 'TLS 1.3', version: capi.TLS1_3_VERSION, isTls13: true },
] as const;

/** How many sessions one full handshake leaves in a stateful server's cache: one, or one for each TLS 1.3 ticket. */
export function sessionsOf(version: number): number {
  return version === capi.TLS1_3_VERSION ? 2 : 1;
}

/** Contexts whose server keeps its sessions in the cache: by ID in TLS 1.2, as stateful tickets in TLS 1.3. */
export function statefulPair(version: number): ContextPair {
  const pair = createSslCtxPair(version, version);
  capi.SSL_CTX_set_options(pair.sctx, capi.SSL_OP_NO_TICKET);
  return pair;
}

/** Two ends of a connection whose handshakes are done, to look at before shutdownSslConnection. Throws when one fails. */
export function connect({ sctx, cctx }: ContextPair, session: capi.SSL_SESSION | null = null): SslPair {
  const ssls = createSslObjects(sctx, cctx);
  if (session !== null) capi.SSL_set_session(ssls.client, session);
  if (!createSslConnection(ssls)) throw new Error(`handshake failed: ${capi.ERR_error_string(capi.ERR_get_error())}`);
  return ssls;
}

/** The handshake alone: in TLS 1.3 the client has not read its tickets. */
export function handshake({ server, client }: SslPair): void {
  for (let turn = 0; turn < 3; turn++) for (const ssl of [client, server]) capi.SSL_do_handshake(ssl);
}

/** A context that has made no handshake. */
export function emptyContext(): capi.SSL_CTX {
  return capi.SSL_CTX_new(capi.TLS_method());
}

/** Records the arguments of remove callbacks. */
export function recordRemovals(ctx: capi.SSL_CTX): capi.SSL_SESSION[] {
  const removed: capi.SSL_SESSION[] = [];
  capi.SSL_CTX_sess_set_remove_cb(ctx, (_ctx, session) => void removed.push(session));
  return removed;
}

/** An external cache in memory, which knows the sessions by ID; `asked` counts the lookups. */
export function externalCache(ctx: capi.SSL_CTX): { sessions: Map<string, Buffer>; asked: string[] } {
  const cache = { sessions: new Map<string, Buffer>(), asked: [] as string[] };
  capi.SSL_CTX_sess_set_new_cb(ctx, (_ssl, session) => {
    const der = capi.i2d_SSL_SESSION(session);
    if (der !== null) cache.sessions.set(capi.SSL_SESSION_get_id(session).toString('hex'), der);
  });
  capi.SSL_CTX_sess_set_get_cb(ctx, (_ssl, id) => {
    cache.asked.push(id.toString('hex'));
    const der = cache.sessions.get(id.toString('hex'));
    return der === undefined ? null : capi.d2i_SSL_SESSION(der);
  });
  return cache;
}

export function has(ctx: capi.SSL_CTX, session: capi.SSL_SESSION): boolean {
  return capi.SSL_CTX_sessions(ctx).includes(session);
}

export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** Counts the calls of the new callback. */
export function countNew(ctx: capi.SSL_CTX): { calls: number } {
  const count = { calls: 0 };
  capi.SSL_CTX_sess_set_new_cb(ctx, () => void count.calls++);
  return count;
}
