// The matrix as Markdown.
import { type Cell, cells, type Exception, nameOf, type Outcome } from './cells.ts';

/** One table, and below it why some peers cannot. */
export interface Matrix {
  /** What the peers are, as the head of the first column. */
  readonly head: string;
  readonly peers: ReadonlyArray<{ readonly name: string }>;
  readonly exceptions: readonly Exception[];
  outcome(peer: string, cell: Cell): Outcome;
}

/** The table, and the reasons as numbered notes. */
export function render({ head, peers, exceptions, outcome }: Matrix): string {
  const row = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
  const text = (peer: string, cell: Cell): string => {
    const found = outcome(peer, cell);
    if (found === cell.mechanism) return 'resumed';
    const isIt = (each: Exception): boolean => each.peer === peer && nameOf(each.cell) === nameOf(cell);
    const note = exceptions.findIndex(isIt) + 1;
    return `${found === 'not resumed' ? found : `resumed by ${found}`} (${note})`;
  };
  return [
    row([head, ...cells.map(nameOf)]),
    row(['---', ...cells.map(() => '---')]),
    ...peers.map(({ name }) => row([name, ...cells.map((cell) => text(name, cell))])),
    '',
    ...exceptions.map(({ peer, reason }, index) => `${index + 1}. ${peer}: ${reason}.`),
  ].join('\n');
}
