// What goes wrong around the tests' outside programs. Not layer 2's errors: no libssl of ours takes part in them.

/** The stable codes of {@link TestingError}. */
export type TestingErrorCode =
  | 'ERR_SSLCTX_PROGRAM_MISSING'
  | 'ERR_SSLCTX_PROGRAM_FAILED'
  | 'ERR_SSLCTX_PROGRAM_TIMEOUT'
  | 'ERR_SSLCTX_HANDSHAKE';

/** What a {@link TestingError} carries besides its message. */
export interface TestingErrorDetails {
  cause?: unknown;
  exitCode?: number | null;
  output?: string;
}

/**
 * A program of the testing kit could not be started, failed, or took too long; or two connections in memory did not
 * complete their handshake.
 */
export class TestingError extends Error {
  /** Stable; the text of the message is not. */
  readonly code: TestingErrorCode;
  /** The program's exit status; `null` when a signal ended it or it never ran. */
  readonly exitCode: number | null;
  /** All that the program had printed, standard output and standard error together. */
  readonly output: string;

  constructor(code: TestingErrorCode, message: string, details: TestingErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TestingError';
    this.code = code;
    this.exitCode = details.exitCode ?? null;
    this.output = details.output ?? '';
  }
}

/** The error for a program that is not installed, with the commands that install it. */
export function programMissing(program: string, cause: unknown): TestingError {
  return new TestingError(
    'ERR_SSLCTX_PROGRAM_MISSING',
    `Cannot run '${program}', the command-line program of OpenSSL. Install it: 'apt-get install openssl' ` +
      `(Debian, Ubuntu), 'dnf install openssl' (Fedora), 'apk add openssl' (Alpine), 'brew install openssl@3' (macOS).`,
    { cause },
  );
}

/** True for the error that Node reports when there is no such program, or it may not be executed. */
export function isProgramMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
}

/** A `TypeError` with Node's code for an argument of the right type that cannot be used. */
export function invalidValue(name: string, problem: string): TypeError {
  return Object.assign(new TypeError(`The option '${name}' ${problem}`), { code: 'ERR_INVALID_ARG_VALUE' });
}

/**
 * Refuses an option that does not exist: in a test, an option that silently does nothing makes the test worthless.
 *
 * @param known has the names of all options, `true` each: then the compiler finds one that is missing
 */
export function checkOptionNames<Options extends object>(
  options: Options,
  known: Readonly<Record<keyof Options, true>>,
): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name))
      throw invalidValue(name, `is unknown. There are: ${Object.keys(known).join(', ')}`);
  }
}

/** Refuses a word that is none of the known ones; `undefined` is the default, and fine. */
export function checkOneOf(name: string, value: string | undefined, known: readonly string[]): void {
  if (value !== undefined && !known.includes(value)) throw invalidValue(name, `must be one of ${known.join(', ')}`);
}

/** The error of an operation that its `AbortSignal` has ended, as Node's own functions make it. */
export function aborted(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  return Object.assign(error, { code: 'ABORT_ERR' });
}
