// The keys of stateless tickets on machines that share them.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { writeAtomically } from './atomic-file.ts';
import type { SSL_CTX } from './capi/index.ts';
import * as native from './capi/ticket_ring.ts';
import { checkOptionNames } from './context-options.ts';
import { invalidType, invalidValue, requireInteger, SslctxError } from './errors.ts';

export type { TicketRingStats } from './capi/ticket_ring.ts';

/** For contexts: makes the ring's keys those of `ctx`. */
export let attachRing: (ring: unknown, ctx: SSL_CTX) => void;
/** For contexts of another thread: an object of this one for the ring that they have. */
export let ringOf: (ctx: SSL_CTX, usesSecret: boolean) => TicketKeyRing | undefined;
/** Whether it makes its keys of a secret. */
export let ringUsesSecret: (ring: TicketKeyRing) => boolean;

/** Bytes of one key: a name of 16, an HMAC key and an AES key of 32 each. */
const keyLength = 80;
const minSecretLength = 32;
const maxLabelBytes = 255;
const longest = 366 * 86_400;

/** What a {@link TicketKeyRing} can be told. */
export interface TicketKeyRingOptions {
  /**
   * What all machines share, at least 32 random bytes. Each period has its own key, made of the secret and the time: the
   * machines change keys together without a word. **Who has the secret opens the tickets of all times**: change it now and
   * then with `rotate`.
   */
  secret?: Uint8Array | undefined;
  /**
   * Keys of 80 bytes, in one or several arrays: the first one issues, the others are accepted for a `lifetime`. With
   * `secret`, all of them are only accepted.
   */
  keys?: Uint8Array | readonly Uint8Array[] | undefined;
  /** With `secret`: seconds of a period, 1 to 366 days. Default 3600. The same on all machines. */
  rotateEvery?: number | undefined;
  /**
   * For how many seconds tickets of a key are accepted after it has issued its last one: at least the `sessionTimeout` of
   * the contexts, or their sessions end before their time. At most 256 periods. Default 7200.
   */
  lifetime?: number | undefined;
  /** How many labels can be revoked at one time, to 2^24. Default 100000; one takes some hundred bytes. */
  maxRevocations?: number | undefined;
}

/** A label whose tickets are refused. */
export interface Revocation {
  readonly label: string;
  /** Until when, in seconds since the epoch; `undefined`: as long as the ring lives. */
  readonly until: number | undefined;
}

interface Taken {
  readonly box: native.TicketRingBox;
  readonly usesSecret: boolean;
}

/**
 * Keys for the stateless tickets of one context or several, on one machine or many: `new SslContext({ ticketKeyRing })`.
 * libssl asks native code; JavaScript is not called for a handshake, and there are no timers.
 *
 * - One key issues. Tickets of older ones, and of the next one (clocks differ), are accepted; their clients get a new
 *   ticket under the key that issues. In TLS 1.3 each resumption gives a new ticket, as without a ring.
 * - Each ticket carries a label, random or the connection's own (`setTicketLabel`), which outlives resumption and
 *   renewal. `revoke` refuses the tickets of a label.
 *
 * Tickets are AES-256-CBC with HMAC-SHA256, as libssl's own (RFC 5077, section 4).
 *
 * @see SSL_CTX_set_tlsext_ticket_key_evp_cb(3), SSL_CTX_set_session_ticket_cb(3)
 */
export class TicketKeyRing {
  readonly #box: native.TicketRingBox;
  readonly #usesSecret: boolean;

