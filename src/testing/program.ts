// One run of the openssl program: its text, its end, and waiting for either without a sleep.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { atExit } from './cleanup.ts';
import { aborted, invalidValue, isProgramMissing, programMissing, TestingError } from './errors.ts';

/** What the functions that run a program have in common. */
export interface ProgramOptions {
  /** The program to run. Default `openssl`, looked up in `PATH`. */
  program?: string | undefined;
  /** Its environment. Default: this process's. */
  env?: NodeJS.ProcessEnv | undefined;
  /** More command-line arguments, after all others. */
  args?: readonly string[] | undefined;
  /** Milliseconds that an awaited event may take, 1 to 2147483647; then the program is killed. Default 10000. */
  timeout?: number | undefined;
  /** Ends the program; what was awaited rejects with an `AbortError` (`ABORT_ERR`), its cause the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The names of {@link ProgramOptions}, for `checkOptionNames`. */
export const programOptionNames = { program: true, env: true, args: true, timeout: true, signal: true } as const;

/** How a program ended. */
export interface ProgramExit {
  /** `null` when a signal ended it. */
  exitCode: number | null;
}

interface Waiter {
  check(): void;
  fail(error: unknown): void;
}

const DEFAULT_TIMEOUT = 10_000;

/** A started program. It ends with this process at the latest. */
export class RunningProgram {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #command: string;
  readonly #timeout: number;
  readonly #waiters = new Set<Waiter>();
  readonly #signal: AbortSignal | undefined;
  /** Resolves when it has ended and all its output was read, or when it could not be started. Never rejects. */
  readonly ended: Promise<void>;
  #stdout = '';
  #stderr = '';
  #output = '';
  #exit: ProgramExit | undefined;
  #failure: unknown;

  /** @throws `ABORT_ERR` when the signal is aborted already */
  constructor(command: string, args: readonly string[], options: ProgramOptions) {
    const { program = 'openssl', env = process.env, timeout = DEFAULT_TIMEOUT, signal } = options;
    // setTimeout takes anything else for 1.
    if (!(timeout >= 1 && timeout <= 0x7fff_ffff)) throw invalidValue('timeout', 'must be 1 to 2147483647');
    if (signal?.aborted) throw aborted(signal);
    this.#command = `${program} ${command}`;
    this.#timeout = timeout;
    this.#signal = signal;
    // Standard input is a pipe that stays open: at its end s_client closes the connection, and s_server stops.
    this.#child = spawn(program, [command, ...args, ...(options.args ?? [])], { env, stdio: 'pipe' });
    const forget = atExit(() => this.#child.kill('SIGKILL'));
    signal?.addEventListener('abort', this.#onAbort, { once: true });

    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#progress(text);
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#progress(text);
    });
    // A program that has just ended closes its input: the exit code tells the story, EPIPE does not.
    this.#child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => {
      const end = (exitCode: number | null): void => {
        forget();
        signal?.removeEventListener('abort', this.#onAbort);
        this.#exit = { exitCode };
        this.#progress('');
        resolve();
      };
      this.#child.on('error', (error) => {
        this.#fail(isProgramMissing(error) ? programMissing(program, error) : this.#error(error.message, error));
        if (this.#child.pid === undefined) end(null);
      });
      // 'close', not 'exit': only then has all the output been read.
      this.#child.on('close', end);
    });
  }

  /** Standard output so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Both, in the order of arrival. */
  get output(): string {
    return this.#output;
  }

  /** How it ended, `undefined` while it runs. */
  get exit(): ProgramExit | undefined {
    return this.#exit;
  }

  /** Writes to the program's standard input, and leaves it open. */
  write(bytes: Uint8Array): void {
    this.#child.stdin.write(bytes);
  }

  /** Ends the program's standard input. */
  endInput(): void {
    this.#child.stdin.end();
  }

  /** Ends the program at once; it gets no chance to say goodbye to its peer. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /**
   * Resolves when `found` gives something other than `undefined`. It is asked now, after each piece of output, and after
   * the end of the program.
   *
   * @param what completes the sentence "waited for ..." in the error messages
   * @throws {TestingError} `ERR_SSLCTX_PROGRAM_MISSING`; `ERR_SSLCTX_PROGRAM_TIMEOUT`, and the program is killed;
   *   `ERR_SSLCTX_PROGRAM_FAILED` when it ended and `found` is still not content
   */
  waitFor<T>(what: string, found: () => T | undefined, timeout = this.#timeout): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.kill();
        const text = `waited ${timeout} ms in vain for ${what}`;
        this.#fail(new TestingError('ERR_SSLCTX_PROGRAM_TIMEOUT', this.#describe(text), { output: this.#output }));
      }, timeout);
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        check: () => {
          if (this.#failure !== undefined) return waiter.fail(this.#failure);
          const result = found();
          if (result === undefined && this.#exit === undefined) return;
          if (result === undefined) return waiter.fail(this.#error(`ended while we waited for ${what}`));
          settle();
          resolve(result);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      waiter.check();
    });
  }

  /** Resolves when the program has ended and all its output was read. */
  waitForExit(timeout?: number): Promise<ProgramExit> {
    return this.waitFor('its end', () => this.#exit, timeout);
  }

  readonly #onAbort = (): void => {
    this.kill();
    if (this.#signal !== undefined) this.#fail(aborted(this.#signal));
  };

  #progress(text: string): void {
    this.#output += text;
    for (const waiter of [...this.#waiters]) waiter.check();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const waiter of [...this.#waiters]) waiter.fail(this.#failure);
  }

  #error(problem: string, cause?: unknown): TestingError {
    const exitCode = this.#exit?.exitCode ?? null;
    const status = this.#exit === undefined ? '' : ` (status ${exitCode ?? 'killed'})`;
    const details = { cause, exitCode, output: this.#output };
    return new TestingError('ERR_SSLCTX_PROGRAM_FAILED', this.#describe(problem + status), details);
  }

  #describe(problem: string): string {
    const printed = this.#output === '' ? 'It printed nothing.' : `It printed:\n${this.#output}`;
    return `'${this.#command}': ${problem}. ${printed}`;
  }
}
