// Results as Markdown.
import type { Column, Group, Row } from '../harness/rows.ts';
import { summarize } from '../harness/statistics.ts';
import type { Verdict } from './goals.ts';
import type { Results } from './results.ts';

/** A table. */
export function table(head: readonly string[], lines: ReadonlyArray<readonly string[]>): string {
  const widths = head.map((title, index) => Math.max(title.length, ...lines.map((line) => line[index]?.length ?? 0)));
  const render = (line: readonly string[]): string =>
    `| ${line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`;
  return [render(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...lines.map(render)].join('\n');
}

function cell({ name, digits, hasSpread = false }: Column, { rounds }: Row): string {
  const { median, min, max } = summarize(rounds.map((round) => round[name] ?? Number.NaN));
  if (Number.isNaN(median)) return '-';
  const spread = hasSpread ? ` (${min.toFixed(digits)}..${max.toFixed(digits)})` : '';
  return `${median.toFixed(digits)}${spread}`;
}

/** The table of one group. */
export function groupMarkdown(group: Group, rows: readonly Row[]): string {
  const head = ['situation', 'subject', ...group.columns.map(({ title }) => title)];
  const lines = rows.map((row) => [row.situation, row.subject, ...group.columns.map((column) => cell(column, row))]);
  return `## ${group.title}\n\n${group.note}\n\n${table(head, lines)}\n`;
}

/** The table of goals. */
export function goalsMarkdown(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ question, peer, goal, measured, verdict }) => [
    question,
    peer,
    measured === undefined
      ? '-'
      : `${measured.median.toFixed(2)} (${measured.min.toFixed(2)}..${measured.max.toFixed(2)})`,
    goal,
    verdict === 'missed' ? '**missed**' : verdict,
  ]);
  const note =
    'Server CPU unless said. "Measured" is the median of the ratios to the peer in the same round, with the least and the greatest.';
  return `## Goals\n\n${note}\n\n${table(['question', 'against', 'measured', 'goal', 'verdict'], lines)}\n`;
}

/** The whole report. */
export function reportMarkdown(
  machine: Readonly<Record<string, string>>,
  results: Results,
  verdicts: readonly Verdict[],
): string {
  const facts = Object.entries(machine).map(([name, value]) => `- ${name}: ${value}`);
  const groups = results.groups.filter(({ rows, failure }) => rows.length > 0 || failure !== undefined);
  const parts = groups.map(({ group, rows, failure }) =>
    failure === undefined ? groupMarkdown(group, rows) : `## ${group.title}\n\n**Failed**: ${failure}\n`,
  );
  return ['# Benchmark\n', `${facts.join('\n')}\n`, goalsMarkdown(verdicts), ...parts].join('\n');
}
