// Where the connections of a server come in: a socket of its own, another thread's, or one that Node accepts on.
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import {
  type ListenAddress,
  type ListenerOptions,
  type ListenerTarget,
  type SocketAddress,
  SslListener,
} from '../channel.ts';
import type { SslContext } from '../context.ts';
import type { SslServerOptions } from './server-options.ts';
import { SharedListener } from './shared-listener.ts';
import type { Transport } from './socket.ts';
import { addressesFor, type ListenOptions } from './where.ts';

/** What the server wants of it. */
export interface DoorSettings {
  readonly context: SslContext;
  readonly options: SslServerOptions;
  /** Of the connections. */
  readonly channel: Pick<ListenerOptions, 'questions' | 'tellsKeys' | 'requireCloseNotify' | 'defersTickets'>;
  readonly maxConnections: number;
  /** Threads accept in its place. */
  readonly isIdle: boolean;
}

export class ServerDoor {
  readonly #settings: () => DoorSettings;
  readonly #target: ListenerTarget;
  #listener: SslListener | undefined;
  #shared: SharedListener | undefined;
  #path: string | undefined;
  #isRef = true;

  constructor(settings: () => DoorSettings, target: ListenerTarget) {
    this.#settings = settings;
    this.#target = target;
  }

  get isUsed(): boolean {
    return this.#listener !== undefined || this.#shared !== undefined;
  }

  /** Handshakes that nobody else knows of. */
  get pending(): number {
    return this.#listener?.pending ?? 0;
  }

  get address(): SocketAddress | AddressInfo | string | null {
    if (this.#shared !== undefined) return this.#shared.address;
    return this.#path ?? this.#listener?.address ?? null;
  }

  /** Of the socket, for other threads. */
  get descriptor(): number {
    return this.#listener?.descriptor ?? -1;
  }

  /** @throws the system's error */
  async open(options: ListenOptions, isGivenUp: () => boolean): Promise<void> {
    let failure: unknown;
    // The first address that works: without a host, that is both families, or IPv4 alone.
    for (const where of await addressesFor(options)) {
      if (isGivenUp()) return;
      try {
        this.openAt(where);
        this.#path = options.path;
        return;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  openAt(where: ListenAddress): void {
    const { context, options, channel, maxConnections, isIdle } = this.#settings();
    const { handshakeTimeout = 120_000, noDelay = true, keepAlive = false, keepAliveInitialDelay = 0 } = options;
    const delay = Math.ceil(keepAliveInitialDelay / 1000);
    const own = { handshakeTimeout, noDelay, keepAlive, isIdle, maxConnections, keepAliveInitialDelay: delay };
    this.#listener = new SslListener(context, where, { ...own, ...channel }, this.#target);
    if (!this.#isRef) this.#listener.ref(false);
  }

  /** Has Node accept. @throws the system's error */
  async share(options: ListenOptions, accept: (stream: Transport) => void): Promise<void> {
    const { noDelay = true, keepAlive = false, keepAliveInitialDelay = 0 } = this.#settings().options;
    const shared = new SharedListener({ noDelay, keepAlive, keepAliveInitialDelay }, accept);
    if (!this.#isRef) shared.ref(false);
    this.#shared = shared;
    try {
      await shared.listen(options);
    } catch (error) {
      this.#shared = undefined;
      throw error;
    }
  }

  /** The settings have changed, for coming connections. */
  configure(): void {
    if (this.#listener === undefined) return;
    const { context, channel, maxConnections } = this.#settings();
    this.#listener.configure(context, { ...channel, maxConnections });
  }

  ref(isOn: boolean): void {
    this.#isRef = isOn;
    this.#listener?.ref(isOn);
    this.#shared?.ref(isOn);
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#listener?.close();
    this.#shared?.close();
    if (this.#listener !== undefined && this.#path !== undefined) rmSync(this.#path, { force: true });
    this.#path = undefined;
  }

  /** Ends the handshakes. */
  abort(): void {
    this.#listener?.abort();
  }

  /** When nothing is pending. */
  free(): void {
    this.#listener?.free();
    this.#listener = undefined;
    this.#shared = undefined;
  }
}
