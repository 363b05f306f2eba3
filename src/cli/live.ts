// Lines that stay, above a block that is drawn anew.
import { stripVTControlCharacters } from 'node:util';

interface Terminal {
  readonly columns?: number;
  write(text: string): unknown;
}

/** A block of lines at the end of a terminal's output. */
export class LiveBlock {
  readonly #terminal: Terminal;
  #shown: string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Adds `lines` above the block, which becomes `block`. */
  print(lines: readonly string[], block: readonly string[]): void {
    // In one write: between two, the terminal would show an empty place.
    const fitting = block.map((each) => this.#cut(each));
    const isSame = fitting.length === this.#shown.length && fitting.every((each, row) => each === this.#shown[row]);
    if (isSame && lines.length === 0) return;
    this.#terminal.write(`${this.#erase()}${[...lines, ...fitting].map((each) => `${each}\n`).join('')}`);
    this.#shown = fitting;
  }

  /** Leaves what is there. */
  end(): void {
    this.#shown = [];
  }

  #erase(): string {
    return this.#shown.length === 0 ? '' : `\x1b[${this.#shown.length}A\x1b[J`;
  }

  /** A line that wraps would be two, and the block higher than it is taken for. */
  #cut(text: string): string {
    const width = this.#terminal.columns ?? 80;
    const plain = stripVTControlCharacters(text);
    return plain.length <= width ? text : `${plain.slice(0, width - 1)}…`;
  }
}
