// Text for people and for programs.
import { styleText } from 'node:util';
import { padTo, widthOf } from './width.ts';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

const isTerminal = process.stdout.isTTY === true && !process.env.NO_COLOR;

/** Colours, where there is a terminal that wants them. */
export function style(kind: Style, text: string): string {
  return isTerminal ? styleText(kind, text) : text;
}

export function line(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** In ASCII where a terminal could take a character for a command: JSON itself escapes but some of them. */
export function json(value: object): void {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  line(JSON.stringify(value).replace(/[\p{Cc}\p{Cf}]/gu, (text) => text.split('').map(escaped).join('')));
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * What others have sent, without what would move the cursor or colour the terminal.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}

/** Columns as wide as their widest cell. */
export function table(rows: ReadonlyArray<readonly string[]>, head?: readonly string[]): string[] {
  const all = head === undefined ? rows : [head, ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))));
  const lines = all.map((row) =>
    row
      .map((cell, column) => padTo(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const [first, ...rest] = lines;
  return head === undefined || first === undefined ? lines : [style('dim', first), ...rest];
}

/** `7200 s`, and in words what that is. */
export function seconds(count: number): string {
  const units: ReadonlyArray<readonly [number, string]> = [
    [86_400, 'days'],
    [3600, 'hours'],
    [60, 'minutes'],
  ];
  const unit = units.find(([size]) => count >= 2 * size && count % size === 0);
  return unit === undefined ? `${count} s` : `${count} s (${count / unit[0]} ${unit[1]})`;
}

/** A time of the system's clock, in UTC. */
export function timestamp(epoch: number): string {
  const date = new Date(epoch * 1000);
  return Number.isNaN(date.getTime()) ? `${epoch}` : date.toISOString().replace('.000Z', 'Z').replace('T', ' ');
}

/** The beginning of an ID. */
export function short(hex: string): string {
  return hex.length > 16 ? `${hex.slice(0, 16)}…` : hex;
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
