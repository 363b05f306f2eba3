// The session cache of a context.
import { contextId, type SSL_CTX, type SSL_SESSION, sessionId } from './handles.ts';
import { native, registers } from './loader.ts';

/**
 * Puts the session into the cache, which takes a reference: 1 when it is new or replaces another object with the same
 * ID, 0 when this very object is there already. Evicted sessions go to the remove callback before this returns.
 * SSL_CTX_add_session(3).
 * @throws ERR_SSLCTX_SESSION_FOREIGN when it belongs to another context, ERR_SSLCTX_SESSION_INCOMPLETE without
 * protocol version, cipher, master key or ID.
 */
export function SSL_CTX_add_session(ctx: SSL_CTX, session: SSL_SESSION): number {
  registers[0] = contextId(ctx);
  registers[1] = sessionId(session);
  native.SSL_CTX_add_session();
  return registers[0];
}

/**
 * Takes the session with this version and ID out of the cache: 1, or 0 when there is none. Marks the *argument* as not
 * resumable and calls the remove callback with it, both also when nothing was found. SSL_CTX_remove_session(3).
 */
export function SSL_CTX_remove_session(ctx: SSL_CTX, session: SSL_SESSION | null): number {
  registers[0] = contextId(ctx);
  registers[1] = session === null ? 0 : sessionId(session);
  native.SSL_CTX_remove_session();
  return registers[0];
}

/** The names of SSL_CTX_add_session and SSL_CTX_remove_session in old programs, which OpenSSL's headers no longer have. */
export { SSL_CTX_add_session as SSL_add_session, SSL_CTX_remove_session as SSL_remove_session };

/**
 * Sets the SSL_SESS_CACHE_* bits, default SSL_SESS_CACHE_SERVER; returns the previous ones.
 * SSL_CTX_set_session_cache_mode(3).
 */
export function SSL_CTX_set_session_cache_mode(ctx: SSL_CTX, mode: number): number {
  return native.SSL_CTX_set_session_cache_mode(contextId(ctx), mode);
}

/** The SSL_SESS_CACHE_* bits. SSL_CTX_get_session_cache_mode(3). */
export function SSL_CTX_get_session_cache_mode(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_get_session_cache_mode();
  return registers[0];
}

/**
 * Sessions before one is evicted, default 20480, 0 for no limit; returns the previous size. libssl keeps one less than
 * this. SSL_CTX_sess_set_cache_size(3).
 */
export function SSL_CTX_sess_set_cache_size(ctx: SSL_CTX, size: number): number {
  return native.SSL_CTX_sess_set_cache_size(contextId(ctx), size);
}

/** SSL_CTX_sess_get_cache_size(3). */
export function SSL_CTX_sess_get_cache_size(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_get_cache_size();
  return registers[0];
}

/**
 * Lifetime of new sessions in seconds, 0 to 2147483647, default 7200; returns the previous one.
 * SSL_CTX_set_timeout(3).
 */
export function SSL_CTX_set_timeout(ctx: SSL_CTX, timeout: number): number {
  return native.SSL_CTX_set_timeout(contextId(ctx), timeout);
}

/** SSL_CTX_get_timeout(3). */
export function SSL_CTX_get_timeout(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_get_timeout();
  return registers[0];
}

/**
 * Removes the sessions that have expired at `time`, in seconds since the epoch; 0 removes all.
 * SSL_CTX_flush_sessions(3).
 */
export function SSL_CTX_flush_sessions(ctx: SSL_CTX, time: number): void {
  native.SSL_CTX_flush_sessions(contextId(ctx), time);
}

const flushEx = native.SSL_CTX_flush_sessions_ex;
/** As SSL_CTX_flush_sessions. OpenSSL 3.4 and newer. SSL_CTX_flush_sessions(3). */
export const SSL_CTX_flush_sessions_ex: ((ctx: SSL_CTX, time: number) => void) | undefined =
  flushEx && ((ctx, time) => flushEx(contextId(ctx), time));

/** A snapshot of the cache: latest expiry first, among equals the latest insertion. SSL_CTX_sessions(3). */
export function SSL_CTX_sessions(ctx: SSL_CTX): SSL_SESSION[] {
  return native.SSL_CTX_sessions(contextId(ctx));
}

/**
 * The cached session with the protocol version and ID of `key`, null when there is none. C's first argument is the table
 * of SSL_CTX_sessions(ctx), which stays inside of the context here. No counter changes. SSL_CTX_sessions(3).
 */
export function lh_SSL_SESSION_retrieve(ctx: SSL_CTX, key: SSL_SESSION): SSL_SESSION | null {
  return native.lh_SSL_SESSION_retrieve(contextId(ctx), sessionId(key));
}

/**
 * What sessions are good for, at most 32 bytes: they resume only in an equal session ID context. 1 or 0.
 * SSL_CTX_set_session_id_context(3).
 */
export function SSL_CTX_set_session_id_context(ctx: SSL_CTX, id: Uint8Array): number {
  return native.SSL_CTX_set_session_id_context(contextId(ctx), id);
}

/** Sessions in the cache, expired ones included. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_number(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_number();
  return registers[0];
}

/** Handshakes begun as a client. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_connect(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_connect();
  return registers[0];
}

/** Handshakes completed as a client. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_connect_good(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_connect_good();
  return registers[0];
}

/** Renegotiations begun as a client. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_connect_renegotiate(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_connect_renegotiate();
  return registers[0];
}

/** Handshakes begun as a server. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_accept(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_accept();
  return registers[0];
}

/** Handshakes completed as a server. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_accept_good(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_accept_good();
  return registers[0];
}

/** Renegotiations begun as a server. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_accept_renegotiate(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_accept_renegotiate();
  return registers[0];
}

/** Sessions resumed. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_hits(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_hits();
  return registers[0];
}

/** Sessions that the get callback found. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_cb_hits(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_cb_hits();
  return registers[0];
}

/** Sessions asked for that the internal cache did not have. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_misses(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_misses();
  return registers[0];
}

/** Sessions asked for that had expired. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_timeouts(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_timeouts();
  return registers[0];
}

/** Sessions evicted because the cache was full. SSL_CTX_sess_number(3). */
export function SSL_CTX_sess_cache_full(ctx: SSL_CTX): number {
  registers[0] = contextId(ctx);
  native.SSL_CTX_sess_cache_full();
  return registers[0];
}
