// docs/architecture.md: imports go down only, never past one layer.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a room may import, by room. A room is a folder of src/, or `objects` for the files of layer 2. */
const mayImport: Record<string, readonly string[]> = {
  capi: ['capi'],
  objects: ['objects', 'capi'],
  store: ['store', 'objects'],
  metrics: ['metrics', 'objects', 'store'],
  control: ['control', 'objects'],
  fleet: ['fleet', 'objects'],
  testing: ['testing', 'objects'],
  net: ['net', 'objects', 'store'],
  http: ['http', 'net', 'objects', 'store'],
  cli: ['cli', 'control', 'http', 'metrics', 'net', 'objects', 'store', 'testing'],
};

function filesUnder(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name) && !name.startsWith('build'))
    .map((name) => join(folder, name));
}

/** The module names of a file's import and export statements, and of its import() calls. */
function importsOf(source: string): string[] {
  return [...typeImportsOf(source), ...valueImportsOf(source)];
}

function typeImportsOf(source: string): string[] {
  return [...source.matchAll(/^(?:import|export)\s+type\b[^'";]*?\bfrom\s*'([^']+)'/gm)].flatMap(
    (match) => match[1] ?? [],
  );
}

/** Those that are still there when the program runs. */
function valueImportsOf(source: string): string[] {
  const statements = source.matchAll(/^(?:import|export)\b(?!\s+type\b)(?:[^'";]*?\bfrom)?\s*'([^']+)'/gm);
  const calls = source.matchAll(/\bimport\(\s*'([^']+)'/g);
  return [...statements, ...calls].flatMap((match) => match[1] ?? []);
}

function roomOf(path: string): string {
  const [folder, ...rest] = relative('src', path).split('/');
  return folder === undefined || rest.length === 0 ? 'objects' : folder;
}

function inside(path: string, find = importsOf): Array<{ name: string; target: string }> {
  return find(readFileSync(join(root, path), 'utf8'))
    .filter((name) => name.startsWith('.'))
    .map((name) => ({ name, target: relative(root, resolve(root, dirname(path), name)) }));
}

const sources = filesUnder('src', /\.ts$/);

test('the import pattern sees every form of import', (t) => {
  const source = [
    "import './a.ts';",
    "import type { B } from './b.ts';",
    'import {\n  c,\n} from "./not-our-quotes.ts";',
    "import {\n  d,\n  e,\n} from './d.ts';",
    "export * from './f.ts';",
    "const g = await import('./g.ts');",
    " * import h from './a-comment.ts';",
  ].join('\n');
  t.deepEqual(valueImportsOf(source), ['./a.ts', './d.ts', './f.ts', './g.ts']);
  t.deepEqual(typeImportsOf(source), ['./b.ts']);
});

test('imports in src go down only, never past one layer', (t) => {
  const wrong: string[] = [];
  for (const path of sources) {
    const room = roomOf(path);
    const allowed = mayImport[room];
    if (allowed === undefined) {
      wrong.push(`${path}: no rule for src/${room}; add it to docs/architecture.md and to this test`);
      continue;
    }
    for (const { name, target } of inside(path)) {
      // index.ts is a list of names, and nothing inside the package needs it.
      const isIndex = path === 'src/index.ts';
      if (target === 'src/index.ts') wrong.push(`${path} imports the package's own index`);
      else if (!target.startsWith('src/')) wrong.push(`${path} imports ${name}, which is not in the package`);
      else if (!isIndex && !allowed.includes(roomOf(target))) wrong.push(`${path} imports ${name}`);
    }
  }
  t.deepEqual(wrong, []);
  t.true(sources.length > 0);
});

test('no import cycles in src', (t) => {
  const graph = new Map(
    sources.map((path) => [
      path,
      inside(path, valueImportsOf).flatMap(({ target }) => (target.startsWith('src/') ? [target] : [])),
    ]),
  );
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of sources) visit(path, []);
  t.deepEqual(cycles, []);
});

test('the package needs nothing but Node at run time, and commander, or a Redis client, for its command line', (t) => {
  const foreign = sources.flatMap((path) =>
    importsOf(readFileSync(join(root, path), 'utf8'))
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && name !== '#addon')
      .filter((name) => name !== 'commander' || roomOf(path) !== 'cli')
      // When the user asks for Redis, and has installed it.
      .filter((name) => name !== 'ioredis' || path !== 'src/cli/store.ts')
      .map((name) => `${path} imports ${name}`),
  );
  t.deepEqual(foreign, []);
});

test('only the loader touches the addon', (t) => {
  const users = sources.filter((path) => /['"]#addon['"]/.test(readFileSync(join(root, path), 'utf8')));
  t.deepEqual(users, ['src/capi/loader.ts']);
});

test("native code includes OpenSSL's headers in one place", (t) => {
  const users = filesUnder('native', /\.(cc|h)$/).filter(
    (path) =>
      path !== 'native/openssl.h' &&
      !path.startsWith('native/test/') &&
      /^\s*#\s*include\s*<openssl\//m.test(readFileSync(join(root, path), 'utf8')),
  );
  t.deepEqual(users, []);
});

test('native code asks no other part of Node than Node-API', (t) => {
  const pattern = /^\s*#\s*include\s*<(?:node|node_buffer|node_object_wrap|v8[\w-]*|nan)\.h>/m;
  const users = filesUnder('native', /\.(cc|h)$/).filter((path) =>
    pattern.test(readFileSync(join(root, path), 'utf8')),
  );
  t.deepEqual(users, []);
});
