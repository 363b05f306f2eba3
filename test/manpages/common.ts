// What the tests of the man pages share.
import * as capi from '../../src/capi/index.ts';
import { type ContextPair, createSslCtxPair } from '../helpers/pair.ts';

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

export function has(ctx: capi.SSL_CTX, session: capi.SSL_SESSION): boolean {
  return capi.SSL_CTX_sessions(ctx).includes(session);
}

export function now(): number {
  return Math.floor(Date.now() / 1000);
}
