// A server whose connections are handled by threads with one session cache: what one makes, all resume.
//   PORT=8443 node worker-threads.mjs
import { isMainThread, threadId } from 'node:worker_threads';
import { createServer, joinServer } from 'sslctx';
import { makeCertificate } from 'sslctx/testing';

if (isMainThread) {
  const server = createServer({
    ...makeCertificate(),
    tickets: 'stateful',
    sessionIdContext: 'shop',
    workers: { file: new URL(import.meta.url), count: 2 },
  });
  // Threads that end early leave their connections, and nothing else.
  server.on('workerExit', (_worker, code, error) => {
    console.log('a thread ended:', code, error?.message ?? '');
    server.addWorker();
  });
  server.context.on('newSession', () => console.log('sessions:', server.context.stats.number));
  server.listen(Number(process.env.PORT ?? 8443), () => console.log('listening on', server.address().port));
  process.on('SIGTERM', () => server.close());
} else {
  joinServer({}, (socket) => {
    socket.on('error', () => {});
    socket.end(`${socket.isSessionReused() ? 'resumed' : 'new'}, thread ${threadId}\n`);
  });
}
