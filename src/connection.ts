// SSL: one TLS connection, without a socket. Bytes in, bytes out.
import { isIP } from 'node:net';
import { inspect } from 'node:util';
import * as capi from './capi/index.ts';
import { contextHandle, type SslContext, trustForClient } from './context.ts';
import { checkOptionNames, ownOptions } from './context-options.ts';
import { invalidType, invalidValue, mustBeOne, SslctxError, takeOpenSslError } from './errors.ts';
import { drainBio } from './memory.ts';
import { type SslSession, sessionHandle } from './session.ts';
import { TlsState } from './tls-state.ts';
import { requireName } from './verification.ts';

/** What {@link SslConnection} can be told. */
export interface SslConnectionOptions {
  /** Default false: a client. */
  isServer?: boolean | undefined;
  /**
   * Client: the name or IP address of the server. A name is sent to the server; its certificate must be for either.
   * Needed unless `rejectUnauthorized` is false.
   */
  servername?: string | undefined;
  /** Client: a session to resume; one that is not resumable is ignored. SSL_set_session(3). */
  session?: SslSession | undefined;
  /** Client: whether the server's certificate must be trusted and be for `servername`. Default true. SSL_set_verify(3). */
  rejectUnauthorized?: boolean | undefined;
}

const optionNames = ['isServer', 'servername', 'session', 'rejectUnauthorized'];

/** How many sessions wait for `takeSessions`. */
const maxSessions = 32;

// The most that one record holds, and so the most that SSL_read gives.
const scratch = Buffer.allocUnsafeSlow(16 * 1024);

/**
 * One TLS connection over memory: `receive` what came from the peer, `takeOutput` and send it. It never waits, reads or
 * sends anything itself.
 *
 * ```ts
 * connection.receive(bytes);                      // runs the handshake as far as the bytes go
 * for (let text = connection.read(); text !== undefined; text = connection.read()) use(text);
 * connection.write(answer);
 * const output = connection.takeOutput();         // after each call: there may be something to send
 * ```
 *
 * A failure is thrown once, by the call that meets it, and again by each later call; what `takeOutput` gives then is the
 * alert for the peer. Every member throws `ERR_SSLCTX_FREED` after `free`.
 *
 * @see SSL_new(3), ssl(7)
 */
export class SslConnection extends TlsState {
  /** Whose settings and cache it has. */
  readonly context: SslContext;
  readonly isServer: boolean;
  readonly #ssl: capi.SSL;
  readonly #input: capi.BIO;
  readonly #output: capi.BIO;
  #isFreed = false;
  #isHandshakeDone = false;
  #failure: Error | undefined;
  #sessions: SslSession[] = [];

