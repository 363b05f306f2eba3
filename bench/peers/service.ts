// What the servers in JavaScript do with a connection: as c/connection.c.
import type { Duplex } from 'node:stream';

const chunk = Buffer.alloc(64 * 1024);

/** Says "x", and waits for the end. */
export function serveHandshake(socket: Duplex): void {
  // The load generator drops what is under way when its time is over.
  socket.on('error', () => {});
  socket.resume();
  socket.write('x');
}

/** Does what the client's first line says. */
export function serveStream(socket: Duplex): void {
  socket.on('error', () => {});
  socket.once('data', (data: Buffer) => {
    const end = data.indexOf('\n');
    const word = data.toString('latin1', 0, end);
    if (word === 'download') {
      socket.resume();
      download(socket);
    } else if (word === 'upload') {
      socket.on('data', () => {});
    } else {
      if (end + 1 < data.length) socket.write(data.subarray(end + 1));
      socket.on('data', (message) => socket.write(message));
    }
  });
}

function download(socket: Duplex): void {
  const fill = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', fill);
  fill();
}
