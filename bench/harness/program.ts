// Child processes that talk in lines.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { scriptPath } from '../build.ts';
import { type Numbers, parseNumbers } from './numbers.ts';

/** Servers on one core and clients on the other; `undefined` leaves the choice to the system. */
export interface Cores {
  readonly server: number | undefined;
  readonly client: number | undefined;
}

/** The first two cores that this process may use. */
export function chooseCores(): Cores {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const cores = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  const [server, client] = cores;
  return client === undefined ? { server: undefined, client: undefined } : { server, client };
}

/** How to run a TypeScript program of this folder. */
export function typescript(file: string, nodeArguments: readonly string[] = []): readonly string[] {
  return [process.execPath, ...nodeArguments, scriptPath(file)];
}

const running = new Set<Program>();

/** A child process. It ends with its standard input, or when it is stopped. */
export class Program {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #name: string;
  readonly #pending: string[] = [];
  #waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
  #isOver = false;

  /** @param command - the program and its arguments */
  constructor(command: readonly string[], core: number | undefined) {
    const pinned = core === undefined ? command : ['taskset', '-c', String(core), ...command];
    const [file = '', ...args] = pinned;
    this.#name = command.join(' ');
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', (error) => this.#end(`did not start: ${error.message}`));
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (line) => this.#take(line));
    // Not at 'exit': its last lines may not have been read by then.
    this.#child.on('close', (code, signal) => this.#end(`ended with ${signal ?? code}`));
    running.add(this);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.#name} did not start`);
    return pid;
  }

  /** The next line that it prints. */
  line(): Promise<string> {
    const next = this.#pending.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (this.#isOver) return Promise.reject(new Error(`${this.#name} has ended`));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** The next line, as numbers. */
  async numbers(): Promise<Numbers> {
    return parseNumbers(await this.line());
  }

  /** Tells it one line, and returns its answer. */
  async ask(line: string): Promise<Numbers> {
    this.#child.stdin.write(`${line}\n`);
    return this.numbers();
  }

  /** Its resident memory in bytes. */
  residentBytes(): number {
    const rollup = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'utf8');
    return Number(/^Rss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024;
  }

  /** Ends it, and waits for that. */
  async stop(): Promise<void> {
    if (this.#isOver) return;
    const closed = once(this.#child, 'close');
    this.#child.stdin.end();
    this.#child.kill();
    await closed;
  }

  #take(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#pending.push(line);
    else waiting.resolve(line);
  }

  #end(how: string): void {
    this.#isOver = true;
    running.delete(this);
    this.#waiting?.reject(new Error(`${this.#name} ${how}`));
    this.#waiting = undefined;
  }
}

/** Runs a program that prints one line of numbers. */
export async function runForNumbers(command: readonly string[], core: number | undefined): Promise<Numbers> {
  const program = new Program(command, core);
  try {
    return await program.numbers();
  } finally {
    await program.stop();
  }
}

/** Ends all programs: nothing must go on when the benchmark fails. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop()));
}
