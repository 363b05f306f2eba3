// The language of a control socket: one JSON object in each line.
import type { SessionCacheModeName } from '../constants.ts';
import type { SessionRemovalReason } from '../context-events.ts';
import type { ContextStats } from '../context-stats.ts';
import type { SslSession } from '../session.ts';

/** The version of the protocol. A client that finds another one must not go on. */
export const controlVersion = 1;

/** The last second that `flush` takes, since the epoch: in the year 2514. */
export const lastTime = 2 ** 34 - 1;

/** Bytes of one request. */
export const maxRequest = 4096;

/** What a server says first. */
export interface ControlGreeting {
  readonly sslctx: 'control';
  readonly version: number;
  readonly pid: number;
}

/** A session in a cache, without its secrets. */
export interface ControlSession {
  /** Hexadecimal. */
  readonly id: string;
  readonly protocol: string;
  readonly cipher: string | undefined;
  /** When it was made, in seconds since the epoch. */
  readonly time: number;
  /** For how long it is good, in seconds. */
  readonly timeout: number;
  /** The last second in which it may be resumed, since the epoch. */
  readonly expiresAt: number;
  readonly isExpired: boolean;
  readonly isResumable: boolean;
  /** Hexadecimal. */
  readonly idContext: string;
  readonly hostname: string | undefined;
  readonly alpn: string | undefined;
  readonly maxEarlyData: number;
  /** The subject of the client's certificate. Only `show` tells. */
  readonly peer?: string | undefined;
}

/** One context: its settings and counters. */
export interface ControlContext {
  readonly name: string;
  readonly mode: readonly SessionCacheModeName[];
  readonly size: number;
  readonly timeout: number;
  /** Hexadecimal. */
  readonly sessionIdContext: string;
  readonly tickets: 'stateful' | 'stateless' | 'none';
  readonly numTickets: number;
  readonly stats: ContextStats;
}

/** What a client may ask, by method, and what it is answered. */
export interface ControlMethods {
  /** All contexts. */
  info: { params: Record<never, never>; result: { contexts: ControlContext[] } };
  /** The sessions in the cache, those that expire last first. `limit` is 100 unless given, and 10000 at most. */
  list: { params: { context?: string; limit?: number }; result: { sessions: ControlSession[]; total: number } };
  /** One session, by its ID or the beginning of it, in hexadecimal. */
  show: { params: { context?: string; id: string }; result: ControlSession };
  /** Removes one, as `SslContext.removeSession`. */
  remove: { params: { context?: string; id: string }; result: { removed: ControlSession } };
  /** Removes those that have expired at `at` (seconds since the epoch, default now), or all of them. */
  flush: { params: { context?: string; at?: number; all?: boolean }; result: { count: number } };
  /**
   * From now on, events. To hear of removals has a side effect where tickets are stateless (see `SslContext`): there
   * it is done only with `removals: true`, or where the program itself listens to them.
   */
  watch: { params: { context?: string; removals?: boolean }; result: { removals: boolean } };
}

export type ControlMethod = keyof ControlMethods;

/** What a watcher is told. */
export type ControlEvent =
  | { readonly event: 'newSession'; readonly session: ControlSession }
  | { readonly event: 'removeSession'; readonly session: ControlSession; readonly reason: SessionRemovalReason };

/** The stable codes of {@link ControlError}. */
export type ControlErrorCode =
  | 'ERR_SSLCTX_CONTROL_REQUEST'
  | 'ERR_SSLCTX_CONTROL_VERSION'
  | 'ERR_SSLCTX_CONTROL_NOT_FOUND'
  | 'ERR_SSLCTX_CONTROL_AMBIGUOUS'
  | 'ERR_SSLCTX_CONTROL_IN_USE'
  | 'ERR_SSLCTX_CONTROL_CLOSED'
  | 'ERR_SSLCTX_CONTROL_FAILED';

/** A control socket refused, or could not be used. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  /** Stable; the message is not. */
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A session as the protocol shows it. */
export function describeSession(session: SslSession): ControlSession {
  const { protocol, cipher, time, timeout, expiresAt, isResumable, hostname, alpn, maxEarlyData } = session;
  return {
    id: session.id.toString('hex'),
    protocol,
    cipher: cipher?.name,
    time,
    timeout,
    expiresAt,
    isExpired: expiresAt < Math.floor(Date.now() / 1000),
    isResumable,
    idContext: session.idContext.toString('hex'),
    hostname,
    alpn,
    maxEarlyData,
  };
}

/** Splits what comes into lines; `undefined` for a line that is longer than `limit`. */
export class Lines {
  readonly #limit: number;
  #rest = '';

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(text: string): string[] | undefined {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > this.#limit || lines.some((line) => line.length > this.#limit)) return undefined;
    return lines;
  }
}
