// The threads of a server: one port, one session cache, N event loops.
import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort, Worker, type WorkerOptions } from 'node:worker_threads';
import type { SslContext } from '../context.ts';
import { checkOptionNames } from '../context-options.ts';
import { invalidType, invalidValue, requireInteger, SslctxError, toError } from '../errors.ts';
import type { SharedContext } from '../shared-context.ts';
import type { SslServerOptions } from './server-options.ts';

/** See the option `workers` of a server. */
export interface ServerWorkersOptions {
  /** The program of each thread, as of `new Worker`: it must call `joinServer` before it waits for anything else. */
  file: string | URL;
  /** How many threads, 1 to 1024. Default: as many as the machine has processors. */
  count?: number | undefined;
  /** As of `new Worker`; its `workerData` must be an object, if there is one, and gets a member `sslctx`. */
  options?: WorkerOptions | undefined;
}

/** The server's own options that its threads have as well. */
export const clonedOptions = [
  'handshakeTimeout',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelay',
  'deferTickets',
  'lookupTimeout',
  'allowHalfOpen',
  'requireCloseNotify',
] as const;

/** What a thread gets, as `workerData.sslctx`. */
export interface JoinData {
  readonly context: SharedContext;
  readonly hosts: ReadonlyArray<readonly [string, SharedContext]>;
  readonly options: SslServerOptions;
  /** That listens, of the server's thread. */
  readonly fd: number;
  readonly maxConnections: number;
  readonly port: MessagePort;
}

/** What the server tells its threads. */
export type Order =
  | { what: 'close' }
  | { what: 'abort' }
  | { what: 'context'; context: SharedContext }
  | { what: 'host'; hostname: string; context: SharedContext }
  | { what: 'limit'; maxConnections: number }
  | { what: 'count'; number: number };

/** What they tell. */
export type Report =
  | { what: 'listening' }
  | { what: 'closed' }
  | { what: 'count'; number: number; connections: number };

/** What the threads need to know when they start. */
export interface Configuration {
  readonly context: SslContext;
  readonly hosts: Iterable<readonly [string, SslContext]>;
  readonly options: SslServerOptions;
  readonly fd: number;
  readonly maxConnections: number;
}

/** @throws {TypeError} @throws {RangeError} */
export function checkWorkers(workers: ServerWorkersOptions, options: SslServerOptions): void {
  checkOptionNames(workers, ['file', 'count', 'options'], 'workers');
  const { file, count = 1, options: own = {} } = workers;
  if (typeof file !== 'string' && !(file instanceof URL)) throw invalidType('workers.file', 'a path or a URL', file);
  requireInteger('workers.count', count, 1, 1024);
  const { workerData } = own;
  if (workerData !== undefined && (typeof workerData !== 'object' || workerData === null)) {
    throw invalidType('workers.options.workerData', 'an object', workerData);
  }
  for (const name of ['SNICallback', 'ALPNCallback', 'onread'] as const) {
    if (options[name] !== undefined) {
      throw invalidValue(name, `is for 'joinServer' where there are 'workers': functions stay in their thread`);
    }
  }
}

type Exit = { code: number; error: Error | undefined };

/** One of them, seen from the server's. */
class Thread {
  readonly worker: Worker;
  /** Resolves when it accepts connections. */
  readonly started: Promise<void>;
  readonly #port: MessagePort;
  readonly #onGone: (thread: Thread, exit: Exit | undefined) => void;
  readonly #counts = new Map<number, (connections: number) => void>();
  #questions = 0;

  constructor(worker: Worker, port: MessagePort, onGone: (thread: Thread, exit: Exit | undefined) => void) {
    this.worker = worker;
    this.#port = port;
    this.#onGone = onGone;
    let error: Error | undefined;
    worker.on('error', (thrown: unknown) => {
      error = toError(thrown);
    });
    this.started = new Promise((resolve, reject) => {
      port.on('message', (report: Report) => {
        if (report.what === 'listening') resolve();
        else this.#hear(report);
      });
      worker.once('exit', (code) => {
        this.#end({ code, error });
        reject(error ?? new SslctxError('ERR_SSLCTX_STATE', 'a worker has ended before it called joinServer'));
      });
    });
  }

