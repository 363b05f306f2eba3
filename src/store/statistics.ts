/** What a server's session store has been asked since the server began, and how it answered. */
export interface StoreStatistics {
  /** Session IDs that clients offered, and that carry this store's tag. */
  lookups: number;
  /** Those that found a session that can be resumed here. */
  hits: number;
  /** Those that found nothing. */
  misses: number;
  /** Those that were answered by the request of another one, or by a write that was still waiting. */
  shared: number;
  /** IDs that this store has not made: clients of other servers, and forgers. The store was not asked. */
  foreign: number;
  /** Lookups that took longer than `lookupTimeout`. */
  timeouts: number;
  /** Lookups that the store refused. */
  failures: number;
  /** Lookups that were not made: the store did not answer before, or this server does not hear revocations. */
  skipped: number;
  /** Entries that are no session of this context, or have expired. */
  invalid: number;
  /** Sessions written. */
  writes: number;
  /** Sessions deleted: after failed connections, and by `revoke`. */
  deletes: number;
  /** Writes and deletions that the store refused or did not end in time. */
  writeFailures: number;
  /** Writes and deletions that were given up: the queue was full, or the session had expired before its turn. */
  dropped: number;
  /** Sessions that were revoked here: by this server, or by a message of another one. */
  revoked: number;
  /** Writes and deletions that wait or are under way. */
  pending: number;
  /** Whether the store is asked: not while it is `open`; with one request at a time when it is `half-open`. */
  breaker: 'closed' | 'open' | 'half-open';
}

export type Counters = Omit<StoreStatistics, 'pending' | 'breaker'>;

export function noCounts(): Counters {
  return {
    lookups: 0,
    hits: 0,
    misses: 0,
    shared: 0,
    foreign: 0,
    timeouts: 0,
    failures: 0,
    skipped: 0,
    invalid: 0,
    writes: 0,
    deletes: 0,
    writeFailures: 0,
    dropped: 0,
    revoked: 0,
  };
}