  /**
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` for an option that does not exist, or a client
   *   without `servername` that is to verify the server
   * @throws {Error} `ERR_SSLCTX_SESSION_INCOMPLETE` for a session that no handshake made
   */
  constructor(context: SslContext, given: SslConnectionOptions = {}) {
    checkOptionNames(given, optionNames);
    const options = ownOptions(given, optionNames);
    const ctx = contextHandle(context);
    super();
    this.context = context;
    this.isServer = options.isServer ?? false;
    capi.ERR_clear_error();
    this.#ssl = capi.SSL_new(ctx);
    this.#input = capi.BIO_new(capi.BIO_s_mem());
    this.#output = capi.BIO_new(capi.BIO_s_mem());
    // An empty buffer is not the end: more may come.
    capi.BIO_set_mem_eof_return(this.#input, -1);
    capi.SSL_set_bio(this.#ssl, this.#input, this.#output);
    try {
      if (this.isServer) this.#prepareServer(options);
      else this.#prepareClient(options);
    } catch (error) {
      this.free();
      throw error;
    }
    context.watchConnection(this.#ssl, (session) => {
      this.#sessions.push(session);
      // A server may send tickets without end to a client that does not care.
      if (this.#sessions.length > maxSessions) this.#sessions.shift();
    });
  }

  #prepareServer({ servername, session, rejectUnauthorized }: SslConnectionOptions): void {
    capi.SSL_set_accept_state(this.#ssl);
    for (const [name, value] of Object.entries({ servername, session, rejectUnauthorized })) {
      if (value !== undefined) throw invalidValue(name, 'is for clients; servers have options of the context');
    }
  }

  #prepareClient({ servername, session, rejectUnauthorized = true }: SslConnectionOptions): void {
    capi.SSL_set_connect_state(this.#ssl);
    if (servername !== undefined && typeof servername !== 'string') {
      throw invalidType('servername', 'a string', servername);
    }
    if (servername !== undefined && servername !== '') {
      // An IP address is verified, but is no server name to send.
      if (isIP(servername) === 0) {
        mustBeOne('SSL_set_tlsext_host_name', capi.SSL_set_tlsext_host_name(this.#ssl, servername));
      }
      if (rejectUnauthorized) requireName(this.#ssl, servername);
    } else if (rejectUnauthorized) {
      throw invalidValue('servername', 'is needed to verify the server: give it, or rejectUnauthorized: false');
    }
    if (rejectUnauthorized) trustForClient(this.context);
    capi.SSL_set_verify(this.#ssl, rejectUnauthorized ? capi.SSL_VERIFY_PEER : capi.SSL_VERIFY_NONE);
    // One that cannot be resumed, such as that of a TLS 1.3 connection without tickets, has no key yet.
    if (session !== undefined && capi.SSL_SESSION_is_resumable(sessionHandle(session)) === 1) {
      mustBeOne('SSL_set_session', capi.SSL_set_session(this.#ssl, sessionHandle(session)));
    }
  }

  /**
   * Takes ciphertext from the peer, and goes on with the handshake as long as that is not done. `read` decrypts what comes
   * later, so that nothing is decrypted before somebody wants it.
   *
   * @throws {OpenSslError} when the handshake fails
   */
  receive(ciphertext: Uint8Array): void {
    this.#requireUsable();
    if (!(ciphertext instanceof Uint8Array)) throw invalidType('ciphertext', 'a Uint8Array', ciphertext);
    if (ciphertext.length > 0 && capi.BIO_write(this.#input, ciphertext) !== ciphertext.length) {
      throw takeOpenSslError('BIO_write');
    }
    if (!this.#isHandshakeDone) this.handshake();
  }

  /**
   * The peer will send no more, as at the end of a TCP stream. Without its close_notify before, data may be missing: then
   * `read`, or the handshake, fails with `ERR_SSL_UNEXPECTED_EOF_WHILE_READING`.
   *
   * @throws {OpenSslError} when the handshake was not done
   */
  receiveEnd(): void {
    this.#requireUsable();
    capi.BIO_set_mem_eof_return(this.#input, 0);
    if (!this.#isHandshakeDone) this.handshake();
  }

  /**
   * Goes on with the handshake; a client begins it so. `receive` does the same.
   *
   * @returns whether it is done
   * @throws {OpenSslError} when it fails, such as `ERR_SSL_CERTIFICATE_VERIFY_FAILED`
   * @see SSL_do_handshake(3)
   */
  handshake(): boolean {
    this.#requireUsable();
    if (this.#isHandshakeDone) return true;
    this.#isHandshakeDone = this.#operate('SSL_do_handshake', () => capi.SSL_do_handshake(this.#ssl)) === 1;
    return this.#isHandshakeDone;
  }

  /**
   * The next plaintext, at most 16 KiB. With TLS 1.3, this is also where a client takes in tickets.
   *
   * @returns `undefined` when there is none now; after the peer's close_notify (`isShutdownReceived`) there never will be
   * @throws {OpenSslError} `ERR_SSL_UNEXPECTED_EOF_WHILE_READING` after `receiveEnd` without a close_notify, or another one
   * @see SSL_read(3)
   */
  read(): Buffer | undefined {
    this.#requireUsable();
    if (!this.#isHandshakeDone) return undefined;
    let plaintext: Buffer | undefined;
    this.#operate('SSL_read', () => {
      const result = capi.SSL_read(this.#ssl, scratch);
      // Copied at once: listeners may read from another connection.
      if (result > 0) plaintext = Buffer.from(scratch.subarray(0, result));
      return result;
    });
    return plaintext;
  }

  /**
   * Encrypts plaintext; the result is in the output.
   *
   * @returns false when nothing was taken, because a handshake is going on: repeat the call after the next `receive`
   * @throws {OpenSslError} `ERR_SSL_PROTOCOL_IS_SHUTDOWN` after `shutdown`, or another one
   * @see SSL_write(3)
   */
  write(plaintext: Uint8Array): boolean {
    this.#requireUsable();
    if (!(plaintext instanceof Uint8Array)) throw invalidType('plaintext', 'a Uint8Array', plaintext);
    if (!this.#isHandshakeDone) return false;
    // To C, writing nothing is undefined.
    if (plaintext.length === 0) return true;
    return this.#operate('SSL_write', () => capi.SSL_write(this.#ssl, plaintext)) > 0;
  }

  /**
   * Says to the peer that no more plaintext will come. Its own may still come: go on with `read`. libssl keeps a session
   * resumable only after this.
   *
   * @returns whether both sides have said so
   * @throws {OpenSslError}
   * @see SSL_shutdown(3)
   */
  shutdown(): boolean {
    this.#requireUsable();
    // libssl refuses it in a handshake, where there is nothing to end yet.
    if (!this.#isHandshakeDone || capi.SSL_in_init(this.#ssl) === 1) return false;
    if (!this.isShutdownSent) {
      // 0 is no failure here: it says that the peer has not done it yet.
      this.#operate('SSL_shutdown', () => (capi.SSL_shutdown(this.#ssl) < 0 ? -1 : 1));
    }
    return this.isShutdownSent && this.isShutdownReceived;
  }

  /** Ciphertext for the peer; `undefined` when there is none. Available after a failure too. */
  takeOutput(): Buffer | undefined {
    this.#requireLive();
    return drainBio(this.#output);
  }

  /**
   * The sessions that this connection has made since the last call, at most the latest 32; in TLS 1.3 one for each ticket,
   * sent or received. A client's context needs the cache mode `client`, or libssl does not tell.
   *
   * @see SSL_CTX_sess_set_new_cb(3)
   */
  takeSessions(): SslSession[] {
    this.#requireLive();
    const sessions = this.#sessions;
    this.#sessions = [];
    return sessions;
  }

  /** Bytes of ciphertext for the peer. */
  get pendingOutput(): number {
    this.#requireLive();
    return capi.BIO_ctrl_pending(this.#output);
  }

  override get isHandshakeDone(): boolean {
    return this.#isHandshakeDone;
  }

  /** @internal */
  protected override get ssl(): capi.SSL {
    return this.#ssl;
  }

  /** Where libssl's state machine stands, for people: as `before SSL initialization`. SSL_state_string_long(3). */
  get state(): string {
    return capi.SSL_state_string_long(this.#ssl);
  }

  /** Our close_notify is in the output, or sent. SSL_get_shutdown(3). */
  get isShutdownSent(): boolean {
    return (capi.SSL_get_shutdown(this.#ssl) & capi.SSL_SENT_SHUTDOWN) !== 0;
  }

  /** The peer's close_notify has been read: its data is complete. SSL_get_shutdown(3). */
  get isShutdownReceived(): boolean {
    return (capi.SSL_get_shutdown(this.#ssl) & capi.SSL_RECEIVED_SHUTDOWN) !== 0;
  }

  /** What the connection failed of; `undefined` as long as it has not. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Gives everything back at once; otherwise the garbage collector does. A connection without `shutdown` takes its session
   * out of the cache, because libssl trusts no session of a connection that was cut off.
   *
   * @see SSL_free(3)
   */
  free(): void {
    if (this.#isFreed) return;
    this.#isFreed = true;
    this.context.perform(() => {
      capi.SSL_free(this.#ssl);
      capi.BIO_free(this.#input);
      capi.BIO_free(this.#output);
    });
  }

  /** As `free`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.free();
  }

  [inspect.custom](_depth: number, options: object): string {
    if (this.#isFreed) return 'SslConnection { freed }';
    const { isServer, state, protocol, isSessionReused } = this;
    return `SslConnection ${inspect({ isServer, state, protocol, cipher: this.cipher?.name, isSessionReused }, options)}`;
  }

  /**
   * Runs one function of libssl. The reason of a failure is taken before the events of the operation are delivered:
   * listeners may call libssl too.
   */
  #operate(what: string, operation: () => number): number {
    capi.ERR_clear_error();
    const result = this.context.perform(() => {
      const value = operation();
      if (value <= 0 && this.#hasFailed(value)) this.#failure = takeOpenSslError(what);
      return value;
    });
    if (this.#failure !== undefined) throw this.#failure;
    return result;
  }

  /** False when libssl only waits for more bytes, or the peer has closed. */
  #hasFailed(result: number): boolean {
    const error = capi.SSL_get_error(this.#ssl, result);
    return error === capi.SSL_ERROR_SSL || error === capi.SSL_ERROR_SYSCALL;
  }

  #requireLive(): void {
    if (this.#isFreed) throw new SslctxError('ERR_SSLCTX_FREED', 'the connection has been freed');
  }

  #requireUsable(): void {
    this.#requireLive();
    if (this.#failure !== undefined) throw this.#failure;
  }
}
