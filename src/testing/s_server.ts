// The real s_server: a peer for clients under test.
import { makeCertificate } from './certificate.ts';
import { TemporaryFiles } from './cleanup.ts';
import { checkOneOf, checkOptionNames, invalidValue } from './errors.ts';
import { type ProgramOptions, programOptionNames, RunningProgram } from './program.ts';
import { PROTOCOLS, type Protocol } from './s_client.ts';
import { type Alert, type PrintedError, parseAlerts, parseErrors } from './s_client_output.ts';
import {
  type ListeningAddress,
  parseAccept,
  parseSServerConnections,
  type SServerConnection,
} from './s_server_output.ts';

/** What {@link sServer} can be told. Where a PEM text is expected, the path of a PEM file will do. */
export interface SServerOptions extends ProgramOptions {
  /** Default 0: any free port. */
  port?: number | undefined;
  /** The address to listen on. Default `127.0.0.1`. */
  host?: string | undefined;
  /** The certificate, PEM. Default: a throw-away one for `localhost`, see {@link SServer.cert}. */
  cert?: string | undefined;
  /** The key of `cert`, PEM. */
  key?: string | undefined;
  /** The certification authorities to trust for client certificates, PEM. Default: none. */
  ca?: string | undefined;
  /** Ask clients for a certificate. Default false. */
  requestCert?: boolean | undefined;
  /** With `requestCert`, refuse clients without a trusted certificate. Default false. */
  rejectUnauthorized?: boolean | undefined;
  /** Allow this version only. Default: all that the library allows. */
  protocol?: Protocol | undefined;
  /** TLS 1.2 cipher suites, in OpenSSL's notation. */
  ciphers?: string | undefined;
  /** TLS 1.3 cipher suites, in OpenSSL's notation. */
  ciphersuites?: string | undefined;
  /** The protocols to select from by ALPN, the preferred one first. */
  alpn?: readonly string[] | undefined;
  /**
   * Where sessions are kept: libssl's own cache of 128, s_server's demonstration of an external cache (`-ext_cache`), or
   * nowhere (`-no_cache`). Default `internal`. Stateless tickets need none of them.
   */
  sessionCache?: 'internal' | 'external' | 'off' | undefined;
  /** Session IDs in TLS 1.2 and stateful tickets in TLS 1.3, instead of stateless tickets. Default false. */
  noTicket?: boolean | undefined;
  /** How many tickets follow a full handshake of TLS 1.3. Default 2, by libssl. */
  numTickets?: number | undefined;
  /** The session ID context (`-context`), 1 to 32 bytes of text. Default: s_server's own. */
  sessionIdContext?: string | undefined;
  /** What all session IDs begin with (`-id_prefix`). */
  idPrefix?: string | undefined;
  /** Read early data, and issue tickets that allow it. Default false. */
  earlyData?: boolean | undefined;
  /** Bytes of early data that tickets allow. Default, with `earlyData`: 16384, by s_server. */
  maxEarlyData?: number | undefined;
  /** Protect early data against replay, which makes its sessions single-use. Default true. */
  antiReplay?: boolean | undefined;
  /** Answer `GET /` with a status page and close the connection. Default false. */
  www?: boolean | undefined;
  /** Answer each line reversed, until a line that says `CLOSE`. Default false. */
  rev?: boolean | undefined;
}

const optionNames: Readonly<Record<keyof SServerOptions, true>> = {
  ...programOptionNames,
  port: true,
  host: true,
  cert: true,
  key: true,
  ca: true,
  requestCert: true,
  rejectUnauthorized: true,
  protocol: true,
  ciphers: true,
  ciphersuites: true,
  alpn: true,
  sessionCache: true,
  noTicket: true,
  numTickets: true,
  sessionIdContext: true,
  idPrefix: true,
  earlyData: true,
  maxEarlyData: true,
  antiReplay: true,
  www: true,
  rev: true,
};

