// A real registry of prom-client, real handshakes, and what the registry prints.
import test from 'ava';
import promClient, { type OpenMetricsContentType } from 'prom-client';
import { createServer, SslContext } from '../../src/index.ts';
import { collectMetrics } from '../../src/metrics/index.ts';
import { sClient } from '../../src/testing/index.ts';
import { certificate } from '../helpers/classes.ts';
import { listenOn } from '../net/listen.ts';
import { threeVisits } from './three-visits.ts';

const { AggregatorRegistry, Counter, Registry } = promClient;

/** The lines of one metric, without those of the histograms' buckets. */
function linesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) && !line.includes('le="'));
}

test.serial('what libssl, the store and the handshakes count is what the registry prints', async (t) => {
  const plain = new SslContext({ ...certificate(), sessionCache: { size: 77 } });
  const { registry, server } = await threeVisits(t, { plain });
  const text = await registry.metrics();
  const line = (name: string): string[] => linesOf(text, `sslctx_${name}`);
  t.deepEqual(line('sess_accept_good_total'), [
    `sslctx_sess_accept_good_total{context="web"} ${server.context.stats.acceptGood}`,
    'sslctx_sess_accept_good_total{context="plain"} 0',
  ]);
  t.is(server.context.stats.acceptGood, 2);
  t.deepEqual(line('cache_max_sessions')[1], 'sslctx_cache_max_sessions{context="plain"} 77');
  t.deepEqual(line('store_hits_total'), ['sslctx_store_hits_total{context="web"} 1']);
  t.deepEqual(line('store_breaker_state'), [
    'sslctx_store_breaker_state{context="web",state="closed"} 1',
    'sslctx_store_breaker_state{context="web",state="half-open"} 0',
    'sslctx_store_breaker_state{context="web",state="open"} 0',
  ]);
  const labels = (outcome: string, kind: string): string =>
    `side="server",protocol="TLSv1.2",outcome="${outcome}",kind="${kind}",reason="none"`;
  t.deepEqual(line('handshakes_total'), [
    `sslctx_handshakes_total{${labels('full', 'none')}} 1`,
    `sslctx_handshakes_total{${labels('resumed', 'session-id')}} 1`,
  ]);
  t.deepEqual(line('handshake_errors_total'), [
    'sslctx_handshake_errors_total{side="server",code="ERR_SSL_NO_SHARED_CIPHER"} 1',
  ]);
  t.deepEqual(line('store_lookup_duration_seconds_count'), [
    'sslctx_store_lookup_duration_seconds_count{context="web",operation="get",outcome="hit"} 1',
  ]);
  t.deepEqual(
    line('handshake_duration_seconds_count').map((one) => one.replace(/^.*outcome=/, '')),
    ['"full"} 1', '"resumed"} 1'],
  );
  // libssl has no way to begin again.
  registry.resetMetrics();
  const after = await registry.metrics();
  t.deepEqual(linesOf(after, 'sslctx_handshakes_total'), []);
  t.is(linesOf(after, 'sslctx_sess_accept_good_total').length, 2);
});

test.serial('a handshake is in all buckets from its own upwards', async (t) => {
  const registry = new Registry();
  const server = createServer({ ...certificate(), sessionIdContext: 'test' }, (socket) => socket.end('hello\n'));
  using _metrics = collectMetrics(registry, { contexts: { web: server } });
  const port = await listenOn(t, server);
  await sClient({ port, until: 'closed' });
  const text = await registry.metrics();
  const all = [...text.matchAll(/^sslctx_handshake_duration_seconds_bucket\{.*le="(.+?)".*\} (\d+)$/gm)];
  const sum = Number(/^sslctx_handshake_duration_seconds_sum\{.*\} ([\d.e-]+)$/m.exec(text)?.[1]);
  t.true(sum > 0 && sum < 60);
  t.is(all.length, 16);
  for (const [, limit = '', count] of all) {
    t.is(Number(count), sum <= (limit === '+Inf' ? Number.POSITIVE_INFINITY : Number(limit)) ? 1 : 0, limit);
  }
});

test.serial('OpenMetrics, JSON and the sum of a cluster work too', async (t) => {
  const context = new SslContext();
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const classic = new Registry();
  using metrics = collectMetrics(open, { contexts: { one: context } });
  using _others = collectMetrics(classic, { contexts: { one: context } });
  const text = await open.metrics();
  t.regex(text, /^# TYPE sslctx_sess_hits counter\nsslctx_sess_hits_total\{context="one"\} 0$/m);
  t.regex(text, /^# TYPE sslctx_handshake_duration_seconds histogram$/m);
  t.true(metrics.names.includes('sslctx_sess_hits_total'));
  const json = await classic.getMetricsAsJSON();
  const merged = await AggregatorRegistry.aggregate([json, json]).metrics();
  t.regex(merged, /^sslctx_cache_max_sessions\{context="one"\} 40960$/m);
});

test.serial('names follow the conventions of Prometheus', async (t) => {
  const registry = new Registry();
  using metrics = collectMetrics(registry, { contexts: {}, prefix: 'edge_' });
  const types = new Map(
    [...(await registry.metrics()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
  t.deepEqual([...types.keys()].sort(), [...metrics.names].sort());
  for (const [name, type] of types) {
    t.regex(name, /^edge_[a-z]+(_[a-z]+)*$/);
    t.is(name.endsWith('_total'), type === 'counter', name);
    t.is(name.endsWith('_seconds'), type === 'histogram', name);
  }
});

test.serial('close takes everything out, and leaves what is not its own', async (t) => {
  const registry = new Registry();
  const mine = new Counter({ name: 'mine_total', help: 'Mine', registers: [registry] });
  const metrics = collectMetrics(registry, { contexts: {} });
  t.throws(() => collectMetrics(registry, { contexts: {} }), { code: 'ERR_INVALID_ARG_VALUE' });
  metrics.close();
  metrics.close();
  t.is(await registry.metrics(), '# HELP mine_total Mine\n# TYPE mine_total counter\nmine_total 0\n');
  t.is(registry.getSingleMetric('mine_total'), mine);
  const again = collectMetrics(registry, { contexts: {} });
  again.close();
});

test.serial('a context that is freed has no series any more', async (t) => {
  const registry = new Registry();
  const [one, two] = [new SslContext(), new SslContext()];
  using _metrics = collectMetrics(registry, { contexts: { one, two } });
  one.free();
  t.deepEqual(linesOf(await registry.metrics(), 'sslctx_cache_sessions'), ['sslctx_cache_sessions{context="two"} 0']);
});

test.serial('what is no registry and no context is refused, and nothing is registered', async (t) => {
  const registry = new Registry();
  const loose: (...args: unknown[]) => unknown = (...args) => Reflect.apply(collectMetrics, undefined, args);
  for (const wrong of [undefined, null, {}, { registerMetric() {} }]) {
    t.throws(() => loose(wrong, { contexts: {} }), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const wrong of [
    undefined,
    {},
    { contexts: { one: 1 } },
    { contexts: { one: {} } },
    { contexts: {}, prefix: 1 },
  ]) {
    t.throws(() => loose(registry, wrong), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.throws(() => loose(registry, { contexts: {}, prefix: '1-' }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.is(await registry.metrics(), '\n');
});
