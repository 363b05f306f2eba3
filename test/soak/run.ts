// One soak: the process under test, and the load.
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildC, programPath } from '../../bench/build.ts';
import type { Answer, Load, Measured, Question } from './report.ts';
import type { Counts, Memory } from './settle.ts';
import { type Evidence, verdict } from './verdict.ts';

export interface SoakOptions {
  /** It ends when so many are done, or so much time is over. */
  readonly handshakes: number;
  readonly minutes: number;
  /** Seconds of one load. */
  readonly slice: number;
  /** Where the threads of servers load the package from. */
  readonly library: URL;
  readonly onPoint?: (point: Measured, share: number) => void;
}

export interface SoakResult extends Evidence {
  readonly seconds: number;
  /** Connections of the load. */
  readonly connections: number;
  /** Of those, the ones whose thread was terminated. */
  readonly lost: number;
  readonly final: Memory;
  readonly wrong: readonly string[];
}

const SLOTS = 8;
const POINTS = 10;

class Subject {
  readonly #child: ChildProcess;
  readonly #failed: Promise<never>;

  constructor(library: URL) {
    const file = fileURLToPath(new URL('subject.ts', import.meta.url));
    const runner = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url));
    // Little room for objects that are young: what threads have not collected yet would be most of what is measured.
    const execArgv = ['--expose-gc', '--max-semi-space-size=2'];
    this.#child = fork(runner, [file, library.href], { execArgv });
    this.#failed = new Promise((_resolve, reject) => {
      this.#child.on('message', (answer: Answer) => {
        if (answer.what === 'failed') reject(new Error(`in the process under test: ${answer.error}`));
      });
      this.#child.once('exit', (code, signal) => reject(new Error(`the process under test ended: ${signal ?? code}`)));
    });
    // Whoever waits hears of it.
    this.#failed.catch(() => {});
  }

  hear<What extends Answer['what']>(what: What): Promise<Extract<Answer, { what: What }>> {
    const heard = new Promise<Extract<Answer, { what: What }>>((resolve) => {
      const take = (answer: Answer): void => {
        if (!is(answer, what)) return;
        this.#child.off('message', take);
        resolve(answer);
      };
      this.#child.on('message', take);
    });
    return Promise.race([heard, this.#failed]);
  }

  ask<What extends Question>(question: What): Promise<Extract<Answer, { what: What }>> {
    const answer = this.hear(question);
    this.#child.send(question);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }
}

function is<What extends Answer['what']>(answer: Answer, what: What): answer is Extract<Answer, { what: What }> {
  return answer.what === what;
}

async function put(load: Load, seconds: number): Promise<{ count: number; failures: number }> {
  const { port, tls, resume } = load;
  const args = { port, tls, resume, slots: SLOTS, seconds };
  const list = Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout } = await promisify(execFile)(programPath('load'), list);
  const { count, failures } = JSON.parse(stdout);
  return { count, failures };
}

export async function soak(options: SoakOptions): Promise<SoakResult> {
  buildC(['load']);
  const subject = new Subject(options.library);
  try {
    const { loads, before } = await subject.hear('ready');
    return await new Soak(options, subject, loads).run(before);
  } finally {
    await subject.stop();
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #subject: Subject;
  readonly #inThreads: Load[];
  readonly #others: Load[];
  readonly #began = performance.now();
  readonly #points: Measured[] = [];
  #slices = 0;
  #connections = 0;
  #failures = 0;
  #lost = 0;

  constructor(options: SoakOptions, subject: Subject, loads: readonly Load[]) {
    this.#options = options;
    this.#subject = subject;
    this.#inThreads = loads.filter(({ server }) => server === 'threads');
    this.#others = loads.filter(({ server }) => server !== 'threads');
  }

  async run(before: Counts): Promise<SoakResult> {
    let next = 1;
    for (let share = 0; share < 1; ) {
      await this.#slice();
      const { handshakes } = await this.#subject.ask('count');
      share = Math.max(handshakes / this.#options.handshakes, this.#seconds / 60 / this.#options.minutes);
      if (share * POINTS < next) continue;
      next = Math.floor(share * POINTS) + 1;
      const { measured } = await this.#subject.ask('measure');
      this.#points.push(measured);
      this.#options.onPoint?.(measured, Math.min(share, 1));
    }
    const { after, memory: final } = await this.#subject.ask('end');
    const evidence = { points: this.#points, before, after, failures: this.#failures };
    const [seconds, connections, lost] = [this.#seconds, this.#connections, this.#lost];
    return { ...evidence, seconds, connections, lost, final, wrong: verdict(evidence) };
  }

  get #seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** When the load is at work. */
  async #terminate(): Promise<void> {
    await pause(this.#options.slice * 700);
    await this.#subject.ask('terminate');
  }

  /** One load on a server of one thread, and one on that with several, of which every other time one is terminated. */
  async #slice(): Promise<void> {
    const { slice } = this.#options;
    const number = this.#slices++;
    const terminates = number % 2 === 1;
    const [other, inThreads] = [this.#others, this.#inThreads].map((loads) => loads[number % loads.length]);
    if (other === undefined || inThreads === undefined) throw new Error('no load');
    const [one, two] = await Promise.all([
      put(other, slice),
      put(inThreads, slice),
      terminates ? this.#terminate() : undefined,
    ]);
    this.#connections += one.count + two.count;
    this.#failures += one.failures + (terminates ? Math.max(0, two.failures - SLOTS) : two.failures);
    if (terminates) this.#lost += Math.min(two.failures, SLOTS);
  }
}
