// Pages of sources: what guides and the reference link to, with an anchor for each line.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { put } from './stage.mjs';

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The lines of a file, each with an anchor. */
function codeOf(path) {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const numbered = lines.map((line, index) => {
    const number = index + 1;
    return `<a id="L${number}" href="#L${number}">${number}</a>${escaped(line)}`;
  });
  return `<pre><code>${numbered.join('\n')}\n</code></pre>`;
}

function listOf(path, names) {
  const items = names.map((name) => `<li><a href="${basename(path)}/${name}.html">${escaped(name)}</a></li>`);
  return `<ul>\n${items.join('\n')}\n</ul>`;
}

function page(path, content) {
  const up = '../'.repeat(path.split('/').length);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(path)} | sslctx</title>
<link rel="stylesheet" href="${up}assets/style.css">
<link rel="stylesheet" href="${up}assets/custom.css">
<script>document.documentElement.dataset.theme = localStorage.getItem('tsd-theme') || 'os';</script>
</head>
<body class="source">
<p><a href="${up}index.html">sslctx</a> / ${escaped(path)}</p>
${content}
</body>
</html>
`;
}

/**
 * Writes the pages of the sources that pages link to, and of what is in the folders among them; how many.
 * @param {string} site
 * @param {Iterable<string>} links as they stand in the pages
 */
export function writeSources(site, links) {
  // What git has: not what builds leave in the same folders, such as this site.
  const tracked = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
  const files = new Set(tracked);
  const written = new Set();
  const write = (path) => {
    if (written.has(path)) return;
    const inside = tracked.filter((file) => file.startsWith(`${path}/`)).map((file) => file.slice(path.length + 1));
    if (!files.has(path) && inside.length === 0) return;
    written.add(path);
    if (files.has(path)) return put(join(site, 'sources', `${path}.html`), page(path, codeOf(path)));
    const names = [...new Set(inside.map((file) => file.split('/')[0]))].sort();
    for (const name of names) write(`${path}/${name}`);
    put(join(site, 'sources', `${path}.html`), page(path, listOf(path, names)));
  };
  for (const link of links) {
    const path = /(?:^|\/)sources\/([^#]+)\.html(?:#.*)?$/.exec(link)?.[1];
    if (path !== undefined) write(path);
  }
  return written.size;
}
