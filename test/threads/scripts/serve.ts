// A thread of a server with workers: answers with its own number.
import { threadId, workerData } from 'node:worker_threads';
import { joinServer } from '../../../src/index.ts';

if (workerData.fails === true) throw new Error('a worker that cannot start');
const server = joinServer({}, (socket) => {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (String(data) === 'throw') throw new Error('thrown by a listener');
    if (String(data) !== 'stay') socket.end(`thread ${threadId}`);
  });
  if (workerData.greets === true) socket.end(`thread ${threadId}`);
});
server.on('tlsClientError', () => {});
