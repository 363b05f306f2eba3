// The real s_client, by the recipe that works in every TLS version.
import { TemporaryFiles } from './cleanup.ts';
import { checkOneOf, checkOptionNames, invalidValue, TestingError } from './errors.ts';
import { type ProgramOptions, programOptionNames, RunningProgram } from './program.ts';
import {
  type Alert,
  countTicketsRead,
  isReportComplete,
  type PrintedError,
  parseAlerts,
  parseErrors,
  parseSClientConnections,
  type SClientConnection,
} from './s_client_output.ts';

/** The protocol versions that can be asked for. */
export const PROTOCOLS = ['TLSv1.2', 'TLSv1.3'] as const;

/** One of {@link PROTOCOLS}. */
export type Protocol = (typeof PROTOCOLS)[number];

/** What {@link sClient} can be told. Where a PEM text is expected, the path of a PEM file will do. */
export interface SClientOptions extends ProgramOptions {
  /** The server's port. */
  port: number;
  /** Default `127.0.0.1`. */
  host?: string | undefined;
  /** Allow this version only. Default: what s_client and the server agree on. */
  protocol?: Protocol | undefined;
  /** A session to resume: PEM, such as the `session` of an earlier result. */
  sessionIn?: string | undefined;
  /** The server name to send; `false` sends none. Default: the host, unless that is an IP address. */
  servername?: string | false | undefined;
  /** The client's certificate, PEM. */
  cert?: string | undefined;
  /** The key of `cert`, PEM. */
  key?: string | undefined;
  /** The certification authorities to trust, PEM. Default: none, whatever the system trusts. */
  ca?: string | undefined;
  /** Break off the handshake when the server's certificate is not trusted. Default false: only report it. */
  verify?: boolean | undefined;
  /** TLS 1.2 cipher suites, in OpenSSL's notation. */
  ciphers?: string | undefined;
  /** TLS 1.3 cipher suites, in OpenSSL's notation. */
  ciphersuites?: string | undefined;
  /** The protocols to offer by ALPN. */
  alpn?: readonly string[] | undefined;
  /** Offer no tickets: in TLS 1.2 the server then uses session IDs. Without effect in TLS 1.3. Default false. */
  noTicket?: boolean | undefined;
  /**
   * Connect five times more, each time with the session of the first connection. Not in TLS 1.3, where s_client never
   * resumes that way: run it again with `sessionIn`. Default false.
   */
  reconnect?: boolean | undefined;
  /** Data to send with the first flight; needs a `sessionIn` whose ticket allows it. */
  earlyData?: Uint8Array | undefined;
  /** Data to send after the handshake. */
  send?: string | Uint8Array | undefined;
  /**
   * What to wait for, after sending, before the connection is closed: a text that the server sends, or `closed`, the end
   * of the connection by the server. Default: nothing. When the server closes without the text, that is no error.
   */
  until?: RegExp | 'closed' | undefined;
  /**
   * How many tickets to wait for in TLS 1.3, where they follow the handshake: at least so many are reported, or fewer
   * when the server closes first. A server of OpenSSL sends 2 after a full handshake and 1 after a resumption, unless told
   * otherwise; Node's sends none after a resumption.
   *
   * Default: 1 after a full handshake, which is enough for a session: give the exact number to count tickets, and 0 for a
   * server that sends none. After a resumption none is awaited, and then none is reported either, because it would
   * depend on the time whether it had come: give 1 to go on with its new session.
   */
  waitForTickets?: number | undefined;
}

const optionNames: Readonly<Record<keyof SClientOptions, true>> = {
  ...programOptionNames,
  port: true,
  host: true,
  protocol: true,
  sessionIn: true,
  servername: true,
  cert: true,
  key: true,
  ca: true,
  verify: true,
  ciphers: true,
  ciphersuites: true,
  alpn: true,
  noTicket: true,
  reconnect: true,
  earlyData: true,
  send: true,
  until: true,
  waitForTickets: true,
};

