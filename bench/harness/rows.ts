// What groups of measurements hand over to the report.
import type { Numbers } from './numbers.ts';
import type { Cores } from './program.ts';

/** One subject in one situation, and what each round said. */
export interface Row {
  readonly situation: string;
  readonly subject: string;
  readonly rounds: readonly Numbers[];
}

/** A column of a group's table. */
export interface Column {
  /** The name of the number. */
  readonly name: string;
  readonly title: string;
  readonly digits: number;
  /** Whether least and greatest value are shown. */
  readonly hasSpread?: boolean;
}

/** How long and how often to measure. */
export interface Effort {
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** Seconds of work that servers in JavaScript get before the first round: for the compiler. */
  readonly warmUp: number;
  /** Seconds of work before each measurement: V8 makes a heap small that has had nothing to do. */
  readonly leadIn: number;
  /** Fewer and smaller subjects. */
  readonly isQuick: boolean;
  /** Of the group of idle connections. */
  readonly connections: number;
  /** Which servers to compare with. */
  readonly peers: readonly string[];
  readonly cores: Cores;
  readonly certificates: Certificates;
}

/** Files, for programs of all kinds. */
export interface Certificates {
  readonly folder: string;
  readonly ecdsa: { readonly cert: string; readonly key: string };
  readonly rsa: { readonly cert: string; readonly key: string };
}

/** Measurements with one table. */
export interface Group {
  readonly name: string;
  readonly title: string;
  /** What must be known to read the table. */
  readonly note: string;
  readonly columns: readonly Column[];
  run(effort: Effort): Promise<Row[]>;
}
