// A thread of the servers of the soak. `workerData.library` is where the package is: its sources, or what is compiled.
import { parentPort, threadId, workerData } from 'node:worker_threads';

const { library } = workerData;
// --import has no effect in a worker on Node 20.
if (library.endsWith('.ts') && !process.features.typescript) (await import('tsx/esm/api')).register();
const { joinServer } = await import(library);

const chunk = Buffer.alloc(64 * 1024, 7);

// Says who it is, sends as many chunks as the client's first line says, and ends with the client.
const server = joinServer({}, (socket) => {
  socket.on('error', () => {});
  socket.write(workerData.greets === true ? `${threadId}\n` : 'x');
  socket.once('data', (line) => {
    for (let left = Number(line); left > 0; left--) socket.write(chunk);
    socket.resume().end();
  });
});
server.on('tlsClientError', () => {});

// What it has not collected yet is no growth.
parentPort.on('message', () => {
  globalThis.gc();
  parentPort.postMessage('collected');
});
parentPort.unref();
