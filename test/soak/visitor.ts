// A client that comes again and again, with the session that it has got last.
import { connect, type SslContext, type SslSession } from '../../src/index.ts';
import { SLOWER } from '../helpers/limits.ts';

const CHUNK = 64 * 1024;
/** Milliseconds: far above what a connection takes. */
const LOST = 60_000 * SLOWER;

/** One connection of a {@link Visitor}. */
export interface Visit {
  readonly began: number;
  readonly ended: number;
  /** The thread that has greeted; `undefined` when none had before the connection was lost. */
  readonly thread: number | undefined;
  /** Of the session that was offered; `undefined` without one. */
  readonly maker: number | undefined;
  readonly isResumed: boolean;
  /** Why it failed: an error, or an answer that is not whole. */
  readonly failure: string | undefined;
}

export class Visitor {
  /** Where it is. */
  stage: 'idle' | 'handshake' | 'transfer' = 'idle';
  readonly #where: { port: number; context: SslContext };
  #session: SslSession | undefined;
  #maker: number | undefined;

  constructor(where: { port: number; context: SslContext }) {
    this.#where = where;
  }

  /** Gives its session back. */
  end(): void {
    this.#session?.free();
  }

  /** Asks for so many chunks of 64 KiB. */
  visit(chunks: number): Promise<Visit> {
    const began = performance.now();
    // libssl marks the session of a client whose connection is cut off: the one that is kept must not be that one.
    const session = this.#session?.clone();
    const maker = session && this.#maker;
    const socket = connect({ ...this.#where, host: '127.0.0.1', servername: 'localhost', session });
    let newest: SslSession | undefined;
    let greeting = '';
    let received = 0;
    let hasEnded = false;
    let failure: string | undefined;
    this.stage = 'handshake';
    socket.on('session', (made: SslSession) => {
      newest = made;
    });
    socket.once('secureConnect', () => {
      this.stage = 'transfer';
    });
    socket.on('data', (data: Buffer) => {
      const end = greeting.endsWith('\n') ? 0 : data.indexOf('\n') + 1 || data.length;
      greeting += data.toString('latin1', 0, end);
      received += data.length - end;
    });
    socket.once('end', () => {
      hasEnded = true;
    });
    socket.once('error', (error: Error) => {
      failure = 'code' in error ? String(error.code) : error.message;
    });
    const lost = setTimeout(() => socket.destroy(new Error('nobody answers')), LOST);
    socket.end(`${chunks}\n`);
    return new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(lost);
        this.stage = 'idle';
        const thread = greeting.endsWith('\n') ? Number(greeting) : undefined;
        if (!hasEnded || received !== chunks * CHUNK) failure ??= `${received} of ${chunks * CHUNK} bytes`;
        if (newest !== undefined && thread !== undefined) {
          this.#session?.free();
          this.#session = newest;
          this.#maker = thread;
        }
        session?.free();
        const isResumed = socket.resumption.accepted;
        resolve({ began, ended: performance.now(), thread, maker, isResumed, failure });
      });
    });
  }
}
