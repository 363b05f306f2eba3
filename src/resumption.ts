// Why a connection was resumed or not.

/** What a client may offer, in the order of `Offer` in native/net/resumption.h. */
const offers = [undefined, 'session-id', 'stateful-ticket', 'stateless-ticket', 'psk'] as const;

/** In the order of `Refusal` in native/net/resumption.h. */
const refusals = [
  undefined,
  'not-found',
  'removed',
  'expired',
  'id-context-mismatch',
  'protocol-mismatch',
  'cipher-mismatch',
  'extended-master-secret-mismatch',
  'servername-mismatch',
  'ticket-key-unknown',
  'tickets-disabled',
  'cache-mode',
  'verification-failed',
  'unknown',
  'refused-by-server',
  'revoked',
] as const;

/**
 * Why what was offered was not resumed:
 * - `not-found`: there is no session with this ID in the cache, and `removeSession` has not taken one of late
 * - `removed`: `removeSession` has taken it
 * - `expired`: its time is over
 * - `id-context-mismatch`: it was made in another session ID context
 * - `protocol-mismatch`, `cipher-mismatch`, `extended-master-secret-mismatch`: this handshake came to another protocol
 *   version, hash or mode than the session's
 * - `servername-mismatch`: it was made under another server name (RFC 6066, section 3)
 * - `ticket-key-unknown`: the ticket was encrypted with a key that this context has not got, or is garbage
 * - `tickets-disabled`: a stateless ticket, where the context has `tickets: 'stateful'` or `'none'`
 * - `cache-mode`: the cache mode forbids the lookup
 * - `verification-failed`: the session has no client certificate, or one that did not verify, and this server demands one
 * - `unknown`: libssl did not want it, for none of these reasons
 * - `revoked`: the label of its ticket has been revoked (`TicketKeyRing`)
 * - `refused-by-server`: on a client, which is not told more
 */
export type ResumptionRefusal = NonNullable<(typeof refusals)[number]>;

/** Whether a connection was resumed, and if not, why. */
export interface Resumption {
  /** Whether the client offered something to resume. */
  readonly offered: boolean;
  /**
   * What it was: a session ID (TLS 1.2), a ticket that is an ID (TLS 1.3, `tickets: 'stateful'`), a ticket that holds the
   * session, or a pre-shared key that comes from no ticket.
   */
  readonly kind?: NonNullable<(typeof offers)[number]>;
  /** Whether the handshake resumed it. */
  readonly accepted: boolean;
  /** Why it did not; only with `offered` and without `accepted`. */
  readonly reason?: ResumptionRefusal;
}

/** The number of a client that offers this session: without an outcome yet. */
export function offerOf(session: { readonly protocol: string; readonly ticket: Buffer | undefined }): number {
  const { ticket, protocol } = session;
  if (ticket === undefined) return offers.indexOf('session-id');
  // What OpenSSL's servers give for a session in their cache is its ID; others may do so too, and none tells.
  const isId = protocol === 'TLSv1.3' && ticket.length === 32;
  return offers.indexOf(isId ? 'stateful-ticket' : 'stateless-ticket');
}

/** The number of a client after its handshake. */
export function outcomeOf(offer: number, isAccepted: boolean): number {
  if (offer === 0) return 0;
  return isAccepted ? offer | 16 : offer | (refusals.indexOf('refused-by-server') << 5);
}

/** From the number of Resumption::Conclude in native/net/resumption.cc. */
export function decodeResumption(facts: number): Resumption {
  const kind = offers[facts & 15];
  const accepted = (facts & 16) !== 0;
  const reason = refusals[facts >> 5];
  if (kind === undefined) return { offered: false, accepted };
  return { offered: true, kind, accepted, ...(reason === undefined ? {} : { reason }) };
}