  tell(order: Order): void {
    this.#port.postMessage(order);
  }

  count(): Promise<number> {
    const number = ++this.#questions;
    return new Promise((resolve) => {
      this.#counts.set(number, resolve);
      this.tell({ what: 'count', number });
    });
  }

  #hear(report: Report): void {
    if (report.what === 'closed') {
      this.#end(undefined);
    } else if (report.what === 'count') {
      this.#counts.get(report.number)?.(report.connections);
      this.#counts.delete(report.number);
    }
  }

  #end(exit: Exit | undefined): void {
    this.#port.close();
    for (const resolve of this.#counts.values()) resolve(0);
    this.#counts.clear();
    this.#onGone(this, exit);
  }
}

/** The threads of one server. */
export class ServerWorkers {
  readonly #options: ServerWorkersOptions;
  readonly #configuration: () => Configuration;
  readonly #onExit: (worker: Worker, code: number, error: Error | undefined) => void;
  readonly #onEmpty: () => void;
  readonly #threads = new Set<Thread>();
  #starting = 0;
  #isClosing = false;

  /** `onExit` hears of threads that end before the server does, `onEmpty` of the last one in its end. */
  constructor(
    options: ServerWorkersOptions,
    configuration: () => Configuration,
    onExit: (worker: Worker, code: number, error: Error | undefined) => void,
    onEmpty: () => void,
  ) {
    this.#options = options;
    this.#configuration = configuration;
    this.#onExit = onExit;
    this.#onEmpty = onEmpty;
  }

  get workers(): Worker[] {
    return Array.from(this.#threads, ({ worker }) => worker);
  }

  /** Nobody needs the descriptor of the socket any more. */
  get isIdle(): boolean {
    return this.#starting === 0;
  }

  get isEmpty(): boolean {
    return this.#threads.size === 0;
  }

  async start(): Promise<void> {
    const { count = availableParallelism() } = this.#options;
    await Promise.all(Array.from({ length: count }, () => this.add()));
  }

  /** One more; resolves when it accepts connections. */
  async add(): Promise<Worker> {
    const { port1, port2 } = new MessageChannel();
    const { transferList = [], workerData, ...given } = this.#options.options ?? {};
    const worker = new Worker(this.#options.file, {
      ...given,
      workerData: { ...workerData, sslctx: this.#joinData(port2) },
      transferList: [...transferList, port2],
    });
    let isUp = false;
    const thread = new Thread(worker, port1, (gone, exit) => {
      const wasThere = this.#threads.delete(gone);
      if (wasThere && isUp && exit !== undefined && !this.#isClosing) this.#onExit(worker, exit.code, exit.error);
      if (this.#isClosing && this.isEmpty) this.#onEmpty();
    });
    this.#threads.add(thread);
    this.#starting++;
    try {
      await thread.started;
    } finally {
      this.#starting--;
    }
    isUp = true;
    return worker;
  }

  #joinData(port: MessagePort): JoinData {
    const { context, hosts, maxConnections, fd, options } = this.#configuration();
    return {
      context: context.share(),
      hosts: Array.from(hosts, ([name, host]) => [name, host.share()] as const),
      options: Object.fromEntries(clonedOptions.map((name) => [name, options[name]])),
      fd,
      maxConnections,
      port,
    };
  }

  tell(order: Order): void {
    for (const thread of this.#threads) thread.tell(order);
  }

  /** How many connections they have. */
  async count(): Promise<number> {
    const counts = await Promise.all(Array.from(this.#threads, (thread) => thread.count()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  close(): void {
    this.#isClosing = true;
    this.tell({ what: 'close' });
  }

  /** Ends the threads, whatever they do. */
  async terminate(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
