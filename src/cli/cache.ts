// `sslctx cache`: the cache of another process, through its control socket.
import { once } from 'node:events';
import { type ControlClient, connectControl } from '../control/client.ts';
import { ControlError, type ControlEvent, type ControlSession } from '../control/protocol.ts';
import { sessionTable } from './cache-table.ts';
import { controlPath, onlyControlPath } from './control-path.ts';
import { ExitCode } from './exit.ts';
import { json, line, note, plural, printable, short, style, table, timestamp } from './output.ts';

export interface CacheFlags {
  port?: number;
  socket?: string;
  context?: string;
  json?: true;
}

async function ask<T>(flags: CacheFlags, use: (client: ControlClient) => Promise<T>): Promise<T> {
  const own = flags.port === undefined ? undefined : controlPath(flags.port);
  const path = flags.socket ?? own ?? onlyControlPath();
  const client = await connectControl(path);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** The answer no is no failure of this program. */
async function orNo(attempt: Promise<number>): Promise<number> {
  try {
    return await attempt;
  } catch (error) {
    const isNo = error instanceof ControlError && /NOT_FOUND|AMBIGUOUS/.test(error.code);
    if (!isNo) throw error;
    note(`sslctx: ${error.message} (${error.code})`);
    return ExitCode.no;
  }
}

function target({ context }: CacheFlags): { context?: string } {
  return context === undefined ? {} : { context };
}

export async function info(flags: CacheFlags): Promise<number> {
  const { contexts } = await ask(flags, (client) => client.ask('info', {}));
  const wanted = contexts.filter(({ name }) => flags.context === undefined || name === flags.context);
  if (flags.json) json({ contexts: wanted });
  else {
    for (const { name, stats, mode, size, timeout, tickets, numTickets, sessionIdContext } of wanted) {
      line(style('bold', printable(name)));
      const settings = { mode: mode.join(' '), size, timeout, sessionIdContext, tickets, numTickets };
      const rows = Object.entries({ ...settings, ...stats }).map(([key, value]) => [`  ${key}`, String(value)]);
      for (const row of table(rows)) line(row);
    }
  }
  return wanted.length > 0 ? ExitCode.ok : ExitCode.no;
}

export async function listSessions(flags: CacheFlags, limit: number): Promise<number> {
  const answer = await ask(flags, (client) => client.ask('list', { ...target(flags), limit }));
  if (flags.json) {
    for (const session of answer.sessions) json(session);
    return ExitCode.ok;
  }
  if (answer.sessions.length > 0) for (const row of sessionTable(answer.sessions)) line(row);
  line(style('dim', plural(answer.total, 'session')));
  return ExitCode.ok;
}

export function showSession(flags: CacheFlags, id: string): Promise<number> {
  return orNo(
    ask(flags, async (client) => {
      const session = await client.ask('show', { ...target(flags), id });
      if (flags.json) json(session);
      else for (const row of table(rowsOf(session))) line(row);
      return ExitCode.ok;
    }),
  );
}

function rowsOf(session: ControlSession): string[][] {
  return Object.entries(session).flatMap(([name, value]) => {
    if (value === undefined || value === '') return [];
    const isTime = name === 'time' || name === 'expiresAt';
    return [[name, isTime ? `${value} (${timestamp(Number(value))})` : printable(String(value))]];
  });
}

export function remove(flags: CacheFlags, ids: readonly string[]): Promise<number> {
  return ask(flags, async (client) => {
    let outcome: number = ExitCode.ok;
    for (const id of ids) {
      const one = async (): Promise<number> => {
        const { removed } = await client.ask('remove', { ...target(flags), id });
        if (flags.json) json({ removed });
        else line(`removed ${removed.id} (${removed.protocol})`);
        return ExitCode.ok;
      };
      if ((await orNo(one())) !== ExitCode.ok) outcome = ExitCode.no;
    }
    return outcome;
  });
}

export async function flush(flags: CacheFlags, options: { all?: true; at?: number }): Promise<number> {
  const { count } = await ask(flags, (client) => client.ask('flush', { ...target(flags), ...options }));
  if (flags.json) json({ count });
  else line(`removed ${plural(count, 'session')}`);
  return ExitCode.ok;
}

/** Until a signal comes, or the other process ends. */
export function watch(flags: CacheFlags, removals: boolean): Promise<number> {
  return ask(flags, async (client) => {
    client.on('event', (event) => tell(event, flags));
    const answer = await client.ask('watch', { ...target(flags), removals });
    if (flags.json) json({ event: 'watching', ...answer });
    else note(`watching process ${client.pid}; Ctrl+C ends`);
    if (!answer.removals)
      note('removals are not told: tickets are stateless, and --removals would cache their sessions');
    const ended = once(client, 'close').then((): number => ExitCode.failed);
    const stopped = new Promise<number>((resolve) => {
      process.once('SIGINT', () => resolve(ExitCode.ok)).once('SIGTERM', () => resolve(ExitCode.ok));
    });
    const outcome = await Promise.race([ended, stopped]);
    if (outcome === ExitCode.failed) note('sslctx: the other process has closed the control socket');
    return outcome;
  });
}

function tell(event: ControlEvent, flags: CacheFlags): void {
  if (flags.json) {
    json(event);
    return;
  }
  const { id, protocol, cipher = '' } = event.session;
  const what = event.event === 'newSession' ? style('green', 'new') : style('cyan', event.reason);
  line(`${what.padEnd(8)}  ${short(id)}  ${protocol}  ${cipher}`);
}
