// The side of a control socket that asks.
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  ControlError,
  type ControlErrorCode,
  type ControlEvent,
  type ControlGreeting,
  type ControlMethod,
  type ControlMethods,
  controlVersion,
  Lines,
} from './protocol.ts';

/** Bytes of one answer: 10000 sessions. */
const maxAnswer = 16 * 1024 * 1024;

/** What a server sends after its greeting. */
type Message =
  | { id: number; result: unknown; error?: undefined }
  | { id: number | null; error: { code: ControlErrorCode; message: string } }
  | ControlEvent;

interface Waiter {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The events of a {@link ControlClient}. */
export interface ControlClientEvents {
  /** After `watch`. */
  event: [event: ControlEvent];
  close: [];
}

/** A connection to a control socket. */
export class ControlClient extends EventEmitter<ControlClientEvents> implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiter>();
  #lastId = 0;
  /** The process that has the caches. */
  readonly pid: number;

  /** @internal */
  constructor(socket: Socket, greeting: ControlGreeting, lines: Lines, rest: readonly string[]) {
    super();
    this.#socket = socket;
    this.pid = greeting.pid;
    for (const line of rest) this.#hear(line);
    socket.on('data', (text: string) => {
      const whole = lines.take(text);
      if (whole === undefined) socket.destroy();
      else for (const line of whole) this.#hear(line);
    });
    socket.once('close', () => {
      const error = new ControlError('ERR_SSLCTX_CONTROL_CLOSED', 'the control socket was closed');
      for (const waiter of this.#waiting.values()) waiter.reject(error);
      this.#waiting.clear();
      this.emit('close');
    });
  }

  /**
   * Asks one of {@link ControlMethods}.
   *
   * @throws {ControlError} what the other side refused, or `ERR_SSLCTX_CONTROL_CLOSED`
   */
  async ask<Method extends ControlMethod>(
    method: Method,
    params: ControlMethods[Method]['params'],
  ): Promise<ControlMethods[Method]['result']> {
    if (this.#socket.destroyed) throw new ControlError('ERR_SSLCTX_CONTROL_CLOSED', 'the control socket was closed');
    const id = ++this.#lastId;
    return await new Promise((resolve, reject) => {
      // The greeting has told that the other side keeps to this version of the protocol.
      this.#waiting.set(id, { resolve: (result: never) => resolve(result), reject });
      this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #hear(line: string): void {
    const message = parseMessage(line);
    if (message === undefined) {
      this.#socket.destroy();
      return;
    }
    if ('event' in message) {
      this.emit('event', message);
      return;
    }
    const waiter = message.id === null ? undefined : this.#waiting.get(message.id);
    if (waiter === undefined) return;
    if (message.id !== null) this.#waiting.delete(message.id);
    if (message.error === undefined) waiter.resolve(message.result);
    else waiter.reject(new ControlError(message.error.code, message.error.message));
  }
}

/** Nothing for what no server of this protocol says. What a result holds is for its asker to know. */
function parseMessage(line: string): Message | undefined {
  let message: Message | string | number | boolean | null;
  try {
    message = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null) return undefined;
  if ('event' in message) return isObject(message.session) ? message : undefined;
  const isAnswer = message.error === undefined ? 'result' in message : isObject(message.error);
  return isAnswer ? message : undefined;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/**
 * Connects to a control socket, as {@link serveControl} makes it.
 *
 * @throws {ControlError} `ERR_SSLCTX_CONTROL_VERSION` when it does not speak this version of the protocol, or something
 *   else
 * @throws {Error} the system's: `ENOENT`, `ECONNREFUSED` when nobody listens, `EACCES` when it is another user's
 */
export function connectControl(path: string): Promise<ControlClient> {
  return new Promise((resolve, reject) => {
    const socket = connect(path).setEncoding('utf8');
    const lines = new Lines(maxAnswer);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const closed = (): void =>
      fail(new ControlError('ERR_SSLCTX_CONTROL_CLOSED', `${path} was closed without a greeting`));
    const listen = (text: string): void => {
      const [first, ...rest] = lines.take(text) ?? [''];
      if (first === undefined) return;
      socket.off('data', listen).off('close', closed);
      const greeting = readGreeting(first);
      if (greeting instanceof Error) fail(greeting);
      else resolve(new ControlClient(socket, greeting, lines, rest));
    };
    socket.on('error', reject).on('close', closed).on('data', listen);
  });
}

function readGreeting(line: string): ControlGreeting | ControlError {
  try {
    const greeting: ControlGreeting = JSON.parse(line);
    if (greeting.sslctx === 'control' && greeting.version === controlVersion) return greeting;
    const said = `version ${greeting.version}, and this one ${controlVersion}`;
    return new ControlError('ERR_SSLCTX_CONTROL_VERSION', `the other side speaks ${said}`);
  } catch {
    return new ControlError('ERR_SSLCTX_CONTROL_VERSION', 'this is no control socket');
  }
}
