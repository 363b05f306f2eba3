// What the clients of `sslctx serve` get.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { SslContext } from '../context.ts';
import { SslSocket } from '../net/socket.ts';
import { sessionStoreOf } from '../store/context-store.ts';

export type ReplyKind = 'auto' | 'echo' | 'http';

/** Bytes that tell HTTP from anything else. */
const methods = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) /;

/** Echo, or a page about the connection. */
export class Replies {
  readonly #context: SslContext;
  readonly #kind: ReplyKind;
  /** Never listens: it is handed connections. */
  readonly #http = createServer((request, response) => this.#page(request, response));

  constructor(context: SslContext, kind: ReplyKind) {
    this.#context = context;
    this.#kind = kind;
  }

  answer(socket: SslSocket): void {
    if (this.#kind === 'echo') socket.pipe(socket);
    else if (this.#kind === 'http' || socket.alpnProtocol === 'http/1.1') this.#http.emit('connection', socket);
    else this.#listenFirst(socket);
  }

  close(): void {
    this.#http.closeAllConnections();
  }

  #listenFirst(socket: SslSocket): void {
    const look = (): void => {
      const first: Buffer | null = socket.read();
      // The end is no word either.
      if (first === null) return;
      socket.off('readable', look);
      socket.unshift(first);
      if (methods.test(first.toString('latin1', 0, 8))) this.#http.emit('connection', socket);
      else socket.pipe(socket);
    };
    socket.on('readable', look);
    socket.once('end', () => socket.end());
  }

  #page(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const own: SslSocket | undefined = socket instanceof SslSocket ? socket : undefined;
    const { stats, sessionCacheModes, sessionCacheSize, sessionTimeout, tickets } = this.#context;
    const page = {
      connection: {
        protocol: own?.getProtocol(),
        cipher: own?.getCipher()?.name,
        resumption: own?.resumption,
        alpn: own?.alpnProtocol,
        peer: own?.getPeerX509Certificate()?.subject,
      },
      cache: { mode: sessionCacheModes, size: sessionCacheSize, timeout: sessionTimeout, tickets, ...stats },
      store: sessionStoreOf(this.#context)?.statistics,
    };
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(`${JSON.stringify(page, null, 2)}\n`);
  }
}

/**
 * Takes the early data out, so that the handshake can go on, and puts it back when that is done. It may be a recording: only
 * the end of the handshake shows that it is none.
 */
export function holdEarlyData(socket: SslSocket, begin: () => void): void {
  const held: Buffer[] = [];
  const take = (): void => {
    for (let part: Buffer | null = socket.read(); part !== null; part = socket.read()) held.push(part);
  };
  socket.on('readable', take);
  socket.once('secure', () => {
    socket.off('readable', take);
    take();
    if (held.length > 0) socket.unshift(Buffer.concat(held));
    begin();
  });
}
