// The table of docs/matrix.md, which the README shows too.
import { scopes } from './cells.mjs';

const marks = { whole: '', cut: ' ¹', quick: ' ²' };

function textOf(result) {
  if (result === undefined) return 'not run';
  if (result.error !== undefined) return `**${result.error}**`;
  const counts = `${result.passed} passed${result.failed.length > 0 ? `, **${result.failed.length} failed**` : ''}`;
  return `${counts}${result.ok || result.failed.length > 0 ? '' : `, **${result.end}**`}${marks[result.scope]}`;
}

/**
 * @param {{ name: string, cells: (object | undefined)[] }[]} rows
 * @param {string[]} columns
 */
export function table(rows, columns) {
  const lines = [
    ['OpenSSL', ...columns],
    ['---', ...columns.map(() => '---')],
    ...rows.map(({ name, cells }) => [name, ...cells.map(textOf)]),
  ];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

const begin = '<!-- written by npm run matrix -->';
const end = '<!-- end of what npm run matrix has written -->';

/** The README with this table in place of the one it has. */
export function inReadme(readme, lines) {
  const [before, old, ...more] = readme.split(begin);
  const after = old?.split(end)[1];
  if (after === undefined || more.length > 0) throw new Error(`README.md must have '${begin}' and '${end}', once`);
  return `${before}${begin}\n\n${lines}\n\n${end}${after}`;
}

const listed = (files) => files.map((file) => `\`${file}\``).join(', ');

export function page(rows, columns) {
  const failures = rows.flatMap(({ name, cells }) =>
    cells.flatMap((result, index) =>
      (result?.failed ?? []).map((title) => `- OpenSSL ${name}, ${columns[index]}: ${title}`),
    ),
  );
  return `# OpenSSL and Node

Written by \`npm run matrix\`, which builds the addon against each OpenSSL and runs the tests with each Node. Before the tests
of a cell, the package says which files its libssl and libcrypto run from, and of what version they are, and so does the
\`openssl\` program that the tests talk to.

${table(rows, columns)}

Without a mark, a cell ran all tests.

- ¹ ran ${listed(scopes.cut.files)}.
- ² ran ${listed(scopes.quick.files)}.

The first row is the system's own libssl. The others are built from upstream's sources, as Debian has them
(\`apt-get source\`), with \`./config shared\`. One addon is built for each row: its binary is the same for all Nodes.
Where OpenSSL versions behave differently: [differences.md](differences.md), [hazards.md](hazards.md).
${failures.length === 0 ? '' : `\n## Failures\n\n${failures.join('\n')}\n`}`;
}
