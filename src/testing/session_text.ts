// The text that SSL_SESSION_print writes, as s_client, s_server -www and sess_id -text show it.

/** A session as `SSL_SESSION_print` shows it. Its keys are left out. */
export interface PrintedSession {
  /** `TLSv1.2`, `TLSv1.3`, ... */
  protocol: string;
  /** OpenSSL's name of the cipher suite. */
  cipher: string;
  /**
   * The session ID; empty when there is none. Only where it came over the wire (TLS 1.2 without a ticket) is it the
   * server's: for a ticket, a client of OpenSSL makes up an ID of its own. See `serverSessionIds`.
   */
  sessionId: Buffer;
  /** The session ID context; a client's sessions have an empty one unless it has set one. */
  sessionIdContext: Buffer;
  /** Seconds, as the server announced; `undefined` when there is no ticket, or its hint is 0. */
  ticketLifetimeHint: number | undefined;
  /** The ticket as sent; `undefined` without one, and when other output has cut its dump in two. */
  ticket: Buffer | undefined;
  /** When the session began, seconds since the epoch. */
  startTime: number | undefined;
  /** How long it may be used, in seconds after `startTime`. */
  timeout: number | undefined;
  /** The result of the verification of the peer's certificate. */
  verifyResult: VerifyResult;
  /** Whether the extended master secret was negotiated (RFC 7627); without meaning, and false, in TLS 1.3. */
  extendedMasterSecret: boolean;
  /** Bytes of early data that the ticket allows; `undefined` before TLS 1.3. */
  maxEarlyData: number | undefined;
}

/** A certificate verification result: OpenSSL's `X509_V_*` number and its text. 0 is success. */
export interface VerifyResult {
  code: number;
  text: string;
}

/** `18 (self-signed certificate)`, as printed after `Verify return code: `. */
const VERIFY = /^ *Verify return code: (\d+) \((.*)\)$/m;

/**
 * Reads the first session in a text written by `SSL_SESSION_print`: of `openssl sess_id -text`, `s_client`, or the status
 * page of `s_server -www`.
 *
 * @returns `undefined` when there is no complete session in it
 * @see SSL_SESSION_print(3)
 */
export function parseSessionText(text: string): PrintedSession | undefined {
  const start = text.indexOf('SSL-Session:\n');
  if (start < 0) return undefined;
  const end = /^ {4}Extended master secret: (yes|no)\n(?: {4}Max Early Data: (\d+)\n)?/m.exec(text.slice(start));
  if (end === null) return undefined;
  const block = text.slice(start, start + end.index + end[0].length);

  const verifyResult = parseVerifyResult(block);
  const protocol = field(block, /^ {4}Protocol +: (\S+)$/m);
  const cipher = field(block, /^ {4}Cipher +: (\S+)$/m);
  if (verifyResult === undefined || protocol === undefined || cipher === undefined) return undefined;
  return {
    protocol,
    cipher,
    sessionId: Buffer.from(field(block, /^ {4}Session-ID: ([0-9A-F]*)$/m) ?? '', 'hex'),
    sessionIdContext: Buffer.from(field(block, /^ {4}Session-ID-ctx: ([0-9A-F]*)$/m) ?? '', 'hex'),
    ticketLifetimeHint: number(field(block, /^ {4}TLS session ticket lifetime hint: (\d+) /m)),
    ticket: parseTicketDump(block),
    startTime: number(field(block, /^ {4}Start Time: (\d+)$/m)),
    timeout: number(field(block, /^ {4}Timeout +: (\d+) \(sec\)$/m)),
    verifyResult,
    extendedMasterSecret: end[1] === 'yes',
    maxEarlyData: number(end[2]),
  };
}

/** Reads the first `Verify return code: ` line. */
export function parseVerifyResult(text: string): VerifyResult | undefined {
  const match = VERIFY.exec(text);
  return match?.[1] === undefined ? undefined : { code: Number(match[1]), text: match[2] ?? '' };
}

/** Lines of offset, 16 bytes in hexadecimal, and the same bytes as text, as BIO_dump_indent writes them. */
function parseTicketDump(block: string): Buffer | undefined {
  const heading = '    TLS session ticket:\n';
  const start = block.indexOf(heading);
  if (start < 0) return undefined;
  const bytes: number[] = [];
  for (const line of block.slice(start + heading.length).split('\n')) {
    const match = /^ {4}([0-9a-f]{4,}) - (.{1,48})/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) break;
    if (Number.parseInt(match[1], 16) !== bytes.length) return undefined;
    for (const byte of match[2].matchAll(/[0-9a-f]{2}(?=[ -]|$)/g)) bytes.push(Number.parseInt(byte[0], 16));
  }
  // An empty line follows a dump. Anything else means that it was interrupted.
  const after = block.slice(start + heading.length).split('\n')[Math.ceil(bytes.length / 16)];
  return after === '' && bytes.length > 0 ? Buffer.from(bytes) : undefined;
}

function field(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1];
}

function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
