// The dashboard and the document name exactly the metrics that there are.
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import promClient from 'prom-client';
import { collectMetrics } from '../../src/metrics/index.ts';
import { threeVisits } from './three-visits.ts';

const dashboard = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8');
const document = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

/** All values of members with this name, at any depth. */
function valuesOf(tree: unknown, name: string): string[] {
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]) =>
    key === name && typeof value === 'string' ? [value] : valuesOf(value, name),
  );
}

const queries = [...valuesOf(JSON.parse(dashboard), 'expr'), ...valuesOf(JSON.parse(dashboard), 'definition')];

function unique(names: Iterable<string>): string[] {
  return [...new Set(names)].sort();
}

/** What a real registry prints after one handshake of each kind: the labels of each name. */
async function printed(t: ExecutionContext): Promise<Map<string, Set<string>>> {
  const { registry } = await threeVisits(t);
  const known = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of (await registry.metrics()).matchAll(/^(sslctx_\w+)\{(.*)\} \S+$/gm)) {
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
    known.set(name, new Set([...(known.get(name) ?? []), ...names]));
  }
  return known;
}

test.serial('each query of the dashboard asks for a metric and labels that are printed', async (t) => {
  const known = await printed(t);
  t.true(queries.length > 30);
  for (const query of queries) {
    const names = query.match(/sslctx_\w+/g) ?? [];
    t.true(names.length > 0, query);
    const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
    const selected = [...query.matchAll(/(\w+)(?:=~|!=|=)"/g)].map(([, label = '']) => label);
    for (const name of names) {
      const labels = known.get(name);
      t.truthy(labels, `${name} is not printed`);
      // Prometheus itself gives each series its instance.
      for (const label of [...grouped, ...selected]) t.true(label === 'instance' || labels?.has(label), query);
    }
  }
});

test.serial('the dashboard shows every metric, and the document describes exactly those', (t) => {
  const metrics = collectMetrics(new promClient.Registry(), { contexts: {} });
  metrics.close();
  const shown = queries.flatMap((query) => query.match(/sslctx_\w+/g) ?? []);
  t.deepEqual(unique(shown.map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))), unique(metrics.names));
  const described = [...document.matchAll(/^\| `(sslctx_\w+)` \|/gm)].map(([, name = '']) => name);
  t.deepEqual([...described].sort(), unique(metrics.names));
});

test.serial('the labels of the document are those that are printed', async (t) => {
  const known = await printed(t);
  for (const [, name = '', list = ''] of document.matchAll(/^\| `(sslctx_\w+)` \| \w+ \| ([^|]*) \|/gm)) {
    const labels = known.get(name) ?? known.get(`${name}_count`);
    t.deepEqual(unique([...list.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)), unique(labels ?? []), name);
  }
});
