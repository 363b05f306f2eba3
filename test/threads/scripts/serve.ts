// A thread of a server with workers: answers with its own number.
import { closeSync, openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { joinServer } from '../../../src/index.ts';

if (workerData.fails === true) throw new Error('a worker that cannot start');
const taken = workerData.isScarce === true ? takeDescriptors() : [];
const server = joinServer({}, (socket) => {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (String(data) === 'throw') throw new Error('thrown by a listener');
    if (String(data) === 'hold up') holdUp();
    if (String(data) === 'stay and say') socket.write(`thread ${threadId}`);
    else if (String(data) !== 'stay') socket.end(`thread ${threadId}`);
  });
  if (workerData.greets === true) socket.end(`thread ${threadId}`);
});
taken.forEach(closeSync);
server.on('tlsClientError', () => {});

/** All but those for the listening socket, an event loop's epoll, and the reserve of its sockets. */
function takeDescriptors(): number[] {
  const descriptors: number[] = [];
  try {
    for (;;) descriptors.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EMFILE')) throw error;
  }
  descriptors.splice(-3).forEach(closeSync);
  return descriptors;
}

/** Until the others have had enough. */
function holdUp(): void {
  parentPort?.postMessage({ heldUp: threadId });
  Atomics.wait(workerData.gate, 0, 0);
}

parentPort?.on('message', (message: string) => {
  if (message === 'close and stay') {
    server.close();
    parentPort?.ref();
  }
  if (message === 'hold up') holdUp();
  if (message === 'turns') parentPort?.postMessage({ turns: performance.nodeTiming.uvMetricsInfo.loopCount });
});
// Of itself it keeps no thread alive.
parentPort?.unref();
