// SSL_SESSION: what resumption needs to know of a finished handshake.
import { timingSafeEqual, type X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import * as capi from './capi/index.ts';
import { changeHolders } from './capi/sessions.ts';
import { versionName } from './constants.ts';
import { invalidType, mustBeOne, notNull, SslctxError, takeOpenSslError } from './errors.ts';
import { type CipherInfo, cipherInfo, drainBio, readablePeer, withBio } from './memory.ts';
import { createSession, type SslSessionFields } from './session-create.ts';
import { readPem } from './session-pem.ts';

/** For the other classes: the object for a handle, and the handle of an object. */
export let wrapSession: (handle: capi.SSL_SESSION) => SslSession;
export let sessionHandle: (session: SslSession) => capi.SSL_SESSION;

/**
 * One session of libssl, by reference: the same session may be in a cache and in use by connections at the same time.
 * Sessions come from connections, from a context's cache, from {@link SslSession.fromDER} and
 * {@link SslSession.fromPEM}, or are put together by {@link SslSession.create}.
 *
 * Two objects may stand for the same session, each with a reference of its own: compare them with `equals`. `free` gives
 * that reference back at once; otherwise the garbage collector does.
 *
 * A session holds the secrets of the connections that resume it. They are in what `toDER`, `toPEM`,
 * `toText({ masterKey: true })` and `exportMasterKey` return, and nowhere else: not in `util.inspect`, not in `JSON.stringify`.
 *
 * Every member throws {@link SslctxError} `ERR_SSLCTX_FREED` after `free`.
 *
 * @see SSL_SESSION_get0_cipher(3) and the other pages of SSL_SESSION
 */
export class SslSession {
  #handle: capi.SSL_SESSION | undefined;

  private constructor(handle: capi.SSL_SESSION) {
    if (!(handle instanceof capi.SSL_SESSION)) {
      const message = 'Illegal constructor: use SslSession.fromDER, fromPEM or create';
      throw Object.assign(new TypeError(message), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
    }
    this.#handle = handle;
    changeHolders(handle, 1);
  }

  static {
    wrapSession = (handle) => new SslSession(handle);
    sessionHandle = (session) => {
      if (typeof session !== 'object' || session === null || !(#handle in session)) {
        throw invalidType('session', 'an SslSession', session);
      }
      return session.#live();
    };
  }

  /**
   * Reads what {@link SslSession.toDER} wrote. It need not come from this process or this version of OpenSSL.
   *
   * The bytes decide about keys, certificates and identity: authenticate what comes from outside.
   *
   * @throws {OpenSslError} when the bytes are no session, have others behind them, or name a cipher suite that this
   *   libssl does not have (then without a reason: `ERR_SSL_UNKNOWN`)
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`
   * @see d2i_SSL_SESSION(3)
   */
  static fromDER(der: Uint8Array): SslSession {
    if (!(der instanceof Uint8Array)) throw invalidType('der', 'a Uint8Array', der);
    capi.ERR_clear_error();
    return new SslSession(notNull('d2i_SSL_SESSION', capi.d2i_SSL_SESSION(der)));
  }

  /**
   * Reads what {@link SslSession.toPEM} wrote, or `openssl s_client -sess_out`, or `openssl sess_id`. Text may come
   * before the session; behind it, nothing but white space.
   *
   * @throws {OpenSslError} when there is no session in the text, as `ERR_OSSL_PEM_NO_START_LINE`
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` when the text or the DER in it goes on after the session;
   *   `ERR_INVALID_ARG_TYPE`
   * @see PEM_read_bio_SSL_SESSION(3)
   */
  static fromPEM(pem: string | Uint8Array): SslSession {
    return new SslSession(readPem(pem));
  }

  /**
   * Puts a session together from its parts, for caches that are filled from elsewhere, and for tests. Random keys are
   * good for a test of a cache, not for a handshake.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for a cipher suite that libssl or the protocol does not have, or an empty
   *   `id` or `masterKey`
   * @throws {RangeError} `ERR_OUT_OF_RANGE` for what is too long, or no possible time
   * @see SSL_SESSION_new(3), SSL_SESSION_set1_id(3), SSL_SESSION_set1_master_key(3)
   */
  static create(fields: SslSessionFields = {}): SslSession {
    return new SslSession(createSession(fields));
  }

  /**
   * ASN.1 DER, secrets included: for a store, or another process.
   *
   * @throws {OpenSslError} for a session without a cipher suite
   * @see i2d_SSL_SESSION(3)
   */
  toDER(): Buffer {
    capi.ERR_clear_error();
    return notNull('i2d_SSL_SESSION', capi.i2d_SSL_SESSION(this.#live()));
  }

  /**
   * PEM, secrets included, as `openssl s_client -sess_in` reads it.
   *
   * @throws {OpenSslError} for a session without a cipher suite
   * @see PEM_write_bio_SSL_SESSION(3)
   */
  toPEM(): string {
    return this.#write('PEM_write_bio_SSL_SESSION', capi.PEM_write_bio_SSL_SESSION);
  }

  /**
   * Text for people, as `openssl sess_id -text` prints it.
   *
   * @param options - with `masterKey: true`, the master key or resumption secret is in it, as in the text of OpenSSL;
   *   otherwise stars stand in its place
   * @see SSL_SESSION_print(3)
   */
  toText({ masterKey = false }: { masterKey?: boolean | undefined } = {}): string {
    return this.#write('SSL_SESSION_print', capi.SSL_SESSION_print, masterKey ? undefined : withoutKey);
  }

  #write(
    name: string,
    write: (bio: capi.BIO, session: capi.SSL_SESSION) => number,
    change = (bytes: Buffer): Buffer => bytes,
  ): string {
    const handle = this.#live();
    capi.ERR_clear_error();
    return withBio(new Uint8Array(0), (bio) => {
      mustBeOne(name, write(bio, handle));
      const bytes = drainBio(bio);
      if (bytes === undefined) throw takeOpenSslError(name);
      const text = change(bytes).toString('latin1');
      bytes.fill(0);
      return text;
    });
  }

  /**
   * The session ID, at most 32 bytes; empty on the server side of TLS 1.2 with a ticket. In TLS 1.3, and with a ticket in
   * TLS 1.2, a client makes up an ID of its own.
   *
   * @see SSL_SESSION_get_id(3)
   */
  get id(): Buffer {
    return capi.SSL_SESSION_get_id(this.#live());
  }

  /** What the session is good for, at most 32 bytes: see `sessionIdContext` of a context. SSL_SESSION_get0_id_context(3). */
  get idContext(): Buffer {
    return capi.SSL_SESSION_get0_id_context(this.#live());
  }

  /** As `TLSv1.3`; empty as long as there is none. SSL_SESSION_get_protocol_version(3). */
  get protocol(): string {
    return versionName(capi.SSL_SESSION_get_protocol_version(this.#live()));
  }

  /** The cipher suite of the first handshake. SSL_SESSION_get0_cipher(3). */
  get cipher(): CipherInfo | undefined {
    const cipher = capi.SSL_SESSION_get0_cipher(this.#live());
    return cipher === null ? undefined : cipherInfo(cipher);
  }

  /**
   * When it was made, in seconds since the epoch. May be set at any time: a cache sorts the session anew, which takes long
   * where many have different lifetimes.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` for a negative number or a fraction
   * @see SSL_SESSION_get_time(3), SSL_SESSION_set_time(3)
   */
  get time(): number {
    return capi.SSL_SESSION_get_time(this.#live());
  }

  set time(seconds: number) {
    capi.SSL_SESSION_set_time(this.#live(), seconds);
  }

  /**
   * For how long it may be resumed, in seconds after `time`. May be set at any time, as `time`.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` unless an integer from 0 to 2147483647
   * @see SSL_SESSION_get_timeout(3), SSL_SESSION_set_timeout(3)
   */
  get timeout(): number {
    return capi.SSL_SESSION_get_timeout(this.#live());
  }

  set timeout(seconds: number) {
    mustBeOne('SSL_SESSION_set_timeout', capi.SSL_SESSION_set_timeout(this.#live(), seconds));
  }

  /** `time` and `timeout` together: the last second in which it may be resumed, since the epoch. */
  get expiresAt(): number {
    return this.time + this.timeout;
  }

  /** The server name that the client asked for, where the server has confirmed it. SSL_SESSION_get0_hostname(3). */
  get hostname(): string | undefined {
    return capi.SSL_SESSION_get0_hostname(this.#live()) ?? undefined;
  }

  /** The application protocol, in TLS 1.3. SSL_SESSION_get0_alpn_selected(3). */
  get alpn(): string | undefined {
    return capi.SSL_SESSION_get0_alpn_selected(this.#live())?.toString('latin1');
  }

  /** Whether the server sent a ticket: then no cache is needed to resume. Client side. SSL_SESSION_has_ticket(3). */
  get hasTicket(): boolean {
    return capi.SSL_SESSION_has_ticket(this.#live()) === 1;
  }

  /** The ticket as the server sent it. Client side. SSL_SESSION_get0_ticket(3). */
  get ticket(): Buffer | undefined {
    return capi.SSL_SESSION_get0_ticket(this.#live()) ?? undefined;
  }

  /** For how many seconds the server says that the ticket is good; 0 for no word. SSL_SESSION_get_ticket_lifetime_hint(3). */
  get ticketLifetimeHint(): number {
    return capi.SSL_SESSION_get_ticket_lifetime_hint(this.#live());
  }

  /** How many bytes may be sent before the handshake is over. SSL_SESSION_get_max_early_data(3). */
  get maxEarlyData(): number {
    return capi.SSL_SESSION_get_max_early_data(this.#live());
  }

  /**
   * The certificate that the peer had proved to own when the session was made; a resumption does not ask for it again.
   * Another object each time. None either when Node's own OpenSSL, which is another one, cannot read it.
   *
   * @see SSL_SESSION_get0_peer(3)
   */
  get peerCertificate(): X509Certificate | undefined {
    return readablePeer(capi.SSL_SESSION_get0_peer(this.#live()));
  }

  /**
   * Whether libssl would offer it: it has an ID or a ticket, and has not been removed from a cache. Whether it has
   * expired is not looked at.
   *
   * @see SSL_SESSION_is_resumable(3)
   */
  get isResumable(): boolean {
    return capi.SSL_SESSION_is_resumable(this.#live()) === 1;
  }

  /**
   * The master secret, or in TLS 1.3 the resumption secret. **Who has it reads and forges the connections that resume the
   * session.** Overwrite the bytes when they are no longer needed.
   *
   * @see SSL_SESSION_get_master_key(3)
   */
  exportMasterKey(): Buffer {
    return capi.SSL_SESSION_get_master_key(this.#live());
  }

  /**
   * Whether both are the same entry for a cache: same protocol version, same ID. In constant time for IDs of one length.
   * Sessions without an ID equal only themselves.
   */
  equals(other: SslSession): boolean {
    const left = this.#live();
    const right = sessionHandle(other);
    if (left === right) return true;
    if (capi.SSL_SESSION_get_protocol_version(left) !== capi.SSL_SESSION_get_protocol_version(right)) return false;
    const id = capi.SSL_SESSION_get_id(left);
    const otherId = capi.SSL_SESSION_get_id(right);
    return id.length > 0 && id.length === otherId.length && timingSafeEqual(id, otherId);
  }

  /**
   * A copy with nothing in common with the original: it belongs to no cache, so another context can have it.
   *
   * @see SSL_SESSION_dup(3)
   */
  clone(): SslSession {
    capi.ERR_clear_error();
    return new SslSession(notNull('SSL_SESSION_dup', capi.SSL_SESSION_dup(this.#live())));
  }

  /** Gives this object's reference back. The session lives on where others have one. SSL_SESSION_free(3). */
  free(): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#handle = undefined;
    // The handle's own reference goes back to libssl with the last object.
    if (changeHolders(handle, -1) === 0) capi.SSL_SESSION_free(handle);
  }

  /** As `free`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.free();
  }

  /** What it is, without its secrets. */
  [inspect.custom](_depth: number, options: object): string {
    if (this.#handle === undefined) return 'SslSession { freed }';
    const { protocol, cipher, id, time, timeout, isResumable } = this;
    const shown = { protocol, cipher: cipher?.name, id: id.toString('hex'), time, timeout, isResumable };
    return `SslSession ${inspect(shown, options)}`;
  }

  #live(): capi.SSL_SESSION {
    if (this.#handle === undefined) throw new SslctxError('ERR_SSLCTX_FREED', 'the session has been freed');
    return this.#handle;
  }
}

/** As bytes: a string with the key in it would stay in the heap, and the new one might be a part of it. */
function withoutKey(text: Buffer): Buffer {
  const label = ['Master-Key: ', 'Resumption PSK: '].find((each) => text.includes(each));
  if (label === undefined) return text;
  const start = text.indexOf(label) + label.length;
  return Buffer.concat([text.subarray(0, start), Buffer.from('***'), text.subarray(text.indexOf('\n', start))]);
}
