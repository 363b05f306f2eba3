// Puts what is known of contexts, servers, stores and handshakes into a registry of prom-client.
import { contextHandle } from '../context.ts';
import { invalidType, invalidValue } from '../errors.ts';
import { countEvents } from './events.ts';
import type { CollectedMetric } from './metric.ts';
import { contextOf, type MetricsSource, readMetrics } from './sources.ts';

/** What is asked of a registry: the part of prom-client's `Registry` that takes metrics and gives them back. */
export interface MetricsRegistry {
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}

/** What {@link collectMetrics} can be told. */
export interface MetricsOptions {
  /**
   * What to collect, by the value of the label `context`: contexts, and servers, whose context of the moment is meant.
   * A freed one is left out.
   */
  contexts: Readonly<Record<string, MetricsSource>>;
  /** Before all names. Default `sslctx_`. */
  prefix?: string | undefined;
}

/** Ends the collection: made by {@link collectMetrics}. */
export interface MetricsCollector extends Disposable {
  /** The names of the metrics. */
  readonly names: readonly string[];
  /** Takes the metrics out of the registry; from then on, handshakes are not told to anybody. */
  close(): void;
}

/**
 * Registers the metrics of docs/metrics.md with a registry of prom-client. libssl's counters and those of stores are read
 * when the registry is; handshakes are counted as they end, all of the process.
 *
 * ```ts
 * const metrics = collectMetrics(register, { contexts: { web: server } });
 * ```
 *
 * The registry holds on to the contexts until `close`.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` for a prefix that is none, or when the registry has a
 *   metric of such a name: nothing is registered then
 */
export function collectMetrics(registry: MetricsRegistry, options: MetricsOptions): MetricsCollector {
  checkRegistry(registry);
  const { contexts, prefix = 'sslctx_' } = checkOptions(options);
  const sources = new Map(Object.entries(contexts));
  for (const source of sources.values()) contextHandle(contextOf(source));
  const events = countEvents(prefix, sources);
  const metrics: readonly CollectedMetric[] = [...readMetrics(prefix, sources), ...events.metrics];
  const names = metrics.map(({ name }) => name);
  const taken = names.find((name) => registry.getSingleMetric(name) !== undefined);
  if (taken !== undefined) {
    events.stop();
    throw invalidValue('prefix', `makes a name that the registry has already: ${taken}`);
  }
  // By way of Reflect: prom-client's type wants its own classes, and its code what these have.
  for (const metric of metrics) Reflect.apply(registry.registerMetric, registry, [metric]);
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    events.stop();
    for (const name of names) registry.removeSingleMetric(name);
  };
  return { names, close, [Symbol.dispose]: close };
}

function checkRegistry(registry: unknown): void {
  const isRegistry =
    typeof registry === 'object' &&
    registry !== null &&
    'registerMetric' in registry &&
    'getSingleMetric' in registry &&
    'removeSingleMetric' in registry;
  if (!isRegistry) throw invalidType('registry', 'a Registry of prom-client', registry);
}

function checkOptions(options: MetricsOptions): MetricsOptions {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options);
  const { contexts, prefix = '' } = options;
  if (typeof contexts !== 'object' || contexts === null) throw invalidType('contexts', 'an object', contexts);
  for (const [name, source] of Object.entries(contexts)) {
    if (typeof source !== 'object' || source === null) throw invalidType(name, 'an SslContext or a server', source);
  }
  if (typeof prefix !== 'string') throw invalidType('prefix', 'a string', prefix);
  if (!/^([A-Za-z_][A-Za-z0-9_]*)?$/.test(prefix)) throw invalidValue('prefix', 'must be the begin of a metric name');
  return options;
}
