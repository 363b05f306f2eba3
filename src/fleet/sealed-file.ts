// A file in authenticated encryption, chunk by chunk: nothing is read that was not written so, in this order, to its end.
//
//   file    = magic (8) salt (32) check (16) chunk...
//   chunk   = word (4, big endian: length of the text, and the highest bit in the last one) text tag (16)
//   keys    = HKDF-SHA256(key, salt, "sslctx sealed file"): 32 bytes to encrypt, 32 for the check
//   check   = HMAC-SHA256(magic salt), cut: a wrong key is told from a damaged file
//   text    = AES-256-GCM; nonce: the chunk's number; authenticated with it: magic, salt, check and word
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { SslctxError } from '../errors.ts';

const magic = Buffer.from('sslctx\0\x01', 'latin1');
const saltLength = 32;
const checkLength = 16;
const headerLength = magic.length + saltLength + checkLength;
const wordLength = 4;
const tagLength = 16;
const lastFlag = 0x8000_0000;
const algorithm = 'aes-256-gcm';

/** Of the key that the user has. */
export const keyLength = 32;
/** How much text a chunk holds at most. A reader takes no more memory than this, whatever the file says. */
export const maxChunk = 256 * 1024;

interface Keys {
  readonly header: Buffer;
  readonly encryption: Buffer;
}

function deriveKeys(key: Uint8Array, salt: Uint8Array): Keys {
  const derived = Buffer.from(hkdfSync('sha256', key, salt, 'sslctx sealed file', 64));
  const check = createHmac('sha256', derived.subarray(32)).update(magic).update(salt).digest();
  return {
    header: Buffer.concat([magic, salt, check.subarray(0, checkLength)]),
    encryption: derived.subarray(0, 32),
  };
}

/** Each number is used once with a key: the key is the file's own. */
function nonceOf(sequence: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(sequence, 6, 6);
  return nonce;
}

/** Writes chunks; `end` writes the last one. */
export class SealedWriter {
  readonly #file: FileHandle;
  readonly #keys: Keys;
  #sequence = 0;
  #bytes = 0;

  private constructor(file: FileHandle, keys: Keys) {
    this.#file = file;
    this.#keys = keys;
  }

  static async create(file: FileHandle, key: Uint8Array): Promise<SealedWriter> {
    const writer = new SealedWriter(file, deriveKeys(key, randomBytes(saltLength)));
    await writer.#put(writer.#keys.header);
    return writer;
  }

  /** So far. */
  get bytes(): number {
    return this.#bytes;
  }

  write(text: Uint8Array): Promise<void> {
    return this.#seal(text, 0);
  }

  end(): Promise<void> {
    return this.#seal(Buffer.alloc(0), lastFlag);
  }

  #seal(text: Uint8Array, flag: number): Promise<void> {
    const word = Buffer.alloc(wordLength);
    // `|` makes it negative.
    word.writeUInt32BE((text.length | flag) >>> 0);
    const cipher = createCipheriv(algorithm, this.#keys.encryption, nonceOf(this.#sequence++));
    cipher.setAAD(Buffer.concat([this.#keys.header, word]));
    const sealed = cipher.update(text);
    return this.#put(Buffer.concat([word, sealed, cipher.final(), cipher.getAuthTag()]));
  }

  async #put(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at)).bytesWritten;
    this.#bytes += bytes.length;
  }
}

/**
 * The text of each chunk, which is good until the next one is asked for.
 *
 * @param keys - any of them may be the file's
 * @throws {SslctxError} `ERR_SSLCTX_FILE_FORMAT` for a file of another kind, `ERR_SSLCTX_FILE_KEY` for one of another key,
 *   `ERR_SSLCTX_FILE_DAMAGED` for one that was changed, cut off, put together in another order, or continued
 */
export async function* readSealed(
  file: FileHandle,
  keys: readonly Uint8Array[],
): AsyncGenerator<Buffer, void, undefined> {
  const header = await readUpTo(file, headerLength);
  if (!header.subarray(0, magic.length).equals(magic)) {
    throw new SslctxError('ERR_SSLCTX_FILE_FORMAT', 'this is no file of sessions, or one of another version');
  }
  if (header.length < headerLength) throw damaged('it ends in its header');
  const { encryption } = findKeys(header, keys);
  for (let sequence = 0, isLast = false; !isLast; sequence++) {
    const word = await readUpTo(file, wordLength);
    if (word.length < wordLength) throw damaged('it is cut off');
    const value = word.readUInt32BE();
    isLast = value >= lastFlag;
    const length = isLast ? value - lastFlag : value;
    if (length > maxChunk) throw damaged('a length is wrong');
    const sealed = await readUpTo(file, length + tagLength);
    if (sealed.length < length + tagLength) throw damaged('it is cut off');
    const decipher = createDecipheriv(algorithm, encryption, nonceOf(sequence), { authTagLength: tagLength });
    decipher.setAAD(Buffer.concat([header, word])).setAuthTag(sealed.subarray(length));
    const text = decipher.update(sealed.subarray(0, length));
    try {
      decipher.final();
    } catch {
      text.fill(0);
      throw damaged('what it holds has been changed, or is not in its order');
    }
    yield text;
    text.fill(0);
  }
  if ((await readUpTo(file, 1)).length > 0) throw damaged('it goes on after its end');
}

function findKeys(header: Buffer, keys: readonly Uint8Array[]): Keys {
  const salt = header.subarray(magic.length, magic.length + saltLength);
  for (const key of keys) {
    const derived = deriveKeys(key, salt);
    if (timingSafeEqual(derived.header, header)) return derived;
  }
  throw new SslctxError('ERR_SSLCTX_FILE_KEY', 'the file was written with another key, or its header has been changed');
}

function damaged(how: string): SslctxError {
  return new SslctxError('ERR_SSLCTX_FILE_DAMAGED', `the file is damaged: ${how}`);
}

/** Less only at the end of the file. */
async function readUpTo(file: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}
