// Metrics as the registry of prom-client wants them. It asks for no class of its own: what it calls is here.

export type Labels = Readonly<Record<string, string | number>>;

/** One line of the output. */
export interface Sample {
  /** Where it is not that of the metric. */
  metricName?: string;
  labels: Labels;
  value: number;
}

export type MetricType = 'counter' | 'gauge' | 'histogram';

interface Snapshot {
  name: string;
  help: string;
  type: MetricType;
  aggregator: 'sum';
  values: Sample[];
}

export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
}

/** What a registry can be given. */
export abstract class CollectedMetric {
  /** For OpenMetrics, the registry itself takes `_total` off, and puts it on each line again. */
  name: string;
  readonly help: string;
  readonly type: MetricType;
  /** How prom-client puts the workers of a cluster together. */
  readonly aggregator = 'sum';

  constructor({ name, help, type }: MetricOptions) {
    this.name = name;
    this.help = help;
    this.type = type;
  }

  abstract samples(): Sample[];
  /** Of `registry.resetMetrics()`. */
  abstract reset(): void;

  async get(): Promise<Snapshot> {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.samples() };
  }
}

/** What others count: asked when the registry is. */
export class ReadMetric extends CollectedMetric {
  readonly #read: () => Sample[];

  constructor(options: MetricOptions, read: () => Sample[]) {
    super(options);
    this.#read = read;
  }

  override samples(): Sample[] {
    return this.#read();
  }

  override reset(): void {
    // They are libssl's and the store's, who go on counting.
  }
}

/** How many combinations of labels one metric has at most: peers choose some of their values. */
const maxSeries = 500;

/** Values by their labels. */
class Series<T> {
  readonly #known = new Map<string, { labels: Labels; value: T }>();

  /** `create` makes the first; `undefined` when there are too many. */
  of(labels: Labels, create: () => T): { labels: Labels; value: T } | undefined {
    const key = JSON.stringify(labels);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= maxSeries) return undefined;
    const made = { labels, value: create() };
    this.#known.set(key, made);
    return made;
  }

  [Symbol.iterator](): Iterator<{ labels: Labels; value: T }> {
    return this.#known.values();
  }

  clear(): void {
    this.#known.clear();
  }
}

export class Counter extends CollectedMetric {
  readonly #series = new Series<number>();

  constructor(options: Omit<MetricOptions, 'type'>) {
    super({ ...options, type: 'counter' });
  }

  count(labels: Labels): void {
    const one = this.#series.of(labels, () => 0);
    if (one !== undefined) one.value++;
  }

  override samples(): Sample[] {
    return Array.from(this.#series, ({ labels, value }) => ({ labels, value }));
  }

  override reset(): void {
    this.#series.clear();
  }
}

interface Distribution {
  /** How many were at most as long as each limit, and longer than the one before. */
  readonly counts: number[];
  sum: number;
}

/** From 100 microseconds, which a resumption on the same machine takes, to the five seconds that a write may take. */
const limits = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export class Histogram extends CollectedMetric {
  readonly #series = new Series<Distribution>();
  readonly #base: string;

  constructor(options: Omit<MetricOptions, 'type'>) {
    super({ ...options, type: 'histogram' });
    this.#base = options.name;
  }

  observe(labels: Labels, seconds: number): void {
    const one = this.#series.of(labels, () => ({ counts: new Array<number>(limits.length + 1).fill(0), sum: 0 }));
    if (one === undefined) return;
    const place = limits.findIndex((limit) => seconds <= limit);
    const at = place === -1 ? limits.length : place;
    one.value.counts[at] = (one.value.counts[at] ?? 0) + 1;
    one.value.sum += seconds;
  }

  override samples(): Sample[] {
    return Array.from(this.#series).flatMap(({ labels, value }) => this.#lines(labels, value));
  }

  #lines(labels: Labels, { counts, sum }: Distribution): Sample[] {
    let total = 0;
    const buckets = counts.map((count, at) => {
      total += count;
      return { metricName: `${this.#base}_bucket`, labels: { ...labels, le: limits[at] ?? '+Inf' }, value: total };
    });
    const ends = [
      { metricName: `${this.#base}_sum`, labels, value: sum },
      { metricName: `${this.#base}_count`, labels, value: total },
    ];
    return [...buckets, ...ends];
  }

  override reset(): void {
    this.#series.clear();
  }
}