/** What one run of `s_client` showed. With `reconnect`, the connection's members are those of the last one. */
export interface SClientResult extends SClientConnection {
  /** The session ID that s_client printed; empty when it had none. In TLS 1.3 the last ticket's, made by the client. */
  sessionId: Buffer;
  /** The session ID context that s_client printed. */
  sessionIdContext: Buffer;
  /** Seconds for which s_client may use the session; `undefined` without a session. */
  timeout: number | undefined;
  /** Whether the extended master secret was negotiated; `undefined` in TLS 1.3 and when the handshake failed. */
  extendedMasterSecret: boolean | undefined;
  /** The last session that `-sess_out` wrote, PEM; `undefined` when none was, as in a TLS 1.2 resumption by ID. */
  session: string | undefined;
  /** All connections: one, or six with `reconnect`. */
  connections: SClientConnection[];
  /** The alerts of the whole run, `close notify` among them. */
  alerts: Alert[];
  /** The errors that the program printed. */
  errors: PrintedError[];
  /** The program's exit status. */
  exitCode: number | null;
  /** All that it printed, standard output and standard error together. */
  output: string;
}

/**
 * Connects the real `openssl s_client` to a server, waits until the session is there, closes the connection cleanly, and
 * tells what it saw. A handshake that fails is a result too: `connected` is false, `alerts` and `errors` say why.
 *
 * To resume, give the `session` of one result to the next call as `sessionIn`. The recipe behind it: `-sess_out` with
 * standard input held open, because at its end s_client leaves, in TLS 1.3 before the first ticket has come; and
 * `-state`, because s_client keeps what it prints about tickets in its buffer until it ends.
 *
 * @throws {TestingError} `ERR_SSLCTX_PROGRAM_MISSING`; `ERR_SSLCTX_PROGRAM_TIMEOUT` when an event did not come in time;
 *   `ERR_SSLCTX_PROGRAM_FAILED` when s_client did not even get a TCP connection, or did not like its arguments
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for unknown options, values that are out of range, and options that
 *   contradict each other
 * @throws `AbortError` (`ABORT_ERR`) when `signal` is aborted; the cause is its reason
 * @see openssl-s_client(1)
 */
export async function sClient(options: SClientOptions): Promise<SClientResult> {
  checkOptions(options);
  const files = new TemporaryFiles();
  try {
    const program = new RunningProgram('s_client', sClientArguments(options, files), options);
    try {
      await converse(program, options);
    } finally {
      if (program.exit === undefined) program.kill();
    }
    const isTold = options.waitForTickets !== undefined;
    return result(program, files, isTold);
  } finally {
    files.remove();
  }
}

function checkOptions(options: SClientOptions): void {
  const { port, reconnect, protocol, waitForTickets = 0 } = options;
  checkOptionNames(options, optionNames);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalidValue('port', 'must be 1 to 65535');
  checkOneOf('protocol', protocol, PROTOCOLS);
  if (reconnect && protocol === 'TLSv1.3') {
    throw invalidValue('reconnect', `never resumes in TLS 1.3: call sClient again with 'sessionIn' instead`);
  }
  if (!Number.isInteger(waitForTickets) || waitForTickets < 0) {
    throw invalidValue('waitForTickets', 'must be an integer of at least 0');
  }
}

function sClientArguments(options: SClientOptions, files: TemporaryFiles): string[] {
  const { host = '127.0.0.1', port, protocol, servername, alpn, earlyData } = options;
  const args = [
    '-connect',
    host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    '-sess_out',
    files.path('session'),
    '-state',
    '-nocommands',
    '-no-CApath',
    '-no-CAstore',
  ];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) args.push(name, value);
  };
  const addPem = (name: string, value: string | undefined): void => {
    if (value !== undefined) args.push(name, files.pem(name, value));
  };
  const addFlag = (name: string, isSet: boolean | undefined): void => {
    if (isSet) args.push(name);
  };
  addFlag(protocol === 'TLSv1.2' ? '-tls1_2' : '-tls1_3', protocol !== undefined);
  addPem('-sess_in', options.sessionIn);
  if (servername === false) args.push('-noservername');
  else add('-servername', servername);
  addPem('-cert', options.cert);
  addPem('-key', options.key);
  addPem('-CAfile', options.ca);
  addFlag('-no-CAfile', options.ca === undefined);
  addFlag('-verify_return_error', options.verify);
  add('-cipher', options.ciphers);
  add('-ciphersuites', options.ciphersuites);
  add('-alpn', alpn?.join(','));
  addFlag('-no_ticket', options.noTicket);
  addFlag('-reconnect', options.reconnect);
  if (earlyData !== undefined) args.push('-early_data', files.write('early_data', earlyData));
  return args;
}

