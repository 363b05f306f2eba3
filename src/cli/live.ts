// Lines that stay, above a block that is drawn anew.
import { cutTo, widthOf } from './width.ts';

interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** A block of lines at the end of a terminal's output. */
export class LiveBlock {
  readonly #terminal: Terminal;
  #shown: string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get columns(): number {
    return this.#terminal.columns || 80;
  }

  get rows(): number {
    return this.#terminal.rows || 24;
  }

  /** Adds `lines` above the block, which becomes `block`. */
  print(lines: readonly string[], block: readonly string[]): void {
    // A line that wraps would be two, and what has left the screen cannot be erased. The cursor has a row, too.
    const fitting = block.slice(0, this.rows - 1).map((each) => cutTo(each, this.columns));
    const isSame = fitting.length === this.#shown.length && fitting.every((each, row) => each === this.#shown[row]);
    if (isSame && lines.length === 0) return;
    // In one write: between two, the terminal would show an empty place.
    this.#terminal.write(`${this.#erase()}${[...lines, ...fitting].map((each) => `${each}\n`).join('')}`);
    this.#shown = fitting;
  }

  /** Leaves what is there. */
  end(): void {
    this.#shown = [];
  }

  #erase(): string {
    if (this.#shown.length === 0) return '';
    // A terminal that has become narrower has wrapped them.
    const heights = this.#shown.map((each) => Math.max(1, Math.ceil(widthOf(each) / this.columns)));
    const height = heights.reduce((sum, each) => sum + each);
    // Not in the first column where the user has typed something, such as ^C.
    return `\r\x1b[${Math.min(height, this.rows)}A\x1b[J`;
  }
}
