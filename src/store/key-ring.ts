// Keys for what leaves the process, and their rotation.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { invalidType, invalidValue, SslctxError } from '../errors.ts';

const format = 1;
const idLength = 4;
const saltLength = 16;
const tagLength = 16;
const headLength = 1 + idLength + saltLength;

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

function derive(key: Buffer, purpose: string, data: Uint8Array | string = ''): Buffer {
  return createHmac('sha512', key).update(purpose).update('\0').update(data).digest();
}

/**
 * Keys of 32 random bytes. All of them open what they have sealed; the first one seals.
 *
 * To change the key of a fleet without losing a session: `add` the new key on every server, then `use` it on every server,
 * and `remove` the old one when the sessions made under it have expired.
 */
export class KeyRing {
  #keys: Key[] = [];
  #idKeys: readonly Buffer[] = [];

  /**
   * @param keys - the one to use first
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for another length, no key, or one key twice
   */
  constructor(keys: Uint8Array | readonly Uint8Array[]) {
    const all = keys instanceof Uint8Array ? [keys] : keys;
    if (!Array.isArray(all)) throw invalidType('keys', 'a Uint8Array or an array of them', keys);
    if (all.length === 0) throw invalidValue('keys', 'must have a key');
    for (const key of all) this.add(key);
  }

  /** The names of the keys, that in use first: safe to show, they tell nothing of the keys. */
  get ids(): string[] {
    return this.#keys.map(({ id }) => id);
  }

  /** Keys for session IDs, one for each key. */
  get idKeys(): readonly Uint8Array[] {
    return this.#idKeys;
  }

  /** Adds a key that opens, but does not seal yet. Returns its name. */
  add(bytes: Uint8Array): string {
    if (!(bytes instanceof Uint8Array)) throw invalidType('key', 'a Uint8Array', bytes);
    if (bytes.length !== 32) throw invalidValue('key', 'must have 32 bytes');
    const copy = Buffer.from(bytes);
    const id = derive(copy, 'sslctx key id').subarray(0, idLength).toString('hex');
    if (this.ids.includes(id)) throw invalidValue('key', 'is in the ring already');
    this.#keys.push({ id, bytes: copy });
    this.#changed();
    return id;
  }

  /** Seals with this key from now on. */
  use(id: string): void {
    const key = this.#named(id);
    this.#keys = [key, ...this.#keys.filter((each) => each !== key)];
    this.#changed();
  }

  /** Forgets a key, and overwrites it: what it has sealed cannot be opened any more. */
  remove(id: string): void {
    const key = this.#named(id);
    if (this.#keys[0] === key) throw invalidValue('id', 'names the key in use');
    this.#keys = this.#keys.filter((each) => each !== key);
    key.bytes.fill(0);
    this.#changed();
  }

  /**
   * AES-256-GCM. Each call has a key of its own, derived from the ring's by a random salt: so there is no limit to their
   * number. `context` is not in the result, and must be the same to open it.
   */
  seal(plaintext: Uint8Array, context: Uint8Array): Buffer {
    const { id, bytes } = this.#current();
    const head = Buffer.concat([Buffer.of(format), Buffer.from(id, 'hex'), randomBytes(saltLength)]);
    const secret = derive(bytes, 'sslctx seal', head);
    const cipher = createCipheriv('aes-256-gcm', secret.subarray(0, 32), secret.subarray(32, 44));
    cipher.setAAD(context);
    const sealed = Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    secret.fill(0);
    return sealed;
  }

  /** Nothing for what no key of the ring has sealed for this context. */
  open(sealed: Uint8Array, context: Uint8Array): Buffer | undefined {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < headLength + tagLength || bytes.readUInt8() !== format) return undefined;
    const id = bytes.toString('hex', 1, 1 + idLength);
    const key = this.#keys.find((each) => each.id === id);
    if (key === undefined) return undefined;
    const secret = derive(key.bytes, 'sslctx seal', bytes.subarray(0, headLength));
    const decipher = createDecipheriv('aes-256-gcm', secret.subarray(0, 32), secret.subarray(32, 44), {
      authTagLength: tagLength,
    });
    decipher.setAAD(context);
    decipher.setAuthTag(bytes.subarray(-tagLength));
    secret.fill(0);
    const plaintext = decipher.update(bytes.subarray(headLength, -tagLength));
    try {
      return Buffer.concat([plaintext, decipher.final()]);
    } catch {
      plaintext.fill(0);
      return undefined;
    }
  }

  /** Names for `text` that say nothing to those who have no key: under each key, that in use first. */
  blind(text: string): [string, ...string[]] {
    const [first, ...others] = this.#keys.map(({ bytes }) =>
      derive(bytes, 'sslctx name', text).subarray(0, 24).toString('base64url'),
    );
    return [first ?? '', ...others];
  }

  #current(): Key {
    const [key] = this.#keys;
    if (key === undefined) throw new SslctxError('ERR_SSLCTX_STATE', 'the key ring is empty');
    return key;
  }

  #named(id: string): Key {
    const key = this.#keys.find((each) => each.id === id);
    if (key === undefined) throw invalidValue('id', 'names no key of the ring');
    return key;
  }

  #changed(): void {
    this.#idKeys = this.#keys.map(({ bytes }) => derive(bytes, 'sslctx session id').subarray(0, 32));
  }
}
