// What the classes need of a cache and its sessions beyond the functions of C; not part of the public C layer.
import { changeHolders, contextId, type SSL_CTX, type SSL_SESSION, sessionId } from './handles.ts';
import { native, registers } from './loader.ts';

export { changeHolders };

function idsOf(sessions: readonly SSL_SESSION[]): Float64Array {
  return Float64Array.from(sessions, sessionId);
}

/**
 * SSL_CTX_add_session for many, in the order in which libssl sorts them in fastest; returns how many it was 1 for. Throws
 * before anything is added.
 */
export function addSessions(ctx: SSL_CTX, sessions: readonly SSL_SESSION[]): number {
  return native.addSessions(contextId(ctx), idsOf(sessions));
}

/**
 * The same for the bytes of i2d_SSL_SESSION. When those of index n are no session: -1 - n, with nothing added, and the
 * reason in the error queue.
 */
export function addDerSessions(ctx: SSL_CTX, ders: readonly Uint8Array[]): number {
  return native.addDerSessions(contextId(ctx), ders);
}

/** As addSessions, but nothing is added: the indexes in the order in which that would be done. */
export function planSessions(ctx: SSL_CTX, sessions: readonly SSL_SESSION[]): Uint32Array {
  return native.planSessions(contextId(ctx), idsOf(sessions));
}

/** The cached session with this ID, of the latest protocol version that has one. */
export function findSession(ctx: SSL_CTX, id: Uint8Array): SSL_SESSION | null {
  return native.findSession(contextId(ctx), id);
}

/** As findSession, without a handle. */
export function hasSession(ctx: SSL_CTX, id: Uint8Array): boolean {
  registers[0] = contextId(ctx);
  native.hasSession(id);
  return registers[0] === 1;
}
