// Which parts of src/ have run: V8's own block coverage, through the inspector.
import { type Profiler, Session } from 'node:inspector';

/** A script: which of its characters belong to code that has run. */
interface Script {
  readonly url: string;
  readonly covered: Uint8Array;
}

export class Coverage {
  readonly #session = new Session();
  readonly #scripts = new Map<string, Script>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Whether anything has run, since the call before, that never had. Remembered unless `isTrial`. */
  isNew(isTrial = false): boolean {
    let found = false;
    for (const script of this.#take()) {
      if (!/\/(?:src|dist)\/(?!testing\/)[^?]*$/.test(script.url)) continue;
      const ran = paint(script);
      const known = this.#scripts.get(script.scriptId);
      const covered = grown(known?.covered, ran.length);
      for (let at = 0; at < ran.length; at++) {
        if (ran[at] !== 1 || covered[at] === 1) continue;
        found = true;
        if (isTrial) break;
        covered[at] = 1;
      }
      if (!isTrial) this.#scripts.set(script.scriptId, { url: script.url, covered });
    }
    return found;
  }

  /** Characters of code that have run, by file. */
  get files(): ReadonlyArray<{ url: string; covered: number }> {
    return [...this.#scripts.values()].map(({ url, covered }) => ({
      url,
      covered: covered.reduce((sum, each) => sum + each, 0),
    }));
  }

  /** All of them. */
  get size(): number {
    return this.files.reduce((sum, { covered }) => sum + covered, 0);
  }

  #take(): Profiler.ScriptCoverage[] {
    let result: Profiler.ScriptCoverage[] = [];
    // Answered before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error;
      result = answer.result;
    });
    return result;
  }
}

/** Inner ranges come after those around them, and say more. */
function paint({ functions }: Profiler.ScriptCoverage): Uint8Array {
  const ranges = functions.flatMap((each) => each.ranges);
  const painted = new Uint8Array(Math.max(0, ...ranges.map(({ endOffset }) => endOffset)));
  for (const { startOffset, endOffset, count } of ranges) painted.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return painted;
}

function grown(known: Uint8Array | undefined, size: number): Uint8Array {
  if (known !== undefined && known.length >= size) return known;
  const larger = new Uint8Array(size);
  if (known !== undefined) larger.set(known);
  return larger;
}
