// Much data, the same on each run, and its checksum.
import { createCipheriv, createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';

/** 64 MiB, for each direction. */
export const size = 64 << 20;

const chunkSize = 1 << 16;
const lineSize = 1 << 13;
const newline = 10;

/** A key stream: no two keys give the same. */
function* keyStream(key: number): Generator<Buffer, void, undefined> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, key), Buffer.alloc(16));
  const zeros = Buffer.alloc(chunkSize);
  for (let at = 0; at < size; at += chunkSize) yield cipher.update(zeros);
}

/** `size` bytes. */
export function source(key: number): Readable {
  return Readable.from(keyStream(key), { objectMode: false });
}

/** The checksum of `source(key)`. */
export function checksum(key: number): string {
  const hash = createHash('sha256');
  for (const chunk of keyStream(key)) hash.update(chunk);
  return hash.digest('hex');
}

/** As many bytes as text: lines that can be told from their reverse, and from each other. */
export function* lines(key: number): Generator<Buffer, void, undefined> {
  for (const chunk of keyStream(key)) {
    // Of each chunk's 64 KiB, 48 KiB become 64 KiB: eight lines, the last character of each the newline.
    const text = Buffer.from(chunk.toString('base64', 0, (chunkSize / 4) * 3), 'latin1');
    for (let at = lineSize; at <= chunkSize; at += lineSize) text[at - 1] = newline;
    yield text;
  }
}

/** The checksum of `lines(key)`, or of what is left when each of them is reversed. */
export function checksumOfLines(key: number, isReversed: boolean): string {
  const hash = createHash('sha256');
  for (const chunk of lines(key)) {
    for (let at = 0; isReversed && at < chunkSize; at += lineSize) chunk.subarray(at, at + lineSize - 1).reverse();
    hash.update(chunk);
  }
  return hash.digest('hex');
}

/** Takes anything, and keeps its checksum. */
export class Checksum extends Writable {
  readonly #hash = createHash('sha256');
  #length = 0;

  /** How many bytes there were. */
  get length(): number {
    return this.#length;
  }

  /** After the end; once. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#hash.update(chunk);
    this.#length += chunk.length;
    callback();
  }
}
