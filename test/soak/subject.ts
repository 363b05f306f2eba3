// The process under test: servers of every kind, and clients of its own. bench/c/load.c does the mass from outside.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { makeCertificate } from '../../src/testing/index.ts';
import { Clients } from './clients.ts';
import type { Answer, Measured, Question } from './report.ts';
import { cachesOf, closeServers, contextsOf, openServers, type Servers } from './servers.ts';
import { counts, memory, settle } from './settle.ts';
import { warmUp } from './warm-up.ts';

const library = new URL(process.argv[2] ?? '');
const folder = mkdtempSync(join(tmpdir(), 'sslctx-soak-'));
const pem = makeCertificate({ altNames: ['localhost', 'a.example', 'b.example', '127.0.0.1'] });

const tell = (answer: Answer): void => {
  process.send?.(answer);
};
const fail = (error: unknown): void => tell({ what: 'failed', error: String(error instanceof Error && error.stack) });
process.on('disconnect', () => process.exit(1));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

await warmUp(pem.cert);
const before = counts();

/** What is under test; nothing else refers to it, so that it is collected when it has ended. */
class Scene {
  readonly servers: Servers;
  readonly clients: Clients;
  terminated = 0;

  constructor(servers: Servers) {
    this.servers = servers;
    this.clients = new Clients(servers, pem, folder);
    this.start();
  }

  start(): void {
    this.clients.start().catch(fail);
  }

  async terminate(): Promise<void> {
    const { threads } = this.servers.all;
    await threads.workers[0]?.terminate();
    this.terminated++;
    await threads.addWorker();
  }

  async measure(): Promise<Measured> {
    const { clients, servers, terminated } = this;
    await clients.stop();
    await Promise.all(servers.all.threads.workers.map(collect));
    await settle();
    const measured = {
      ...handshakes(servers),
      ...counts(),
      ...memory(),
      workers: servers.all.threads.workers.length,
      terminated,
      rounds: clients.rounds,
      caches: cachesOf(servers),
    };
    this.start();
    return measured;
  }

  async end(): Promise<void> {
    await this.clients.stop();
    this.clients.end();
    await closeServers(this.servers);
  }
}

async function collect(worker: Worker): Promise<void> {
  const collected = once(worker, 'message');
  worker.postMessage('collect');
  await collected;
}

function handshakes(servers: Servers): { handshakes: number; resumed: number } {
  const stats = Array.from(contextsOf(servers).values(), (context) => context.stats);
  const sum = (of: (one: (typeof stats)[number]) => number): number => stats.reduce((all, one) => all + of(one), 0);
  return { handshakes: sum(({ acceptGood }) => acceptGood), resumed: sum(({ hits }) => hits) };
}

let scene: Scene | undefined;

function present(): Scene {
  if (scene === undefined) throw new Error('it has ended');
  return scene;
}

/** A function that waits holds what it has been called on: this one is over when objects are counted. */
async function end(): Promise<void> {
  await scene?.end();
  scene = undefined;
}

async function answer(question: Question): Promise<Answer> {
  switch (question) {
    case 'count':
      return { what: 'count', handshakes: handshakes(present().servers).handshakes };
    case 'terminate':
      await present().terminate();
      return { what: 'terminate' };
    case 'measure':
      return { what: 'measure', measured: await present().measure() };
    case 'end':
      await end();
      await settle();
      return { what: 'end', after: counts(), memory: memory() };
  }
}

process.on('message', (question: Question) => {
  answer(question).then(tell, fail);
});
// Not awaited: a module holds for good what it has waited for.
openServers(pem, library).then((servers) => {
  scene = new Scene(servers);
  tell({ what: 'ready', loads: [...servers.loads], before });
}, fail);
