// Which thread accepts a connection, and that none is kept waiting.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { createServer, type SslServer, type SslSocket } from '../../src/index.ts';
import { certificate } from '../helpers/classes.ts';
import { leavesNoErrors } from '../helpers/errors.ts';
import { listenOn } from '../net/listen.ts';
import { Gate, open as openWith, threads } from './serving.ts';

test.afterEach(leavesNoErrors);

interface Running {
  readonly server: SslServer;
  readonly port: number;
  readonly gate: Gate;
}

async function serve(t: ExecutionContext, count: number): Promise<Running> {
  const gate = new Gate();
  const server = createServer({ ...certificate(), workers: threads(count, { gate: gate.shared }) });
  const port = await listenOn(t, server);
  t.teardown(() => gate.release());
  return { server, port, gate };
}

function open(port: number, text: string): SslSocket {
  return openWith(port, text, { ca: certificate().cert }).on('error', () => {});
}

/** The name of the thread that answers, or nothing when it is not let in. */
function ask(socket: SslSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (data) => resolve(String(data)));
    socket.once('close', () => resolve(''));
  });
}

async function who(port: number): Promise<string> {
  const socket = open(port, 'x');
  const answer = await ask(socket);
  socket.destroy();
  return answer;
}

test('threads that are held up by JavaScript keep no connection waiting', async (t) => {
  const { server, port } = await serve(t, 3);
  const heldUp = new Set<string>();
  const told = server.workers.map((worker) => once(worker, 'message'));
  while (heldUp.size < 2) {
    open(port, 'hold up');
    const [{ heldUp: thread }] = await Promise.race(told.splice(0));
    heldUp.add(`thread ${thread}`);
    for (const worker of server.workers) {
      if (!heldUp.has(`thread ${worker.threadId}`)) told.push(once(worker, 'message'));
    }
  }
  const free = server.workers.map((worker) => `thread ${worker.threadId}`).filter((name) => !heldUp.has(name));
  t.is(free.length, 1);
  for (let round = 0; round < 20; round++) t.is(await who(port), String(free[0]));
});

test('connections that stay are spread over the threads', async (t) => {
  const { port } = await serve(t, 2);
  const counts = new Map<string, number>();
  for (let count = 0; count < 120; count++) {
    const socket = open(port, 'stay and say');
    t.teardown(() => socket.destroy());
    const thread = await ask(socket);
    counts.set(thread, (counts.get(thread) ?? 0) + 1);
  }
  t.is(counts.size, 2);
  t.true(Math.min(...counts.values()) >= 30, `connections: ${[...counts.values()]}`);
});

/** When its threads have done what came before. */
function answersOfAll(server: SslServer): Promise<unknown> {
  return new Promise((resolve) => {
    server.getConnections(resolve);
  });
}

test('a thread that has as many connections as it may leaves the next ones to another', async (t) => {
  const { server, port } = await serve(t, 2);
  server.maxConnections = 1;
  await answersOfAll(server);
  const first = open(port, 'stay and say');
  const second = open(port, 'stay and say');
  const threads = [await ask(first), await ask(second)];
  t.is(new Set(threads).size, 2);
  t.is(await ask(open(port, 'x')), '');
  first.end();
  await once(first, 'close');
  await answersOfAll(server);
  t.is(await who(port), String(threads[0]));
  second.destroy();
});

async function turns(worker: Worker): Promise<number> {
  worker.postMessage('turns');
  const [{ turns }] = await once(worker, 'message');
  return turns;
}

test('a thread that has closed its server sleeps, whatever waits for the others', async (t) => {
  const { server, port, gate } = await serve(t, 2);
  const [one, two] = server.workers;
  if (one === undefined || two === undefined) return t.fail('two threads');
  one.postMessage('close and stay');
  t.teardown(() => one.terminate());
  await turns(one);
  const heldUp = once(two, 'message');
  open(port, 'hold up');
  await heldUp;
  // Nobody can accept it now.
  const waiting = who(port);
  const before = await turns(one);
  // A loop that does not sleep turns some ten thousand times in that; a garbage collector in small steps, some hundred times.
  await delay(100);
  t.true((await turns(one)) - before < 2000);
  gate.release();
  t.is(await waiting, `thread ${two.threadId}`);
});

const run = promisify(execFile);
const program = fileURLToPath(new URL('scripts/held_up.ts', import.meta.url));
const command = [process.execPath, ...process.execArgv, program];

test('on one processor, too', async (t) => {
  const { stdout } = await run('taskset', ['-cp', String(process.pid)]);
  const processor = /: (\d+)/.exec(stdout)?.[1] ?? t.fail(stdout);
  const result = await run('taskset', ['-c', String(processor), ...command]);
  t.is(result.stdout, 'guards: 1\n');
});

test('and without a guard, for want of a descriptor', async (t) => {
  const result = await run('sh', ['-c', 'ulimit -n 1024 && exec "$0" "$@"', ...command, 'scarce']);
  t.is(result.stdout, 'guards: 0\n');
});
