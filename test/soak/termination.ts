// Threads of a server are terminated while clients are served, and others take their places.
import { once } from 'node:events';
import { createServer, SslContext, type SslServer } from '../../src/index.ts';
import { makeCertificate } from '../../src/testing/index.ts';
import { type Counts, counts, settle } from './settle.ts';
import { type Visit, Visitor } from './visitor.ts';
import { warmUp } from './warm-up.ts';

export interface TerminationOptions {
  /** How many are terminated. */
  readonly count: number;
  /** Where the threads load the package from. */
  readonly library: URL;
  readonly protocol: 'TLSv1.2' | 'TLSv1.3';
  readonly threads?: number;
  readonly clients?: number;
  readonly log?: (line: string) => void;
}

export interface TerminationResult {
  readonly connections: number;
  readonly resumed: number;
  /** Resumptions, by a thread that lived, of sessions that a thread made which did not live any more. */
  readonly resumedOfGone: number;
  /** How many connections were in which stage when a thread was terminated. */
  readonly interrupted: { readonly handshake: number; readonly transfer: number };
  readonly terminated: number;
  /** Of those, before they had joined the server. */
  readonly unborn: number;
  /** Connections of threads that were terminated. */
  readonly lost: number;
  /** Those that failed though their thread lived. */
  readonly unexplained: readonly Visit[];
  /** Those whose session was not taken. */
  readonly refused: readonly Visit[];
  readonly before: Counts;
  readonly after: Counts;
}

interface Termination {
  readonly began: number;
  ended: number;
}

class Scene {
  readonly visits: Visit[] = [];
  /** Threads, and since when. */
  readonly #gone = new Map<number, number>();
  readonly terminations: Termination[] = [];
  readonly interrupted = { handshake: 0, transfer: 0 };
  unborn = 0;
  isOver = false;
  readonly server: SslServer;
  readonly #visitors: Visitor[];
  #completed = 0;
  #waiting: { count: number; resolve: () => void } | undefined;

  constructor(server: SslServer, visitors: Visitor[]) {
    this.server = server;
    this.#visitors = visitors;
  }

  async serve(visitor: Visitor, number: number): Promise<void> {
    for (let turn = number; ; turn++) {
      const isLast = this.isOver;
      const visit = await visitor.visit(turn % 12);
      this.visits.push(visit);
      if (visit.failure === undefined) this.#completed++;
      if (this.#waiting !== undefined && this.#completed >= this.#waiting.count) this.#waiting.resolve();
      if (isLast) return;
    }
  }

  /** Until so many more connections have succeeded. */
  async goOn(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting = { count: this.#completed + count, resolve };
    });
    this.#waiting = undefined;
  }

  async terminate(): Promise<void> {
    const [worker] = this.server.workers;
    if (worker === undefined) throw new Error('no thread');
    for (const { stage } of this.#visitors) if (stage !== 'idle') this.interrupted[stage]++;
    await this.#end(worker);
    await this.server.addWorker();
  }

  /** One that has not come to accept connections. */
  async terminateUnborn(): Promise<void> {
    const others = new Set(this.server.workers);
    const adding = this.server.addWorker().then(
      () => 'added',
      () => 'refused',
    );
    const worker = this.server.workers.find((one) => !others.has(one));
    if (worker === undefined) throw new Error('no new thread');
    await this.#end(worker);
    if ((await adding) !== 'added') this.unborn++;
  }

  async #end(worker: SslServer['workers'][number]): Promise<void> {
    const termination = { began: performance.now(), ended: Number.POSITIVE_INFINITY };
    this.terminations.push(termination);
    this.#gone.set(worker.threadId, termination.began);
    await worker.terminate();
    termination.ended = performance.now();
  }

  /** Whether it has resumed what a thread had made that was there no more. */
  hasOutlived({ isResumed, maker, began, failure }: Visit): boolean {
    return failure === undefined && isResumed && maker !== undefined && this.#wasGone(maker, began);
  }

  #wasGone(thread: number, time: number): boolean {
    return (this.#gone.get(thread) ?? Number.POSITIVE_INFINITY) <= time;
  }

  /** Whether a thread that was terminated had this connection. */
  isExplained({ thread, began, ended }: Visit): boolean {
    if (thread !== undefined) return this.#wasGone(thread, ended);
    return this.terminations.some((one) => began <= one.ended && ended >= one.began);
  }
}

/** Its process needs --expose-gc, and must do nothing else meanwhile. */
export async function terminateThreads(options: TerminationOptions): Promise<TerminationResult> {
  const { count, library, protocol, threads = 3, clients = 8, log } = options;
  const { cert, key } = makeCertificate();
  await warmUp(cert);
  const before = counts();
  const server = createServer({
    cert,
    key,
    minVersion: protocol,
    maxVersion: protocol,
    tickets: 'stateful',
    workers: {
      file: new URL('worker.mjs', import.meta.url),
      count: threads,
      options: { execArgv: [], workerData: { library: library.href, greets: true } },
    },
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 511 });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string' || !('port' in address)) throw new Error('no port');
  const context = new SslContext({ ca: cert, sessionCache: { mode: ['client', 'no-internal'] } });
  const visitors = Array.from({ length: clients }, () => new Visitor({ port: address.port ?? 0, context }));
  const scene = new Scene(server, visitors);
  const serving = Promise.all(visitors.map((visitor, number) => scene.serve(visitor, number)));
  for (let number = 1; number <= count; number++) {
    await scene.goOn(clients * 3);
    await (number % 6 === 0 ? scene.terminateUnborn() : scene.terminate());
    if (number % 10 === 0)
      log?.(`${number} terminated, ${scene.visits.length} connections, ${JSON.stringify(counts())}`);
  }
  await scene.goOn(clients * 3);
  // Each client comes once more.
  scene.isOver = true;
  await serving;
  for (const visitor of visitors) visitor.end();
  await server[Symbol.asyncDispose]();
  server.context.free();
  context.free();
  return result(scene, before);
}

async function result(scene: Scene, before: Counts): Promise<TerminationResult> {
  const { visits, interrupted, terminations, unborn } = scene;
  const failed = visits.filter(({ failure }) => failure !== undefined);
  const unexplained = failed.filter((visit) => !scene.isExplained(visit));
  const good = visits.filter(({ failure }) => failure === undefined);
  await settle();
  return {
    connections: visits.length,
    resumed: good.filter(({ isResumed }) => isResumed).length,
    resumedOfGone: visits.filter((visit) => scene.hasOutlived(visit)).length,
    interrupted,
    terminated: terminations.length,
    unborn,
    lost: failed.length - unexplained.length,
    unexplained,
    refused: good.filter(({ isResumed, maker }) => maker !== undefined && !isResumed),
    before,
    after: counts(),
  };
}
