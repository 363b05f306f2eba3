/**
 * Metrics for Prometheus: what libssl and the session stores count, and how handshakes end, in a registry of prom-client.
 *
 * @module sslctx/metrics
 */
export { collectMetrics, type MetricsCollector, type MetricsOptions, type MetricsRegistry } from './collect.ts';
export type { MetricsSource } from './sources.ts';
