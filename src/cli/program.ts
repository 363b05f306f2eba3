// The commands, their options and their help. What they do is loaded when it is needed: help asks for no libssl.
import { readFileSync } from 'node:fs';
import { Argument, Command, Option } from 'commander';
import { lastTime } from '../control/protocol.ts';
import type { CacheFlags } from './cache.ts';
import type { ConnectFlags } from './connect.ts';
import { addCommonOptions, defaultTimeout, type Endpoint, endpoint, integer, list, tlsVersions } from './options.ts';
import type { ProbeFlags } from './probe.ts';
import type { ServeFlags } from './serve.ts';
import type { ShowFlags, VerifyFlags } from './session.ts';

type Report = (code: number) => void;

const modeNames = [
  ...['off', 'client', 'server', 'both', 'no-auto-clear'],
  ...['no-internal-lookup', 'no-internal-store', 'no-internal', 'update-time'],
];

const exitCodes = `
Exit codes:
  0  done, and the answer is yes
  1  the answer is no: not resumed, expired, different, not in the cache
  2  wrong usage
  3  could not be done: no connection, no such file, no such program`;

/** @param report - is told the exit code of the command that was run */
export function createProgram(report: Report): Command {
  const program = new Command('sslctx')
    .description("TLS session caches and resumption, on the system's own OpenSSL")
    .version(version(), '-V, --version')
    .showHelpAfterError('(--help says more)')
    .exitOverride()
    .addHelpText('after', exitCodes);
  addServe(program, report);
  addConnect(program, report);
  addProbe(program, report);
  addSession(program, report);
  addCache(program, report);
  addCompletion(program, report);
  return program;
}

function version(): string {
  const description: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return description.version;
}

function addServe(program: Command, report: Report): void {
  const command = addCommonOptions(program.command('serve'))
    .description('run a TLS and HTTPS server, and tell of each handshake whether it resumed a session, or why not')
    .option('-p, --port <port>', '0 for any free one', integer(0, 65_535), 8443)
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--cert-out <file>', 'write the certificate to a file, for clients to trust')
    .addOption(
      new Option('--client-cert <how>', 'whether clients need a certificate')
        .choices(['none', 'request', 'require'])
        .default('none'),
    )
    .option('--mode <list>', `session cache mode, any of ${modeNames.join(',')} (default: "server")`, list)
    .option('--size <count>', 'sessions in the cache, 0 for no limit', integer(0))
    .option('--timeout <seconds>', 'lifetime of sessions', integer(0))
    .option('--id-context <text>', 'session ID context, at most 32 bytes')
    .addOption(
      new Option('--tickets <kind>', 'where sessions are: in the cache, or in the tickets')
        .choices(['stateful', 'stateless', 'none'])
        .default('stateful'),
    )
    .option('--num-tickets <count>', 'TLS 1.3 tickets for each full handshake', integer(0, 32))
    .option('--ticket-keys <file>', '80 bytes, shared by servers that resume each other’s sessions')
    .addOption(
      new Option('--store <where>', 'sessions outside: memory, redis://…, rediss://…, the path of a Redis socket').env(
        'SSLCTX_STORE',
      ),
    )
    .option('--store-keys <file>', '32 bytes for each key, the one in use first; encrypts what Redis has')
    .option('--store-plaintext', 'have sessions, which are secrets, in Redis as they are')
    .option('--lookup-timeout <ms>', 'so long a handshake waits for the store (default: 500)', integer(1, 600_000))
    .option('--max-early-data <bytes>', '0-RTT data that clients may send (default: none)', integer(0, 0xffffffff))
    .option('--no-anti-replay', 'resume a session with early data more than once: anybody can send that again')
    .addOption(
      new Option('--reply <how>', 'what clients get: their own lines, or HTTP; auto is HTTP for who speaks it')
        .choices(['auto', 'echo', 'http'])
        .default('auto'),
    )
    .option('--control <path>', 'the control socket, for `sslctx cache` (default: one for the port)')
    .option('--no-control', 'have no control socket')
    .option('--keylog <file>', 'append the secrets of the connections, for Wireshark')
    .option('--json', 'print JSON lines, also on a terminal');
  command.action(async (flags: ServeFlags) => report(await (await import('./serve.ts')).serve(flags)));
}

/** What the commands that connect have in common. */
function addClientOptions(command: Command): Command {
  return addCommonOptions(command)
    .option('--servername <name>', 'the server name to send and to verify (default: HOST)')
    .option('--timeout <ms>', 'for each handshake', integer(1), defaultTimeout)
    .option('--wait <ms>', 'for the first TLS 1.3 ticket of each connection', integer(1), 1000)
    .option('--http', 'ask for a page by HTTP: its answer ends the wait for tickets at once')
    .option('--json', 'print JSON');
}

function addConnect(program: Command, report: Report): void {
  addClientOptions(program.command('connect'))
    .description('connect several times, each time with the last session, and report what was offered and accepted')
    .argument('<host:port>', 'the server', endpoint)
    .option('-n, --count <count>', 'connections', integer(1, 1000), 6)
    .option('--first', 'offer the first session each time, in place of the newest')
    .option('--verify', 'end the connection when the certificate is not right')
    .option('--no-tickets', 'offer no tickets in TLS 1.2: it then resumes by session ID')
    .option('--session-in <file>', 'a session to begin with, PEM or DER')
    .option('--session-out <file>', 'write the newest session, PEM, mode 0600')
    .option('--early', 'with --http: ask by early data, where the session allows it')
    .option('--compare', 'do the same with openssl s_client')
    .action(async (where: Endpoint, flags: ConnectFlags) =>
      report(await (await import('./connect.ts')).connectCommand(where, flags)),
    );
}