/** A running `s_server`. It serves one connection at a time. */
export interface SServer extends AsyncDisposable {
  /** The address that it listens on. */
  readonly host: string;
  /** The port that it listens on. */
  readonly port: number;
  /** The PEM text or path of its certificate, to be a client's `ca`. */
  readonly cert: string;
  /** The handshakes completed so far; always empty with `www` and `rev`. */
  readonly connections: SServerConnection[];
  /** The alerts so far, of all connections. */
  readonly alerts: Alert[];
  /** The errors that the program has printed so far. */
  readonly errors: PrintedError[];
  /** All that it has printed so far, standard output and standard error together. */
  readonly output: string;
  /**
   * Waits until so many handshakes are completed, by s_server's own word: in TLS 1.3 a client is done before the server
   * is.
   *
   * @param count counted from the start
   * @param timeout milliseconds. Default: that of the options
   * @returns all connections so far
   * @throws {TestingError} `ERR_SSLCTX_PROGRAM_TIMEOUT`, and the server is ended; `ERR_SSLCTX_PROGRAM_FAILED` when it
   *   has ended before
   */
  waitForConnections(count: number, timeout?: number): Promise<SServerConnection[]>;
  /**
   * Waits until the output, from the start, has this text.
   *
   * @param timeout milliseconds. Default: that of the options
   * @returns the match
   * @throws {TestingError} as {@link waitForConnections}
   */
  waitForOutput(pattern: RegExp, timeout?: number): Promise<RegExpExecArray>;
  /** Ends it, and resolves when it has ended. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Starts the real `openssl s_server` on a free port and resolves when it listens. Close it, or declare it with `await
 * using`; it ends with this process at the latest.
 *
 * @throws {TestingError} `ERR_SSLCTX_PROGRAM_MISSING`; `ERR_SSLCTX_PROGRAM_FAILED` when it ended instead of listening;
 *   `ERR_SSLCTX_PROGRAM_TIMEOUT`
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for unknown options, values that are out of range, and options that
 *   contradict each other
 * @throws `AbortError` (`ABORT_ERR`) when `signal` is aborted; the cause is its reason
 * @see openssl-s_server(1)
 */
export async function sServer(options: SServerOptions = {}): Promise<SServer> {
  const { port = 0 } = options;
  checkOptionNames(options, optionNames);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw invalidValue('port', 'must be 0 to 65535');
  checkOneOf('protocol', options.protocol, PROTOCOLS);
  checkOneOf('sessionCache', options.sessionCache, ['internal', 'external', 'off']);
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw invalidValue(options.key === undefined ? 'cert' : 'key', `needs the other of 'cert' and 'key'`);
  }
  const { cert, key } = certificateOf(options);
  const files = new TemporaryFiles();
  try {
    const args = ['-cert', files.pem('cert', cert), '-key', files.pem('key', key), ...sServerArguments(options, files)];
    const program = new RunningProgram('s_server', args, options);
    const address = await program.waitFor('it to listen', () => parseAccept(program.stdout));
    return new RunningServer(program, address, cert);
  } finally {
    // It has read them before it listens.
    files.remove();
  }
}

function certificateOf({ cert, key, program }: SServerOptions): { cert: string; key: string } {
  if (cert !== undefined && key !== undefined) return { cert, key };
  return makeCertificate(program === undefined ? {} : { program });
}

function sServerArguments(options: SServerOptions, files: TemporaryFiles): string[] {
  const { host = '127.0.0.1', port = 0, ca, protocol, sessionCache, requestCert, rejectUnauthorized } = options;
  const args = [
    '-accept',
    host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    '-state',
    '-no-CApath',
    '-no-CAstore',
  ];
  const add = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) args.push(name, String(value));
  };
  const addFlag = (name: string, isSet: boolean | undefined): void => {
    if (isSet) args.push(name);
  };
  add('-CAfile', ca === undefined ? undefined : files.pem('ca', ca));
  addFlag('-no-CAfile', ca === undefined);
  // In front of -Verify: in OpenSSL 4.0 it sets the mode as well, to one that takes clients without a certificate.
  addFlag('-verify_return_error', requestCert && rejectUnauthorized);
  if (requestCert) args.push(rejectUnauthorized ? '-Verify' : '-verify', '9');
  addFlag(protocol === 'TLSv1.2' ? '-tls1_2' : '-tls1_3', protocol !== undefined);
  add('-cipher', options.ciphers);
  add('-ciphersuites', options.ciphersuites);
  add('-alpn', options.alpn?.join(','));
  addFlag('-ext_cache', sessionCache === 'external');
  addFlag('-no_cache', sessionCache === 'off');
  addFlag('-no_ticket', options.noTicket);
  add('-num_tickets', options.numTickets);
  add('-context', options.sessionIdContext);
  add('-id_prefix', options.idPrefix);
  addFlag('-early_data', options.earlyData);
  add('-max_early_data', options.maxEarlyData);
  addFlag('-no_anti_replay', options.antiReplay === false);
  addFlag('-www', options.www);
  addFlag('-rev', options.rev);
  return args;
}

class RunningServer implements SServer {
  readonly #program: RunningProgram;
  readonly host: string;
  readonly port: number;
  readonly cert: string;

  constructor(program: RunningProgram, { host, port }: ListeningAddress, cert: string) {
    this.#program = program;
    this.host = host;
    this.port = port;
    this.cert = cert;
  }

  get connections(): SServerConnection[] {
    return parseSServerConnections(this.#program.stdout);
  }

  get alerts(): Alert[] {
    return parseAlerts(this.#program.stderr);
  }

  get errors(): PrintedError[] {
    return parseErrors(this.#program.stderr);
  }

  get output(): string {
    return this.#program.output;
  }

  waitForConnections(count: number, timeout?: number): Promise<SServerConnection[]> {
    const found = (): SServerConnection[] | undefined => {
      const connections = this.connections;
      return connections.length < count ? undefined : connections;
    };
    return this.#program.waitFor(`connection ${count}`, found, timeout);
  }

  waitForOutput(pattern: RegExp, timeout?: number): Promise<RegExpExecArray> {
    // A pattern with the flag g or y would remember where it stopped in another text.
    const fresh = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    const found = (): RegExpExecArray | undefined => fresh.exec(this.#program.output) ?? undefined;
    return this.#program.waitFor(`the output ${pattern}`, found, timeout);
  }

  async close(): Promise<void> {
    this.#program.kill();
    await this.#program.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
