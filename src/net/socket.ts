// One TLS connection on one stream: a Duplex of plaintext.
import { Duplex, type DuplexOptions } from 'node:stream';
import type { SslConnection } from '../connection.ts';

/** How long the last bytes may take to get to a peer that does not read, in milliseconds. */
const lingerTime = 5000;

type Callback = (error?: Error | null) => void;

/** What {@link SslSocket} can be told. */
export interface SslSocketOptions {
  /** False ends the writable side when the peer has ended its own. Default false. */
  allowHalfOpen?: boolean | undefined;
}

/**
 * Plaintext of an {@link SslConnection} over any stream of ciphertext, such as a `net.Socket` with `allowHalfOpen`.
 *
 * Emits `secure` when the handshake is done. `end` sends close_notify, and the other direction goes on; a stream of the
 * peer that ends without its close_notify is the error `ERR_SSL_UNEXPECTED_EOF_WHILE_READING`, unless this side has ended
 * first. `destroy` without an error sends close_notify too, so that the session can be resumed.
 *
 * Owns both: they are closed and freed with it.
 */
export class SslSocket extends Duplex {
  /** Protocol, cipher suite, certificate, session. Freed when the socket has closed. */
  readonly connection: SslConnection;
  readonly #transport: Duplex;
  #wantsData = false;
  /** Written, and waiting for the end of the handshake. */
  #waiting: (() => void) | undefined;
  #isSecure = false;
  #hasEnded = false;

  constructor(transport: Duplex, connection: SslConnection, options: SslSocketOptions = {}) {
    const duplex: DuplexOptions = { allowHalfOpen: options.allowHalfOpen ?? false, emitClose: true, autoDestroy: true };
    super(duplex);
    this.connection = connection;
    this.#transport = transport;
    transport.on('data', (ciphertext: Buffer) => this.#attempt(() => connection.receive(ciphertext)));
    transport.on('end', () => this.#attempt(() => this.#onTransportEnd()));
    transport.on('drain', () => this.#attempt(() => {}));
    transport.on('error', (error: Error) => this.destroy(error));
    transport.on('close', () => this.destroy());
    if (!connection.isServer) process.nextTick(() => this.#attempt(() => connection.handshake()));
  }

  /** The peer's address; `undefined` when the stream has none, or is closed. */
  get remoteAddress(): string | undefined {
    const { remoteAddress }: { remoteAddress?: unknown } = { ...addressOf(this.#transport) };
    return typeof remoteAddress === 'string' ? remoteAddress : undefined;
  }

  /** Runs `step`, then does what its outcome allows: sends, tells of the handshake, hands over plaintext. */
  #attempt(step: () => void): void {
    if (this.destroyed) return;
    try {
      step();
      this.#send();
      if (!this.#isSecure && this.connection.isHandshakeDone) this.#onSecure();
      this.#pump();
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
