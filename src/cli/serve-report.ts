// What `sslctx serve` says: JSON lines, lines, or lines above a live table.
import type { SessionRemovalReason } from '../context-events.ts';
import { describeSession } from '../control/protocol.ts';
import type { SslServer } from '../net/server.ts';
import type { SslSocket } from '../net/socket.ts';
import type { Resumption } from '../resumption.ts';
import type { SslSession } from '../session.ts';
import { cacheTable } from './cache-table.ts';
import { LiveBlock } from './live.ts';
import { json, line, printable, short, style } from './output.ts';
import { reachable } from './where.ts';
import { flow, widthOf } from './width.ts';

/** Where a server listens, and with what. */
export interface Listening {
  host: string;
  port: number;
  control: string | undefined;
  certificate: string | undefined;
  store: string | undefined;
  openssl: string;
}

/** Hears of all that happens. */
export interface Reporter {
  listening(facts: Listening): void;
  /** `isEarly`: there was early data. */
  handshake(socket: SslSocket, isEarly: boolean): void;
  failed(error: Error, socket: SslSocket): void;
  /** A connection ended with an error after its handshake. */
  lost(error: Error, socket: SslSocket): void;
  removed(session: SslSession, reason: SessionRemovalReason): void;
  stop(): void;
}

/** JSON lines when asked for; on a terminal a live table, elsewhere JSON lines too. */
export function createReporter(server: SslServer, isJson: boolean): Reporter {
  return isJson || process.stdout.isTTY !== true ? new JsonReporter(server) : new TerminalReporter(server);
}

class JsonReporter implements Reporter {
  readonly #server: SslServer;

  constructor(server: SslServer) {
    this.#server = server;
  }

  listening(facts: Listening): void {
    json({ event: 'listening', ...facts, pid: process.pid });
  }

  handshake(socket: SslSocket, isEarly: boolean): void {
    const session = socket.getSession();
    json({
      ...this.#event('handshake', socket),
      protocol: socket.getProtocol(),
      cipher: socket.getCipher()?.name,
      servername: socket.servername || undefined,
      alpn: socket.alpnProtocol || undefined,
      peer: socket.getPeerX509Certificate()?.subject,
      authorizationError: socket.authorizationError ?? undefined,
      resumption: socket.resumption,
      earlyData: isEarly || undefined,
      sessionId: session?.id.toString('hex') || undefined,
      sessions: this.#server.context.stats.number,
      store: this.#server.sessionStore?.statistics,
    });
    session?.free();
  }

  failed(error: Error, socket: SslSocket): void {
    json({ ...this.#event('failed', socket), ...describe(error), resumption: socket.resumption });
  }

  lost(error: Error, socket: SslSocket): void {
    json({ ...this.#event('lost', socket), ...describe(error) });
  }

  removed(session: SslSession, reason: SessionRemovalReason): void {
    if (reason === 'context-freed') return;
    json({ event: 'removed', time: new Date().toISOString(), reason, session: describeSession(session) });
  }

  stop(): void {}

  #event(event: string, socket: SslSocket): object {
    const { remoteAddress: address, remotePort: port } = socket;
    return { event, time: new Date().toISOString(), remote: { address, port } };
  }
}

function describe(error: Error): { code: string | undefined; message: string } {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { code, message: error.message };
}

/** Milliseconds: a walk through a large cache for each handshake would cost more than the handshake. */
const refreshDelay = 100;

/** One line for each event, and below them the cache as it is now. */
class TerminalReporter implements Reporter {
  readonly #server: SslServer;
  readonly #block: LiveBlock;
  readonly #timer: NodeJS.Timeout;
  #pending: NodeJS.Timeout | undefined;
  #table: string[] = [];

  constructor(server: SslServer) {
    this.#server = server;
    this.#block = new LiveBlock(process.stdout);
    // Sessions expire while nothing happens.
    this.#timer = setInterval(this.#refresh, 1000).unref();
    process.stdout.on('resize', this.#refresh);
  }

  listening(facts: Listening): void {
    const where = reachable(facts);
    line(`${style('bold', `sslctx serve on ${where}`)}, ${facts.openssl}`);
    line(style('dim', `  certificate ${facts.certificate ?? 'none'}; try: sslctx connect ${where}`));
    if (facts.store !== undefined) line(style('dim', `  store ${printable(facts.store)}`));
    if (facts.control !== undefined) line(style('dim', `  control socket ${facts.control}; try: sslctx cache list`));
    this.#refresh();
  }

  handshake(socket: SslSocket, isEarly: boolean): void {
    const { resumption } = socket;
    const session = socket.getSession();
    const id = session === undefined || session.id.length === 0 ? '' : short(session.id.toString('hex'));
    session?.free();
    const outcome = resumption.accepted ? style('green', 'resumed') : style('yellow', 'full   ');
    const name = socket.servername === false ? '' : printable(socket.servername);
    const what = `${explain(resumption)}${isEarly ? ', early data' : ''}`;
    this.#say([`${outcome} ${socket.getProtocol()} ${socket.getCipher()?.name}`, what, id, name], socket);
  }

  failed(error: Error, socket: SslSocket): void {
    this.#say([`${style('red', 'failed ')} ${printable(error.message)}`], socket);
  }

  lost(error: Error, socket: SslSocket): void {
    this.#say([`${style('dim', 'lost   ')} ${printable(error.message)}`], socket);
  }

  removed(session: SslSession, reason: SessionRemovalReason): void {
    if (reason === 'context-freed') return;
    const id = session.id.toString('hex');
    this.#print([`${style('cyan', reason.padEnd(7))} ${session.protocol} ${short(id)}`]);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#refresh();
    process.stdout.off('resize', this.#refresh);
    this.#block.end();
  }

  #say(parts: readonly string[], { remoteAddress, remotePort }: SslSocket): void {
    this.#print([...parts, style('dim', `${remoteAddress ?? ''} ${remotePort ?? ''}`.trim())]);
  }

  #print([first = '', ...more]: readonly string[]): void {
    const now = time();
    this.#block.print(flow([`${now} ${first}`, ...more], this.#block.columns, widthOf(now) + 1), this.#table);
    this.#pending ??= setTimeout(this.#refresh, refreshDelay).unref();
  }

  readonly #refresh = (): void => {
    clearTimeout(this.#pending);
    this.#pending = undefined;
    this.#table = cacheTable(this.#server, this.#block.columns, this.#block.rows);
    this.#block.print([], this.#table);
  };
}

function time(): string {
  return style('dim', new Date().toTimeString().slice(0, 8));
}

/** The explainer's answer in a few words. */
export function explain({ offered, kind, accepted, reason }: Resumption): string {
  if (!offered) return 'nothing offered';
  const what = (kind ?? '').replaceAll('-', ' ').replace(' id', ' ID');
  return accepted ? `by ${what}` : `${what} refused: ${reason ?? 'unknown'}`;
}
