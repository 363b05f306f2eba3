// `sslctx serve`: a server that tells of its handshakes and shows its cache.
import { appendFileSync, writeFileSync } from 'node:fs';
import type { SessionCacheModeName } from '../constants.ts';
import type { SslContextOptions } from '../context-options.ts';
import { type ControlServer, serveControl } from '../control/serve.ts';
import { createServer, type SslServer } from '../net/server.ts';
import type { SslSocket } from '../net/socket.ts';
import { openssl } from '../openssl.ts';
import { type Certificate, makeCertificate } from '../testing/certificate.ts';
import { controlPath } from './control-path.ts';
import { ExitCode } from './exit.ts';
import { type CommonFlags, contextOptions, readOptional } from './options.ts';
import { note } from './output.ts';
import { holdEarlyData, Replies, type ReplyKind } from './serve-reply.ts';
import { createReporter, type Listening, type Reporter } from './serve-report.ts';
import { openStore, type StoreFlags } from './store.ts';

export interface ServeFlags extends CommonFlags, StoreFlags {
  port: number;
  host: string;
  certOut?: string;
  clientCert: 'none' | 'request' | 'require';
  mode?: SessionCacheModeName[];
  size?: number;
  timeout?: number;
  idContext?: string;
  tickets: 'stateful' | 'stateless' | 'none';
  numTickets?: number;
  ticketKeys?: string;
  maxEarlyData?: number;
  antiReplay: boolean;
  reply: ReplyKind;
  /** False with `--no-control`; true by default. */
  control: string | boolean;
  keylog?: string;
}

/** Runs until a signal comes. */
export async function serve(flags: ServeFlags): Promise<number> {
  const stopped = signalled();
  const { options, ownCertificate } = optionsOf(flags);
  const opened = await openStore(flags);
  let server: SslServer | undefined;
  try {
    server = createServer({ ...options, sessionStore: opened?.store, lookupTimeout: flags.lookupTimeout });
    // Until then it would resume nothing.
    await Promise.race([server.sessionStore?.ready, stopped]);
    const certificate = ownCertificate ? 'throw-away' : flags.cert;
    await run(server, flags, { certificate, store: opened?.name, cert: String(options.cert), stopped });
    return ExitCode.ok;
  } finally {
    await server?.sessionStore?.close();
    server?.context.free();
    opened?.close();
  }
}

async function run(
  server: SslServer,
  flags: ServeFlags,
  { cert, stopped, ...facts }: Pick<Listening, 'certificate' | 'store'> & { cert: string; stopped: Promise<void> },
): Promise<void> {
  const reporter = createReporter(server, flags.json === true);
  const replies = new Replies(server.context, flags.reply);
  observe(server, reporter, replies, flags);
  let control: ControlServer | undefined;
  try {
    const where = await listen(server, flags);
    if (flags.control !== false) {
      const path = typeof flags.control === 'string' ? flags.control : controlPath(where.port);
      control = await serveControl(server.context, path);
    }
    if (flags.certOut !== undefined) writeFileSync(flags.certOut, cert);
    reporter.listening({ ...where, control: control?.path, openssl: openssl.version, ...facts });
    await stopped;
  } finally {
    reporter.stop();
    await control?.close();
    // What clients were given last is still to be written.
    await server.sessionStore?.flush();
    await server[Symbol.asyncDispose]();
    replies.close();
  }
}

/** The last one comes when the terminal is closed. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves at the first signal; a second one ends the process, as by default. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const name of signals) process.off(name, stop);
      resolve();
    };
    for (const name of signals) process.on(name, stop);
  });
}

function optionsOf(flags: ServeFlags): { options: SslContextOptions; ownCertificate: boolean } {
  const { mode, size, timeout, tickets, numTickets, clientCert } = flags;
  const common = contextOptions(flags);
  const ownCertificate = common.cert === undefined && common.key === undefined;
  const { cert, key }: Partial<Certificate> = ownCertificate ? makeCertificate() : {};
  const options: SslContextOptions = {
    ...common,
    cert: cert ?? common.cert,
    key: key ?? common.key,
    requestCert: clientCert !== 'none',
    rejectUnauthorized: clientCert === 'require',
    sessionIdContext: flags.idContext,
    sessionTimeout: timeout,
    sessionCache: { mode, size },
    ALPNProtocols: flags.alpn,
    maxEarlyData: flags.maxEarlyData,
    antiReplay: flags.antiReplay,
    tickets,
    numTickets,
    ticketKeys: readOptional(flags.ticketKeys),
  };
  return { options, ownCertificate };
}

function listen(server: SslServer, { port, host }: ServeFlags): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the server has no port'));
      else resolve({ host: address.address, port: address.port });
    });
  });
}

function observe(server: SslServer, reporter: Reporter, replies: Replies, { keylog, json }: ServeFlags): void {
  const { context } = server;
  server.on('secureConnection', (socket: SslSocket) => {
    // What becomes of the connection afterwards is between the client and its session.
    socket.on('error', (error) => reporter.lost(error, socket));
    const { isEarly } = socket;
    const begin = (): void => {
      reporter.handshake(socket, isEarly);
      replies.answer(socket);
    };
    if (isEarly) holdEarlyData(socket, begin);
    else begin();
  });
  server.on('tlsClientError', (error, socket) => reporter.failed(error, socket));
  server.on('error', (error) => note(`sslctx: ${error.message}`));
  // With stateless tickets, listening would put their sessions into the cache.
  if (context.tickets !== 'stateless')
    context.on('removeSession', (session, reason) => reporter.removed(session, reason));
  if (keylog === undefined) return;
  server.on('keylog', (line) => appendFileSync(keylog, line, { mode: 0o600 }));
  if (json !== true) note(`the secrets of all connections go to ${keylog}`);
}
