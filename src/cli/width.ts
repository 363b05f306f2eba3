// How wide text is on a terminal.
import { stripVTControlCharacters } from 'node:util';

// East Asian Width W and F (Unicode Standard Annex 11) by blocks, and emoji: two columns.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const combining = /\p{Mn}|\p{Me}|\p{Cf}/u;

function widthOfOne(character: string): number {
  if (character < '\u0300') return 1;
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** In columns; styles count for nothing. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += widthOfOne(character);
  return width;
}

/** With spaces behind it. */
export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** Its beginning, without styles, where it is wider than that. */
export function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let width = 1;
  let start = '';
  for (const character of stripVTControlCharacters(text)) {
    width += widthOfOne(character);
    if (width > columns) break;
    start += character;
  }
  return `${start}…`;
}

/** Parts two spaces apart, in as many lines as they need; those after the first are indented. */
export function flow(parts: readonly string[], columns: number, indent: number): string[] {
  const lines: string[] = [];
  for (const part of parts.filter((each) => each !== '')) {
    const last = lines.at(-1);
    const longer = `${last}  ${part}`;
    if (last === undefined) lines.push(part);
    else if (widthOf(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(' '.repeat(indent) + part);
  }
  return lines;
}
