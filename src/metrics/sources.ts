// What is counted anyway, by libssl for each context and by each session store, under the names of Prometheus.
import type { SslContext } from '../context.ts';
import type { ContextStats } from '../context-stats.ts';
import { openssl } from '../openssl.ts';
import { type ContextStore, sessionStoreOf } from '../store/context-store.ts';
import type { StoreStatistics } from '../store/statistics.ts';
import { type CollectedMetric, type MetricType, ReadMetric, type Sample } from './metric.ts';

/** A context, or what has one at the moment, such as a server. */
export type MetricsSource = SslContext | { readonly context: SslContext; readonly connectionCount?: number };

export type Sources = ReadonlyMap<string, MetricsSource>;

export function contextOf(source: MetricsSource): SslContext {
  return 'context' in source ? source.context : source;
}

/** In the words of SSL_CTX_sess_number(3); the first of the twelve, `number`, is a gauge. */
const counters: ReadonlyArray<readonly [key: Exclude<keyof ContextStats, 'number'>, name: string, help: string]> = [
  ['connect', 'connect', 'Handshakes begun as a client'],
  ['connectGood', 'connect_good', 'Handshakes completed as a client'],
  ['connectRenegotiate', 'connect_renegotiate', 'Renegotiations begun as a client'],
  ['accept', 'accept', 'Handshakes begun as a server'],
  ['acceptGood', 'accept_good', 'Handshakes completed as a server'],
  ['acceptRenegotiate', 'accept_renegotiate', 'Renegotiations begun as a server'],
  ['hits', 'hits', 'Sessions resumed, from the cache or by ticket'],
  ['cbHits', 'cb_hits', 'Sessions that came from a get callback'],
  ['misses', 'misses', 'Sessions that were asked for and not in the cache'],
  ['timeouts', 'timeouts', 'Sessions that were asked for and had expired'],
  ['cacheFull', 'cache_full', 'Sessions evicted because the cache was full'],
];

type StoreCounter = Exclude<keyof StoreStatistics, 'pending' | 'breaker'>;

const storeCounters: ReadonlyArray<readonly [key: StoreCounter, name: string, help: string]> = [
  ['lookups', 'lookups', 'Session IDs that clients offered and that are of this store'],
  ['hits', 'hits', 'Lookups that found a session'],
  ['misses', 'misses', 'Lookups that found nothing'],
  ['shared', 'shared_lookups', 'Lookups answered by the request of another one or by a waiting write'],
  ['foreign', 'foreign_ids', 'Session IDs that this store has not made'],
  ['timeouts', 'lookup_timeouts', 'Lookups that took too long'],
  ['failures', 'lookup_failures', 'Lookups that the store refused'],
  ['skipped', 'skipped_lookups', 'Lookups that were not made, because the store is down'],
  ['invalid', 'invalid_entries', 'Entries that are no session of this context, or have expired'],
  ['writes', 'writes', 'Sessions written'],
  ['deletes', 'deletes', 'Sessions deleted'],
  ['writeFailures', 'write_failures', 'Writes and deletions that failed or took too long'],
  ['dropped', 'dropped_writes', 'Writes and deletions that were given up'],
  ['revoked', 'revoked_sessions', 'Sessions revoked'],
];

const breakerStates = ['closed', 'half-open', 'open'] as const;

/** The metrics of all that. */
export function readMetrics(prefix: string, sources: Sources): CollectedMetric[] {
  const metric = (type: MetricType, name: string, help: string, read: () => Sample[]): CollectedMetric =>
    new ReadMetric({ name: `${prefix}${name}`, help, type }, read);

  const ofContexts = (type: MetricType, name: string, help: string, read: (context: SslContext) => number) =>
    metric(type, name, help, () =>
      [...sources].flatMap(([label, source]) => {
        const value = unlessFreed(() => read(contextOf(source)));
        return value === undefined ? [] : [{ labels: { context: label }, value }];
      }),
    );

  const ofStores = (type: MetricType, name: string, help: string, read: (store: ContextStore) => number) =>
    metric(type, name, help, () =>
      stores(sources).map(({ label, store }) => ({ labels: { context: label }, value: read(store) })),
    );

  return [
    metric('gauge', 'openssl_info', 'The version of the libssl in use', () => [
      { labels: { version: openssl.versionString }, value: 1 },
    ]),
    metric('gauge', 'server_connections', 'Connections of a server, those in a handshake included', () =>
      [...sources].flatMap(([label, source]) =>
        'connectionCount' in source && source.connectionCount !== undefined
          ? [{ labels: { context: label }, value: source.connectionCount }]
          : [],
      ),
    ),
    ofContexts('gauge', 'cache_sessions', 'Sessions in the cache, expired ones included', ({ stats }) => stats.number),
    ofContexts('gauge', 'cache_max_sessions', 'Sessions that the cache holds at most, 0 for no limit', (context) => {
      return context.sessionCacheSize;
    }),
    ...counters.map(([key, name, help]) =>
      ofContexts('counter', `sess_${name}_total`, `${help}, by SSL_CTX_sess_${name}`, ({ stats }) => stats[key]),
    ),
    ...storeCounters.map(([key, name, help]) =>
      ofStores('counter', `store_${name}_total`, help, ({ statistics }) => statistics[key]),
    ),
    ofStores('gauge', 'store_pending_writes', 'Writes and deletions that wait or are under way', (store) => {
      return store.statistics.pending;
    }),
    metric('gauge', 'store_breaker_state', '1 for the state that the breaker of a store is in', () =>
      stores(sources).flatMap(({ label, store }) => {
        const { breaker } = store.statistics;
        return breakerStates.map((state) => ({
          labels: { context: label, state },
          value: breaker === state ? 1 : 0,
        }));
      }),
    ),
  ];
}

function stores(sources: Sources): Array<{ label: string; store: ContextStore }> {
  return [...sources].flatMap(([label, source]) => {
    const store = sessionStoreOf(contextOf(source));
    return store === undefined ? [] : [{ label, store }];
  });
}

/** A context that is gone has no series any more. */
function unlessFreed(read: () => number): number | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SSLCTX_FREED') return undefined;
    throw error;
  }
}
