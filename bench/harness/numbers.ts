// What the programs print: one JSON object of numbers a line.

/** The named results of one measurement. */
export type Numbers = Readonly<Record<string, number>>;

/** Parses a line that a program has printed. */
export function parseNumbers(line: string): Numbers {
  const parsed: unknown = JSON.parse(line);
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`not an object: ${line}`);
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value !== 'number') throw new Error(`'${name}' is no number: ${line}`);
    numbers[name] = value;
  }
  return numbers;
}

/** One of them, which must be there. */
export function take(numbers: Numbers, name: string): number {
  const value = numbers[name];
  if (value === undefined) throw new Error(`there is no '${name}' among ${Object.keys(numbers).join(', ')}`);
  return value;
}