  /**
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` without a secret and keys, or for a wrong length
   * @throws {RangeError} `ERR_OUT_OF_RANGE`
   */
  constructor(options: TicketKeyRingOptions, taken?: Taken) {
    if (taken !== undefined) {
      this.#box = taken.box;
      this.#usesSecret = taken.usesSecret;
      return;
    }
    checkOptionNames(options, ['secret', 'keys', 'rotateEvery', 'lifetime', 'maxRevocations']);
    const { secret, keys = [], rotateEvery = 3600, lifetime = 7200, maxRevocations = 100_000 } = options;
    requireInteger('rotateEvery', rotateEvery, 1, longest);
    requireInteger('lifetime', lifetime, 1, Math.min(longest, rotateEvery * 256));
    requireInteger('maxRevocations', maxRevocations, 0, 2 ** 24);
    const parts = (Array.isArray(keys) ? keys : [keys]).flatMap(splitKeys);
    this.#usesSecret = secret !== undefined;
    if (secret !== undefined) checkSecret(secret);
    else if (parts.length === 0) throw invalidValue('options', 'has neither a secret nor keys');
    this.#box = native.ringNew(rotateEvery, lifetime, maxRevocations);
    if (secret !== undefined) native.ringAdd(this.#box, secret, true, 0);
    for (const [index, key] of parts.entries()) {
      native.ringAdd(this.#box, key, false, secret === undefined && index === 0 ? 0 : null);
    }
  }

  static {
    attachRing = (ring, ctx) => {
      if (typeof ring !== 'object' || ring === null || !(#box in ring)) {
        throw invalidType('ticketKeyRing', 'a TicketKeyRing', ring);
      }
      native.ringUse(ctx, ring.#box);
    };
    ringOf = (ctx, usesSecret) => {
      const box = native.ringOfContext(ctx);
      return box === null ? undefined : new TicketKeyRing({}, { box, usesSecret });
    };
    ringUsesSecret = (ring) => ring.#usesSecret;
  }

  /** 80 random bytes: a key, or a secret. */
  static generateKey(): Buffer {
    return randomBytes(keyLength);
  }

  /**
   * A ring with the keys of files: the first key of the first file issues. Files of one key (`openssl rand 80`) are
   * those of nginx's `ssl_session_ticket_key`; but nginx has a session ID context of its own.
   *
   * @throws the system's errors, and those of the constructor
   */
  static async fromFiles(
    paths: string | readonly string[],
    options: Omit<TicketKeyRingOptions, 'keys'> = {},
  ): Promise<TicketKeyRing> {
    const keys = await Promise.all([paths].flat().map((path) => readFile(path)));
    try {
      return new TicketKeyRing({ ...options, keys });
    } finally {
      for (const key of keys) key.fill(0);
    }
  }

  /** The keys that are accepted now, 80 bytes each, the one that issues first: for `keys`, or a file. **Keep it secret.** */
  exportKeys(): Buffer {
    return native.ringKeys(this.#box);
  }

  /** Writes what `exportKeys` gives to a file, with mode 0600, whole or not at all. For {@link TicketKeyRing.fromFiles}. */
  async save(path: string): Promise<void> {
    const keys = this.exportKeys();
    try {
      await writeAtomically(path, (file) => file.writeFile(keys));
    } finally {
      keys.fill(0);
    }
  }

  /** The name of the key that issues now, 16 bytes: tickets begin with it. No secret. */
  get keyName(): Buffer {
    return this.keyNames[0] ?? Buffer.alloc(0);
  }

  /** The names of all keys that are accepted now. */
  get keyNames(): Buffer[] {
    const keys = this.exportKeys();
    const names = splitKeys(keys).map((key) => Buffer.from(key.subarray(0, 16)));
    keys.fill(0);
    return names;
  }

  /**
   * Begins with another secret, or with another key where the ring has no secret. What issued until then is accepted for a
   * `lifetime`. On several machines, choose a time `at` that comes after the last of them has been told: until then, the
   * new one is accepted.
   *
   * @param next - a secret, or a key of 80 bytes; default a random key, for rings without a secret
   * @param options - `at`: from when on, in seconds since the epoch. Default now
   * @throws {SslctxError} `ERR_SSLCTX_STATE` when a later rotation has been asked for already
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   * @throws {RangeError} `ERR_OUT_OF_RANGE`
   */
  rotate(next?: Uint8Array, options: { at?: number | undefined } = {}): void {
    checkOptionNames(options, ['at']);
    const at = options.at ?? native.ringNow(this.#box);
    requireInteger('at', at, 0, 2 ** 34 - 1);
    if (this.#usesSecret) checkSecret(next);
    else checkKey(next ?? Buffer.alloc(keyLength));
    const material = next ?? TicketKeyRing.generateKey();
    if (!native.ringAdd(this.#box, material, this.#usesSecret, at)) {
      throw new SslctxError('ERR_SSLCTX_STATE', 'a rotation at a later time has been asked for already');
    }
  }

  /** Accepts the tickets of another key (80 bytes) for a `lifetime`, and issues none with it. */
  accept(key: Uint8Array): void {
    checkKey(key);
    native.ringAdd(this.#box, key, false, null);
  }

  /**
   * Refuses the tickets of this label from now on, in all contexts of this ring. Their clients get a full handshake, and
   * `resumption.reason` is `revoked`. Connections that are open stay open.
   *
   * Remembered until no ticket of the label can be decrypted: without a secret, that may be as long as the ring lives. Other
   * machines and processes must be told; calling it twice does no harm.
   *
   * @param options - `until`: in seconds since the epoch, to forget it earlier
   * @throws {SslctxError} `ERR_SSLCTX_REVOCATIONS_FULL` when `maxRevocations` are remembered: nothing is forgotten for it
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  revoke(label: string, options: { until?: number | undefined } = {}): void {
    checkOptionNames(options, ['until']);
    const { until } = options;
    if (until !== undefined) requireInteger('until', until, 0, 2 ** 34 - 1);
    if (!native.ringRevoke(this.#box, checkLabel(label), until ?? null)) {
      throw new SslctxError('ERR_SSLCTX_REVOCATIONS_FULL', "'maxRevocations' labels have been revoked");
    }
  }

  /** Whether tickets of this label are refused now. */
  isRevoked(label: string): boolean {
    return native.ringIsRevoked(this.#box, checkLabel(label));
  }

  /** The labels that are refused now: for a ring that starts anew. */
  get revocations(): Revocation[] {
    return native.ringRevocations(this.#box);
  }

  get stats(): native.TicketRingStats {
    return native.ringStats(this.#box);
  }

  /**
   * Seconds that this ring adds to the system's clock, which alone decides what key issues. For tests, and for machines
   * that must agree although their clocks are known not to. Sessions themselves expire by the system's clock.
   */
  get clockOffset(): number {
    return native.ringClockOffset(this.#box);
  }

  set clockOffset(seconds: number) {
    requireInteger('clockOffset', seconds, -longest, longest);
    native.ringSetClockOffset(this.#box, seconds);
  }

  /** What it is, without its keys. */
  [inspect.custom](_depth: number, options: object): string {
    const keyNames = this.keyNames.map((name) => name.toString('hex'));
    return `TicketKeyRing ${inspect({ keyNames, stats: this.stats }, options)}`;
  }
}

/** Refuses what cannot be a label: 1 to 255 bytes of UTF-8 without NUL. */
export function checkLabel(label: unknown): string {
  if (typeof label !== 'string') throw invalidType('label', 'a string', label);
  const length = Buffer.byteLength(label);
  if (length < 1 || length > maxLabelBytes || label.includes('\0')) {
    throw invalidValue('label', `must have 1 to ${maxLabelBytes} bytes, none of them NUL`);
  }
  return label;
}

function checkSecret(secret: unknown): void {
  if (!(secret instanceof Uint8Array)) throw invalidType('secret', 'a Uint8Array', secret);
  if (secret.length < minSecretLength) throw invalidValue('secret', `must have ${minSecretLength} bytes at least`);
}

function checkKey(key: unknown): void {
  if (!(key instanceof Uint8Array)) throw invalidType('key', 'a Uint8Array', key);
  if (key.length !== keyLength) throw invalidValue('key', `must have ${keyLength} bytes`);
}

function splitKeys(keys: unknown): Uint8Array[] {
  if (!(keys instanceof Uint8Array)) throw invalidType('keys', 'a Uint8Array or an array of them', keys);
  if (keys.length === 0 || keys.length % keyLength !== 0) {
    throw invalidValue('keys', `must have ${keyLength} bytes for each key`);
  }
  return Array.from({ length: keys.length / keyLength }, (_, index) =>
    keys.subarray(index * keyLength, (index + 1) * keyLength),
  );
}
