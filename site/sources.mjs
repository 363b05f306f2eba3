// Pages of sources: what guides and the reference link to, with an anchor for each line.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { put } from './stage.mjs';

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function page(path, text) {
  const up = '../'.repeat(path.split('/').length);
  const lines = text.trimEnd().split('\n');
  const code = lines.map(
    (line, index) => `<a id="L${index + 1}" href="#L${index + 1}">${index + 1}</a>${escaped(line)}`,
  );
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
<pre><code>${code.join('\n')}
</code></pre>
</body>
</html>
`;
}

/**
 * Writes the pages of the sources that pages link to.
 * @param {string} site
 * @param {Iterable<string>} links as they stand in the pages
 */
export function writeSources(site, links) {
  const paths = new Set();
  for (const link of links) {
    const path = /(?:^|\/)sources\/([^#]+)\.html(?:#.*)?$/.exec(link)?.[1];
    if (path !== undefined && existsSync(path)) paths.add(path);
  }
  for (const path of paths) put(join(site, 'sources', `${path}.html`), page(path, readFileSync(path, 'utf8')));
  return paths.size;
}
