// What s_client prints, as data. Pure functions, written against the sources of OpenSSL 3.0 to 3.6.
import { type PrintedSession, parseSessionText, parseVerifyResult, type VerifyResult } from './session_text.ts';

/** One handshake as `s_client` reports it. */
export interface SClientConnection {
  /** The handshake was completed. In TLS 1.3 that is before the server has judged the client's certificate. */
  connected: boolean;
  /** From the words `Reused, ` and `New, ` that s_client printed; `undefined` when the handshake failed. */
  reused: boolean | undefined;
  /** `TLSv1.2`, `TLSv1.3`, ...; `undefined` when the handshake failed. */
  protocol: string | undefined;
  /** OpenSSL's name of the cipher suite; `undefined` when the handshake failed. */
  cipher: string | undefined;
  /** The protocol that ALPN selected. */
  alpn: string | undefined;
  /** The server certificate's verification. Code 0 says success, also when there was no certificate to verify. */
  verifyResult: VerifyResult | undefined;
  /** What became of early data; `undefined` before TLS 1.3. */
  earlyData: 'not sent' | 'rejected' | 'accepted' | undefined;
  /** TLS 1.2: the session. TLS 1.3: the session of the last ticket, or `undefined` when none has come. */
  printedSession: PrintedSession | undefined;
  /** In TLS 1.3 one for each NewSessionTicket, in order; in TLS 1.2 one when the session has a ticket, else none. */
  tickets: PrintedSession[];
}

/** An alert record, in the order of the connection. */
export interface Alert {
  direction: 'received' | 'sent';
  level: 'warning' | 'fatal';
  /** OpenSSL's words, such as `close notify` or `handshake failure`. */
  description: string;
}

/** One entry of the program's OpenSSL error queue, as `ERR_print_errors` writes it. */
export interface PrintedError {
  /** Eight hexadecimal digits, such as `0A000410`. */
  code: string;
  library: string;
  function: string;
  reason: string;
  /** Further text, such as `SSL alert number 40`; often empty. */
  data: string;
}

/**
 * Reads what `s_client -state` has printed: one connection, or several with `-reconnect`.
 *
 * What the server sent is part of that output. Only the first report of each connection counts, so that the status page
 * of `s_server -www`, which contains the same words about the server's side, is not taken for s_client's own.
 *
 * @returns the connections in order; empty when not even TCP was connected
 * @see openssl-s_client(1)
 */
export function parseSClientConnections(stdout: string, stderr: string): SClientConnection[] {
  // The report of a handshake that failed may look like any other. Then the program ends, so it is the last one.
  const isLastFailed = /^SSL_connect:(?:error|failed) in /m.test(stderr);
  const parts = stdout.split('drop connection and then reconnect\n').filter((part) => part.includes('CONNECTED('));
  return parts.map((part, index) => parseConnection(part, isLastFailed && index === parts.length - 1));
}

function parseConnection(text: string, isFailed: boolean): SClientConnection {
  const report = /^(New|Reused), (\S+), Cipher is (\S+)$/m.exec(text);
  const failed: SClientConnection = {
    connected: false,
    reused: undefined,
    protocol: undefined,
    cipher: undefined,
    alpn: undefined,
    verifyResult: parseVerifyResult(text),
    earlyData: undefined,
    printedSession: undefined,
    tickets: [],
  };
  if (isFailed || report?.[3] === undefined || report[3] === '(NONE)') return failed;

  const details = text.slice(report.index);
  // That line has the version in which the cipher suite was introduced: exact for TLS 1.3, for no other.
  const isTls13 = report[2] === 'TLSv1.3';
  const tickets = isTls13 ? parseNewSessionTickets(details) : [];
  const printedSession = isTls13 ? tickets.at(-1) : parseSessionText(details);
  if (printedSession?.ticket !== undefined && !isTls13) tickets.push(printedSession);
  return {
    connected: true,
    reused: report[1] === 'Reused',
    protocol: isTls13 ? 'TLSv1.3' : printedSession?.protocol,
    cipher: report[3],
    alpn: /^ALPN protocol: (.+)$/m.exec(details)?.[1],
    verifyResult: parseVerifyResult(details),
    earlyData: isTls13 ? parseEarlyData(details) : undefined,
    printedSession,
    tickets,
  };
}

function parseNewSessionTickets(text: string): PrintedSession[] {
  const [, ...blocks] = text.split('Post-Handshake New Session Ticket arrived:\n');
  return blocks.map(parseSessionText).filter((session) => session !== undefined);
}

function parseEarlyData(text: string): SClientConnection['earlyData'] {
  const words = /^Early data was (not sent|rejected|accepted)$/m.exec(text)?.[1];
  return words === 'not sent' || words === 'rejected' || words === 'accepted' ? words : undefined;
}

/**
 * Tells whether `s_client` has printed its whole report of a first handshake, which it does at once. The tickets of TLS
 * 1.3, in contrast, wait in its output buffer: {@link countTicketsRead} sees them.
 */
export function isReportComplete(stdout: string): boolean {
  const report = /^(?:New|Reused), (\S+), Cipher is /m.exec(stdout);
  if (report === null) return false;
  const last = report[1] === 'TLSv1.3' ? /^Verify return code: .*\n---\n/m : /^ {4}Extended master secret: .*\n---\n/m;
  return last.test(stdout.slice(report.index));
}

/** How many NewSessionTicket messages `s_client -state` has read so far, from its standard error. */
export function countTicketsRead(stderr: string): number {
  return stderr.split('SSL_connect:SSLv3/TLS read server session ticket\n').length - 1;
}

/** Reads the alerts from the standard error of `s_client -state` or `s_server -state`. */
export function parseAlerts(stderr: string): Alert[] {
  const alerts: Alert[] = [];
  for (const [, direction, level, description] of stderr.matchAll(/^SSL3 alert (read|write):(\w+):(.+)$/gm)) {
    if (description === undefined || (level !== 'warning' && level !== 'fatal')) continue;
    alerts.push({ direction: direction === 'read' ? 'received' : 'sent', level, description });
  }
  return alerts;
}

/** Reads the OpenSSL errors that a program has written with `ERR_print_errors`, the oldest first. */
export function parseErrors(stderr: string): PrintedError[] {
  const errors: PrintedError[] = [];
  // Thread, "error", code, library, function, reason, file, line, data.
  const pattern = /^[0-9A-Fa-f]+:error:([0-9A-F]{8}):([^:]*):([^:]*):(.*?):[^:\n]*:\d+:(.*)$/gm;
  for (const [, code = '', library = '', functionName = '', reason = '', data = ''] of stderr.matchAll(pattern)) {
    errors.push({ code, library, function: functionName, reason, data });
  }
  return errors;
}
