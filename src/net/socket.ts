// One TLS connection on one stream: a Duplex of plaintext.
import { Duplex } from 'node:stream';
import type { SslConnection } from '../connection.ts';
import { SslctxError, toError } from '../errors.ts';

/** How long the last bytes may wait for a peer that does not read, in milliseconds. */
const lingerTime = 5000;

type Callback = (error?: Error | null) => void;

/** A stream of ciphertext; a `net.Socket` must have been made with `allowHalfOpen`. */
export interface Transport extends Duplex {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** What {@link SslSocket} can be told. */
export interface SslSocketOptions {
  /** Whether this side may go on writing when the peer has ended its own. Default false: `end` follows by itself. */
  allowHalfOpen?: boolean | undefined;
  /**
   * Whether a peer whose stream ends without close_notify is an error, `ERR_SSL_UNEXPECTED_EOF_WHILE_READING`, after which
   * libssl drops the session. For protocols that do not mark the end of a message themselves: many clients never send a
   * close_notify. Default false: `end` as usual, and `isTruncated`.
   */
  requireCloseNotify?: boolean | undefined;
}

/**
 * The plaintext of an {@link SslConnection} over a stream of ciphertext. Owns both: they are closed and freed with it.
 *
 * - Emits `secure` when the handshake is done; until then, what is written waits.
 * - `end` sends close_notify. The peer may go on sending.
 * - A peer whose stream ends without close_notify may have been cut off: see `isTruncated`.
 * - `destroy` without an error sends close_notify, so that the session stays good; with an error it does not.
 */
export class SslSocket extends Duplex {
  /** Protocol, cipher suite, certificate, session. Freed when the socket has closed. */
  readonly connection: SslConnection;
  readonly #transport: Transport;
  /** The reader has room. */
  #wantsData = false;
  /** What to repeat when the handshake is done, and whom to tell when it fails. */
  #waiting: { repeat: () => void; callback: Callback } | undefined;
  #isSecure = false;
  #hasEnded = false;
  /** The stream has ended without close_notify, and that will do. */
  #isPeerGone = false;
  #isTruncated = false;
  readonly #requiresCloseNotify: boolean;

  constructor(transport: Transport, connection: SslConnection, options: SslSocketOptions = {}) {
    super({ allowHalfOpen: options.allowHalfOpen ?? false });
    this.connection = connection;
    this.#transport = transport;
    this.#requiresCloseNotify = options.requireCloseNotify ?? false;
    transport.on('data', (ciphertext: Buffer) => this.#advance(() => connection.receive(ciphertext)));
    transport.on('end', () => this.#advance(() => this.#onTransportEnd()));
    transport.on('error', (error: Error) => this.destroy(error));
    transport.on('close', () => this.destroy());
    if (!connection.isServer) this.#advance(() => connection.handshake());
  }

  /** The peer's address; `undefined` when the stream has none, or has closed. */
  get remoteAddress(): string | undefined {
    return this.#transport.remoteAddress;
  }

  /** The peer's port; `undefined` when the stream has none, or has closed. */
  get remotePort(): number | undefined {
    return this.#transport.remotePort;
  }

  /** The peer's stream has ended without close_notify: by RFC 8446, data may be missing. */
  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  override _read(): void {
    this.#wantsData = true;
    this.#pump();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#write([chunk], callback);
  }

  override _writev(chunks: Array<{ chunk: Buffer }>, callback: Callback): void {
    this.#write(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  override _final(callback: Callback): void {
    if (!this.#isSecure) {
      this.#waiting = { repeat: () => this._final(callback), callback };
      return;
    }
    try {
      this.connection.shutdown();
      this.#transport.end(this.connection.takeOutput(), callback);
    } catch (error) {
      callback(toError(error));
    }
  }

  override _destroy(error: Error | null, callback: Callback): void {
    const lastBytes = this.#close(error);
    const transport = this.#transport;
    if (!transport.destroyed) {
      const timer = setTimeout(() => transport.destroy(), lingerTime).unref();
      transport.once('close', () => clearTimeout(timer));
      if (!transport.writableEnded) transport.end(lastBytes);
      if (transport.writableFinished) transport.destroy();
      else transport.once('finish', () => transport.destroy());
    }
    this.#waiting?.callback(error ?? new SslctxError('ERR_SSLCTX_STATE', 'destroyed before the handshake was done'));
    this.#waiting = undefined;
    callback(error);
  }

  /** Frees the connection; returns what the peer should still get: close_notify, or an alert. */
  #close(error: Error | null): Buffer | undefined {
    const { connection } = this;
    try {
      if (error === null && connection.failure === undefined) connection.shutdown();
      return connection.takeOutput();
    } catch {
      // The connection fails while it is being closed, or its user has freed it: nothing more to say to the peer.
      return undefined;
    } finally {
      connection.free();
    }
  }

  /** Runs `step`, then does all that its outcome allows. */
  #advance(step: () => void): void {
    if (this.destroyed || !this.#attempt(step)) return;
    if (!this.#isSecure && this.connection.isHandshakeDone) {
      this.#isSecure = true;
      this.emit('secure');
      // As net.Socket: the peer's end is noticed although nobody reads yet.
      if (!this.destroyed) this.read(0);
    }
    if (this.#isSecure && !this.destroyed) this.#retry();
    this.#pump();
  }

  /** Runs `step` and sends what it leaves for the peer. False when it failed; then the socket is destroyed. */
  #attempt(step: () => void): boolean {
    try {
      step();
      const output = this.connection.takeOutput();
      if (output !== undefined) this.#transport.write(output);
      return true;
    } catch (error) {
      this.destroy(toError(error));
      return false;
    }
  }

  #retry(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.repeat();
  }

  #onTransportEnd(): void {
    if (this.#hasEnded) return;
    // A peer need not answer to our own close_notify.
    const isEnough = !this.#requiresCloseNotify || this.connection.isShutdownSent;
    if (this.#isSecure && isEnough) this.#isPeerGone = true;
    else this.connection.receiveEnd();
  }

  /** Hands plaintext over for as long as there is room for it, and stops the peer otherwise. */
  #pump(): void {
    while (this.#wantsData && this.#isSecure && !this.#hasEnded && !this.destroyed) {
      let plaintext: Buffer | undefined;
      const isAlive = this.#attempt(() => {
        plaintext = this.connection.read();
      });
      if (!isAlive) return;
      if (plaintext === undefined) {
        this.#endWithPeer();
        break;
      }
      this.#wantsData = this.push(plaintext);
    }
    if (this.destroyed) return;
    // Not when there is much to write: two sides that both wait for the other to read would wait forever.
    if (this.#isSecure && !this.#wantsData && !this.#hasEnded) this.#transport.pause();
    else this.#transport.resume();
  }

  #endWithPeer(): void {
    const isComplete = this.connection.isShutdownReceived;
    if (!isComplete && !this.#isPeerGone) return;
    this.#isTruncated = !isComplete;
    this.#hasEnded = true;
    this.push(null);
  }

  #write(chunks: Buffer[], callback: Callback): void {
    try {
      for (let next = chunks[0]; next !== undefined; next = chunks[0]) {
        if (!this.connection.write(next)) {
          this.#waiting = { repeat: () => this.#write(chunks, callback), callback };
          return;
        }
        chunks.shift();
      }
      const output = this.connection.takeOutput();
      if (output === undefined) callback();
      else this.#transport.write(output, callback);
    } catch (error) {
      callback(toError(error));
    }
  }
}
