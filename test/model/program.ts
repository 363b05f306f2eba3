// What a program of the model fuzzer is: a list of operations, each a name and numbers. A number stands for "one of those
// that there are now", so that any part of a program is a program too: that is what makes shrinking possible.
import { Random } from '../helpers/random.ts';

export interface Op {
  name: string;
  /** Chooses contexts, sessions and values; from 0 to 65535. */
  numbers: readonly number[];
  /** Done inside of the callbacks that the operation causes, one each. */
  inside?: readonly Op[];
  /** The callback with this number throws. */
  throws?: number;
}

/** Operations by name, and how often each comes in proportion to the others. */
export type Weights = Readonly<Record<string, number>>;

const NUMBERS = 4;

/** The program of a seed: the same on every machine. */
export function* program(seed: number, steps: number, weights: Weights): Generator<Op, void, undefined> {
  const random = new Random(seed);
  const names = Object.entries(weights).flatMap(([name, weight]) => Array.from({ length: weight }, () => name));
  const one = (depth: number): Op => {
    const name = random.of(names);
    const numbers = Array.from({ length: NUMBERS }, () => random.below(0x10000));
    const op: Op = { name, numbers };
    if (depth < 3 && random.below(4) === 0) {
      op.inside = Array.from({ length: 1 + random.below(3) }, () => one(depth + 1));
    }
    if (random.below(12) === 0) op.throws = random.below(3);
    return op;
  };
  for (let step = 0; step < steps; step++) yield one(0);
}

/** As a line of a log or of a program that is kept. */
export function show(op: Op): string {
  const inside = op.inside === undefined ? '' : ` { ${op.inside.map(show).join('; ')} }`;
  return `${op.name}(${op.numbers.join(', ')})${op.throws === undefined ? '' : ` throws ${op.throws}`}${inside}`;
}
