// What a server in JavaScript is told while it runs: one word a line on standard input, one line of JSON for each.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

/** Prints the port, and answers until standard input ends; then the process ends. */
export function control(port: number): void {
  console.log(port);
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => console.log(JSON.stringify(answer(line))));
  input.on('close', () => process.exit(0));
}

// Not before it is asked for: it wakes the loop every two milliseconds.
let delay: IntervalHistogram | undefined;

function answer(line: string): Record<string, number> {
  if (line === 'reset') {
    delay ??= monitorEventLoopDelay({ resolution: 2 });
    delay.enable();
    delay.reset();
    return { done: 1 };
  }
  if (line === 'report' && delay !== undefined) {
    delay.disable();
    const milliseconds = (nanoseconds: number): number => nanoseconds / 1e6;
    return {
      p50: milliseconds(delay.percentile(50)),
      p99: milliseconds(delay.percentile(99)),
      max: milliseconds(delay.max),
    };
  }
  if (line === 'collect' && globalThis.gc !== undefined) {
    globalThis.gc();
    return { done: 1 };
  }
  throw new Error(`cannot do '${line}'`);
}
