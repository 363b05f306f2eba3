// The twelve counters of SSL_CTX_sess_number(3).
import * as capi from './capi/index.ts';

/** libssl's counters of one context, since it was made. They wrap around at 2147483648. */
export interface ContextStats {
  /** Sessions in the cache now, expired ones included. */
  readonly number: number;
  /** Handshakes begun as a client. */
  readonly connect: number;
  /** Handshakes completed as a client. */
  readonly connectGood: number;
  /** Renegotiations begun as a client. */
  readonly connectRenegotiate: number;
  /** Handshakes begun as a server. */
  readonly accept: number;
  /** Handshakes completed as a server. */
  readonly acceptGood: number;
  /** Renegotiations begun as a server. */
  readonly acceptRenegotiate: number;
  /** Sessions resumed, from the cache or by ticket. */
  readonly hits: number;
  /** Sessions that came from the get callback of `sslctx/capi`. */
  readonly cbHits: number;
  /** Sessions that clients asked for and that the cache did not have; for a client, those that servers declined. */
  readonly misses: number;
  /** Sessions that clients asked for and that had expired. */
  readonly timeouts: number;
  /** Sessions evicted because the cache was full. */
  readonly cacheFull: number;
}

/** All of them at once. */
export function readStats(ctx: capi.SSL_CTX): ContextStats {
  return {
    number: capi.SSL_CTX_sess_number(ctx),
    connect: capi.SSL_CTX_sess_connect(ctx),
    connectGood: capi.SSL_CTX_sess_connect_good(ctx),
    connectRenegotiate: capi.SSL_CTX_sess_connect_renegotiate(ctx),
    accept: capi.SSL_CTX_sess_accept(ctx),
    acceptGood: capi.SSL_CTX_sess_accept_good(ctx),
    acceptRenegotiate: capi.SSL_CTX_sess_accept_renegotiate(ctx),
    hits: capi.SSL_CTX_sess_hits(ctx),
    cbHits: capi.SSL_CTX_sess_cb_hits(ctx),
    misses: capi.SSL_CTX_sess_misses(ctx),
    timeouts: capi.SSL_CTX_sess_timeouts(ctx),
    cacheFull: capi.SSL_CTX_sess_cache_full(ctx),
  };
}
