// Servers with threads that run scripts/serve.ts.
import { connect, type SslServerOptions, type SslSocket } from '../../src/index.ts';

/** What a thread runs. */
export const file = new URL('../hazards/scripts/worker.mjs', import.meta.url);
const script = new URL('scripts/serve.ts', import.meta.url).href;

/** Threads that are held up wait here. */
export class Gate {
  /** Also for `Atomics.wait`. */
  readonly shared = new Int32Array(new SharedArrayBuffer(4));

  release(): void {
    Atomics.store(this.shared, 0, 1);
    Atomics.notify(this.shared, 0);
  }
}

/** For `createServer`. */
export function threads(count: number, data: object = {}): NonNullable<SslServerOptions['workers']> {
  return { file, count, options: { execArgv: [], workerData: { script, ...data } } };
}

/** A client that has written `text`. */
export function open(port: number, text: string, options: object = {}): SslSocket {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...options });
  socket.setEncoding('utf8').write(text);
  return socket;
}
