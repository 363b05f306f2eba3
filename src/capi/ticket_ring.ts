// The native side of TicketKeyRing. For src/ticket-key-ring.ts and src/tls-state.ts: users have no names for these.
import { contextId, type SSL, type SSL_CTX, sslId } from './handles.ts';
import { native } from './loader.ts';
import type { TicketRingBox } from './native.ts';

export type { TicketRingBox, TicketRingStats } from './native.ts';

/** The keys of the context's stateless tickets are the ring's from now on. */
export function ringUse(ctx: SSL_CTX, ring: TicketRingBox): void {
  native.ringUse(contextId(ctx), ring);
}

/** The ring of a context, for another thread. */
export function ringOfContext(ctx: SSL_CTX): TicketRingBox | null {
  return native.ringOfContext(contextId(ctx));
}

/** In the order of `Labelling` in native/ticket_ring_exports.cc. */
const labellings = ['done', 'too-late', 'no-ring'] as const;

export function setTicketLabel(ssl: SSL, label: string): (typeof labellings)[number] {
  return labellings[native.setTicketLabel(sslId(ssl), label)] ?? 'no-ring';
}

export function ticketLabel(ssl: SSL): string | undefined {
  return native.ticketLabel(sslId(ssl));
}

export const {
  ringAdd,
  ringClockOffset,
  ringIsRevoked,
  ringKeys,
  ringNew,
  ringNow,
  ringRevocations,
  ringRevoke,
  ringSetClockOffset,
  ringStats,
} = native;