function addProbe(program: Command, report: Report): void {
  addClientOptions(program.command('probe'))
    .description('how does this server resume? by ID or ticket, how many, how long, how often, where else')
    .argument('<host:port>', 'the server', endpoint)
    .option('--early', 'with --http: try early data, where the tickets allow it')
    .option('--address <list>', 'the addresses to compare (default: those of the name)', list)
    .addOption(new Option('--only <version>', 'this protocol version only').choices(tlsVersions))
    .action(async (where: Endpoint, flags: ProbeFlags) =>
      report(await (await import('./probe.ts')).probeCommand(where, flags)),
    );
}

function addSession(program: Command, report: Report): void {
  const session = program.command('session').description('session files, as `openssl s_client -sess_out` writes them');
  const load = () => import('./session.ts');
  session
    .command('show')
    .description('what is in a session')
    .argument('<file>', 'PEM or DER; - for standard input')
    .option('--secrets', 'with the master key and the ticket: who has them can resume the session and read it')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: ShowFlags) => report((await load()).show(file, flags)));
  session
    .command('convert')
    .description('from PEM to DER and back; secrets included')
    .argument('<in>', 'PEM or DER; - for standard input')
    .argument('[out]', 'a new file, mode 0600 (default: standard output)')
    .addOption(new Option('--to <form>', 'the form to write (default: the other one)').choices(['pem', 'der']))
    .action(async (from: string, to: string | undefined, flags: { to?: 'pem' | 'der' }) =>
      report((await load()).convert(from, to, flags.to)),
    );
  session
    .command('verify')
    .description('is it whole, not expired, and good for a resumption?')
    .argument('<file>', 'PEM or DER; - for standard input')
    .option('--connect <host:port>', 'ask this server: does it resume the session?', endpoint)
    .option('--servername <name>', 'the server name to send (default: HOST)')
    .option('--timeout <ms>', 'for the handshake', integer(1), defaultTimeout)
    .option('--json', 'print JSON')
    .action(async (file: string, flags: VerifyFlags) => report(await (await load()).verify(file, flags)));
  session
    .command('compare')
    .description('what two sessions have in common; secrets are compared, not shown')
    .argument('<a>', 'PEM or DER')
    .argument('<b>', 'PEM or DER')
    .option('--json', 'print JSON')
    .action(async (a: string, b: string, flags: { json?: true }) => report((await load()).compare(a, b, flags)));
}

function addCache(program: Command, report: Report): void {
  const cache = program
    .command('cache')
    .description('the session cache of a running `sslctx serve`, or of a program with serveControl of sslctx/control')
    .option('-p, --port <port>', 'of an `sslctx serve`', integer(1, 65_535))
    .option('-s, --socket <path>', 'the control socket (default: that of the only `sslctx serve`)')
    .option('--context <name>', 'which context, of a program with several')
    .option('--json', 'print JSON');
  const add = (usage: string, description: string): Command => cache.command(usage).description(description);
  const load = () => import('./cache.ts');
  add('info', 'settings and counters').action(async () => report(await (await load()).info(cache.opts<CacheFlags>())));
  add('list', 'the sessions in the cache, those that expire last first')
    .option('-n, --limit <count>', 'at most', integer(0, 10_000), 100)
    .action(async ({ limit }: { limit: number }) =>
      report(await (await load()).listSessions(cache.opts<CacheFlags>(), limit)),
    );
  add('show', 'one session, without its secrets')
    .argument('<id>', 'the beginning is enough')
    .action(async (id: string) => report(await (await load()).showSession(cache.opts<CacheFlags>(), id)));
  add('remove', 'remove sessions: no client resumes them again')
    .argument('<id...>', 'the beginnings are enough')
    .action(async (ids: string[]) => report(await (await load()).remove(cache.opts<CacheFlags>(), ids)));
  add('flush', 'remove the sessions that have expired')
    .option('--all', 'and all others')
    .option('--at <time>', 'that will have expired then, in seconds since the epoch', integer(1, lastTime))
    .action(async (flags: { all?: true; at?: number }) =>
      report(await (await load()).flush(cache.opts<CacheFlags>(), flags)),
    );
  add('watch', 'tell of sessions that come and go, until interrupted')
    .option('--removals', 'also with stateless tickets, whose TLS 1.3 sessions then go into the cache')
    .action(async (flags: { removals?: true }) =>
      report(await (await load()).watch(cache.opts<CacheFlags>(), flags.removals === true)),
    );
}

function addCompletion(program: Command, report: Report): void {
  program
    .command('completion')
    .description('print what makes a shell complete the commands and options of this one')
    .addArgument(new Argument('<shell>', 'for which shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: string) => report((await import('./completion.ts')).script(shell)));
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: string[]) => report((await import('./completion.ts')).complete(program, words)));
}
