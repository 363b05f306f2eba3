// One connection to a server, and all that it told about sessions.
import type { SslContext } from '../context.ts';
import type { ConnectOptions } from '../net/connect.ts';
import { connect } from '../net/connect.ts';
import type { SslSocket } from '../net/socket.ts';
import type { Resumption } from '../resumption.ts';
import type { SslSession } from '../session.ts';
import { subjectOf } from './certificate.ts';

/** Milliseconds: servers send their tickets one right after the other. */
const betweenTickets = 250;

export interface VisitOptions {
  context: SslContext;
  host: string;
  port: number;
  /** Default: `host`. */
  servername?: string | undefined;
  /** Offered as a copy: libssl marks a TLS 1.3 session that a client has used, and would not offer it again. */
  session?: SslSession | undefined;
  /** End the connection when the certificate is not right. */
  verify?: boolean | undefined;
  /** Milliseconds to the end of the handshake. */
  timeout: number;
  /** Milliseconds to wait for a TLS 1.3 ticket; 0 does not wait. Further ones come together with the first. */
  wait: number;
  /** Application protocols to offer. */
  alpn?: readonly string[] | undefined;
  /** Ask for a page by HTTP: tickets come before the answer, so the answer ends the wait. */
  http?: boolean | undefined;
  /** Send the request as early data, where the session allows it. */
  early?: boolean | undefined;
}

/** What was seen. */
export interface Visit {
  address: string | undefined;
  protocol: string;
  cipher: string;
  alpn: string | undefined;
  resumption: Resumption;
  /** Milliseconds from the first byte sent to the end of the handshake; of TCP before. */
  handshakeTime: number;
  /** What the server issued, in order. Whoever gets a visit frees them, or leaves them to the garbage collector. */
  sessions: SslSession[];
  /** Undefined when the certificate is right; otherwise why not. */
  trustProblem: string | undefined;
  /** What became of early data, where that was wanted. */
  earlyData: 'accepted' | 'rejected' | 'not-sent' | undefined;
  subject: string | undefined;
}

/** @throws what ends the connection before its handshake is done */
export function visit(options: VisitOptions): Promise<Visit> {
  const {
    context,
    host,
    port,
    servername = host,
    session,
    verify = false,
    timeout,
    wait,
    http = false,
    early = false,
  } = options;
  const request = `HEAD / HTTP/1.0\r\nHost: ${servername}\r\n\r\n`;
  const target: ConnectOptions = {
    ...{ context, host, port, servername, rejectUnauthorized: verify },
    ALPNProtocols: options.alpn,
    session: session?.clone(),
    earlyData: http && early ? Buffer.from(request) : undefined,
  };
  const socket = connect(target);
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => socket.destroy(timedOut(timeout)), timeout);
    const sessions: SslSession[] = [];
    let begun = performance.now();
    let patience: NodeJS.Timeout | undefined;
    let seen: Visit | undefined;
    const finish = (): void => {
      clearTimeout(patience);
      // With close_notify: otherwise the server would have to drop the session.
      socket.destroy();
    };
    const waitOn = (milliseconds: number): void => {
      clearTimeout(patience);
      patience = setTimeout(finish, milliseconds);
    };
    socket.once('connect', () => {
      begun = performance.now();
    });
    socket.on('session', (issued) => {
      sessions.push(issued);
      // With HTTP there is something else to wait for.
      if (seen !== undefined && !http) waitOn(Math.min(wait, betweenTickets));
    });
    socket.once('secureConnect', () => {
      clearTimeout(limit);
      seen = { ...look(socket, sessions, performance.now() - begun), earlyData: early ? socket.earlyData : undefined };
      if (wait === 0 || seen.protocol !== 'TLSv1.3') {
        finish();
        return;
      }
      waitOn(wait);
      if (http && !early) socket.write(request);
    });
    // Tickets come before data: with the first of it, all of them are here.
    socket.on('data', finish).on('end', finish);
    socket.on('error', (error) => {
      if (seen === undefined) reject(error);
    });
    socket.once('close', () => {
      clearTimeout(limit);
      clearTimeout(patience);
      if (seen !== undefined) resolve(seen);
      else reject(new Error('the connection was closed before the end of the handshake'));
    });
  });
}

function timedOut(timeout: number): Error {
  return Object.assign(new Error(`no handshake within ${timeout} ms`), { code: 'ETIMEDOUT' });
}

function look(socket: SslSocket, sessions: SslSession[], handshakeTime: number): Omit<Visit, 'earlyData'> {
  const certificate = socket.getPeerX509Certificate();
  return {
    address: socket.remoteAddress,
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.name ?? '',
    alpn: socket.alpnProtocol || undefined,
    resumption: socket.resumption,
    handshakeTime,
    sessions,
    trustProblem: socket.authorizationError ?? undefined,
    subject: certificate && subjectOf(certificate),
  };
}
