// The documentation as a site: node site/build.mjs [FOLDER]. `npm run docs` makes ready what it needs.
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Application, KindRouter, ReflectionKind } from 'typedoc';
import { crosslink } from './crosslinks.mjs';
import { brokenLinks, linksOf, pagesOf } from './links.mjs';
import { manual } from './manual.mjs';
import { writeSources } from './sources.mjs';
import { groups, stage, titleOf } from './stage.mjs';

process.chdir(join(import.meta.dirname, '..'));
const staging = join('site', 'build', 'pages');
const out = process.argv[2] ?? join('site', 'build', 'html');
rmSync(join('site', 'build'), { recursive: true, force: true });

/** The sources of the modules of package.json. */
const modules = Object.values(JSON.parse(readFileSync('package.json', 'utf8')).exports)
  .filter((target) => typeof target === 'object')
  .map(({ default: file }) => file.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));

/** Guides have the addresses of their files, not of their titles. */
class Router extends KindRouter {
  getIdealBaseName(reflection) {
    const file = documentFiles.get(reflection.name);
    if (reflection.kindOf(ReflectionKind.Document) && file !== undefined) return `documents/${file}`;
    return super.getIdealBaseName(reflection);
  }
}

const pages = manual();
const documents = stage(staging, pages);
const documentFiles = new Map(
  [...documents, ...pages.map(({ file }) => join(staging, 'man', file))].map((path) => [
    titleOf(readFileSync(path, 'utf8')),
    path.endsWith('bench/README.md') ? 'bench' : basename(path, '.md'),
  ]),
);

const app = await Application.bootstrap({
  name: 'sslctx',
  entryPoints: modules,
  tsconfig: 'src/tsconfig.json',
  readme: join(staging, 'README.md'),
  projectDocuments: documents,
  router: 'guides',
  disableGit: true,
  sourceLinkTemplate: '../sources/src/{path}.html#L{line}',
  customCss: join('site', 'style.css'),
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  groupOrder: [
    ...Object.keys(groups).slice(0, 2),
    'Modules',
    ...Object.keys(groups).slice(2),
    'Constructors',
    'Properties',
    'Accessors',
    'Methods',
    '*',
  ],
  sortEntryPoints: false,
  sort: ['source-order'],
  highlightLanguages: [
    'bash',
    'c',
    'console',
    'css',
    'diff',
    'html',
    'http',
    'javascript',
    'json',
    'nginx',
    'typescript',
    'yaml',
  ],
  navigation: { includeGroups: true, excludeReferences: true },
  // The check of links below sees all of them, also those of HTML.
  validation: { invalidPath: false, notExported: false, notDocumented: false },
  treatWarningsAsErrors: true,
  hideGenerator: true,
});
app.renderer.defineRouter('guides', Router);
const project = await app.convert();
if (project === undefined) fail('TypeDoc could not read the sources');
app.validate(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) fail('TypeDoc has something to say');
await app.generateDocs(project, out);
crosslink(out, pagesOf(out), new Map(pages.flatMap(({ file, names }) => names.map((name) => [name, pageOf(file)]))));
const links = pagesOf(out).flatMap((page) => linksOf(readFileSync(page, 'utf8')));
const sources = writeSources(out, links);
const broken = brokenLinks(out);
if (broken.length > 0) fail(`Links that lead nowhere:\n${broken.join('\n')}`);
console.log(
  `${join(out, 'index.html')}: ${pagesOf(out).length} pages, ${sources} of them sources; all links lead somewhere`,
);

function pageOf(file) {
  return `documents/${basename(file, '.md')}.html`;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
