// Listening by way of Node: in workers of node:cluster, whose ports are the primary's, and on descriptors of others.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { ListenOptions } from './where.ts';

/** Whether the socket to listen on is not this process's own. */
export function isShared({ fd, exclusive, reusePort }: ListenOptions): boolean {
  return fd !== undefined || (cluster.isWorker && exclusive !== true && reusePort !== true);
}

/** A `net.Server` that only accepts. */
export class SharedListener {
  readonly #plain: Server;

  constructor(
    options: { noDelay: boolean; keepAlive: boolean; keepAliveInitialDelay: number },
    accept: (stream: Socket) => void,
  ) {
    // Of its streams, the side of TLS decides when their end has come.
    this.#plain = createServer({ ...options, allowHalfOpen: true }, accept);
  }

  /** @throws the system's error */
  async listen({ signal: _signal, ...where }: ListenOptions): Promise<void> {
    const listening = once(this.#plain, 'listening');
    this.#plain.listen(where);
    await listening;
  }

  get address(): AddressInfo | string | null {
    return this.#plain.address();
  }

  ref(isOn: boolean): void {
    if (isOn) this.#plain.ref();
    else this.#plain.unref();
  }

  close(): void {
    this.#plain.close();
  }
}
