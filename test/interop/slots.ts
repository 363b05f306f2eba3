// ava starts all tests of a file at once: more programs than a busy machine can run within their time.
const waiting: Array<() => void> = [];
let free = 8;

/** Runs it as soon as fewer than eight others run. */
export async function inTurn<T>(run: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await run();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
}