/** Goes through the connection's events in their order; returns when the program has ended. */
async function converse(program: RunningProgram, options: SClientOptions): Promise<void> {
  const { send, until } = options;
  // The end of the program is the end of every wait: what is missing then is missing in the result.
  const event = (what: string, happened: () => boolean): Promise<boolean> =>
    program.waitFor(what, () => (program.exit !== undefined || happened() ? true : undefined));

  await event('the handshake', () => isReportComplete(program.stdout));
  const [connection] = parseSClientConnections(program.stdout, program.stderr);
  const waitForTickets = options.waitForTickets ?? (connection?.reused === false ? 1 : 0);
  if (connection?.protocol === 'TLSv1.3' && waitForTickets > 0) {
    const hint = `session ticket ${waitForTickets} (a server that sends fewer needs a lower 'waitForTickets')`;
    await event(hint, () => countTicketsRead(program.stderr) >= waitForTickets);
  }
  const before = program.stdout.length;
  if (send !== undefined) program.write(Buffer.from(send));
  if (until instanceof RegExp) await event(String(until), () => program.stdout.slice(before).search(until) >= 0);
  if (until === 'closed') await event('the server to close the connection', () => false);
  program.endInput();
  await program.waitForExit();
}

function result(program: RunningProgram, files: TemporaryFiles, withTickets: boolean): SClientResult {
  const { stdout, stderr, output } = program;
  const exitCode = program.exit?.exitCode ?? null;
  const connections = parseSClientConnections(stdout, stderr).map((connection): SClientConnection => {
    const byChance = connection.protocol === 'TLSv1.3' && connection.reused && !withTickets;
    return byChance ? { ...connection, printedSession: undefined, tickets: [] } : connection;
  });
  const last = connections.at(-1);
  if (last === undefined) {
    const message = `s_client ended with status ${exitCode} before it was connected:\n${output}`;
    throw new TestingError('ERR_SSLCTX_PROGRAM_FAILED', message, { exitCode, output });
  }
  const printed = last.printedSession;
  const hasSession = last.protocol !== 'TLSv1.3' || printed !== undefined;
  return {
    ...last,
    sessionId: printed?.sessionId ?? Buffer.alloc(0),
    sessionIdContext: printed?.sessionIdContext ?? Buffer.alloc(0),
    timeout: printed?.timeout,
    extendedMasterSecret: last.protocol === 'TLSv1.3' ? undefined : printed?.extendedMasterSecret,
    session: hasSession ? files.read('session') : undefined,
    connections,
    alerts: parseAlerts(stderr),
    errors: parseErrors(stderr),
    exitCode,
    output,
  };
}

/**
 * The IDs under which a server that keeps state has the sessions of this connection in its cache. In TLS 1.2 the session
 * ID, when there is no ticket. In TLS 1.3 the tickets themselves: a stateful ticket of OpenSSL is the 32-byte session ID
 * and nothing else, and the ID that s_client prints is its own. Stateless tickets name no session: the result is empty.
 */
export function serverSessionIds(connection: SClientConnection): Buffer[] {
  if (connection.protocol === 'TLSv1.3') {
    return connection.tickets.flatMap(({ ticket }) => (ticket?.length === 32 ? [ticket] : []));
  }
  const { sessionId, ticket } = connection.printedSession ?? {};
  return sessionId === undefined || sessionId.length === 0 || ticket !== undefined ? [] : [sessionId];
}
