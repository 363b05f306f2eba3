// Reading without a new buffer for each piece of data, as Node's `onread` option of sockets.
import { isUint8Array } from 'node:util/types';
import type { SslChannel } from '../channel.ts';
import { invalidType, invalidValue, SslctxError } from '../errors.ts';

/**
 * What comes goes into memory of the user's, which is used again and again, in place of the stream: no `data`, no
 * iteration, no `pipe`. `end`, `close` and the others are as usual. As `onread` of `net.Socket`.
 */
export interface OnReadOptions {
  /**
   * Where plaintext goes: at least one byte, 64 KiB are good. A function is called at first, and before each further
   * piece. Many sockets may have the same buffer, as of a server's: what the callback leaves in it will be overwritten.
   */
  buffer: Uint8Array | (() => Uint8Array);
  /**
   * Hears of each piece.
   *
   * @param bytesWritten - so many bytes are at the beginning of `buffer`
   * @returns false to pause the socket, until `resume`
   */
  callback: (bytesWritten: number, buffer: Uint8Array) => boolean | undefined;
}

/** The user's buffer and the callback of one socket. */
export class Reader {
  readonly #channel: SslChannel;
  readonly #options: OnReadOptions;
  readonly #fail: (error: Error) => void;
  #buffer: Uint8Array = new Uint8Array(0);

  /** @param fail - hears of a buffer that cannot be used */
  constructor(channel: SslChannel, options: OnReadOptions, fail: (error: Error) => void) {
    this.#channel = channel;
    this.#options = options;
    this.#fail = fail;
    const { buffer } = options;
    this.#take(typeof buffer === 'function' ? buffer() : buffer);
  }

  /** Of what could not be put there at once. Whether more is wanted, as of `tell`. */
  copy(piece: Buffer): boolean {
    if (piece.length > this.#buffer.length) {
      this.#fail(new SslctxError('ERR_SSLCTX_STATE', 'the memory of onread.buffer has been given away'));
      return false;
    }
    this.#buffer.set(piece);
    return this.tell(piece.length);
  }

  tell(length: number): boolean {
    const { callback, buffer } = this.#options;
    if (callback(length, this.#buffer) === false) return false;
    if (typeof buffer === 'function') this.#take(buffer());
    return true;
  }

  #take(next: unknown): void {
    if (!isUsable(next)) this.#fail(unusable(next));
    else if (next !== this.#buffer) {
      this.#buffer = next;
      this.#channel.readInto(next);
    }
  }
}

/**
 * Before there is a connection.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function checkOnRead(options: unknown): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) throw invalidType('onread', 'an object', options);
  const { buffer, callback }: { buffer?: unknown; callback?: unknown } = options;
  if (typeof callback !== 'function') throw invalidType('onread.callback', 'a function', callback);
  if (typeof buffer !== 'function' && !isUsable(buffer)) throw unusable(buffer);
}

/** Not `instanceof`, which believes prototypes: native code writes there. */
function isUsable(buffer: unknown): buffer is Uint8Array {
  return isUint8Array(buffer) && buffer.byteLength > 0;
}

function unusable(buffer: unknown): TypeError {
  if (isUint8Array(buffer)) return invalidValue('onread.buffer', 'must have at least one byte');
  return invalidType('onread.buffer', 'a Uint8Array, or a function that returns one', buffer);
}
