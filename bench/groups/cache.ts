// The calls of a session cache: what TypeScript adds to C.
import { programPath } from '../build.ts';
import { Program, runForNumbers, typescript } from '../harness/program.ts';
import { alternate } from '../harness/rounds.ts';
import type { Column, Effort, Group, Row } from '../harness/rows.ts';

const subjects = ['C', 'sslctx'] as const;
type Subject = (typeof subjects)[number];

function command(subject: Subject, measure: string, sessions: number): readonly string[] {
  const program = subject === 'C' ? [programPath('cache')] : typescript('peers/cache.ts', ['--expose-gc']);
  return [...program, '--measure', measure, '--sessions', String(sessions)];
}

/** Both programs stay up, and one round of each alternates. */
async function measureRounds(situation: string, measure: string, sessions: number, effort: Effort): Promise<Row[]> {
  const programs = new Map(
    subjects.map((subject) => [subject, new Program(command(subject, measure, sessions), effort.cores.server)]),
  );
  try {
    const ask = async (subject: Subject): Promise<Record<string, number>> => ({
      ...(await programs.get(subject)?.ask('round')),
    });
    for (const subject of subjects) {
      await programs.get(subject)?.numbers();
      // The compiler's round.
      await ask(subject);
    }
    const results = await alternate(subjects, effort.rounds, ask);
    return [...results].map(([subject, rounds]) => ({ situation, subject, rounds }));
  } finally {
    await Promise.all([...programs.values()].map((program) => program.stop()));
  }
}

const sizes = [
  ['1k', 1000],
  ['100k', 100_000],
  ['1M', 1_000_000],
] as const;

const callColumns: readonly Column[] = [
  { name: 'add', title: 'add', digits: 0, hasSpread: true },
  { name: 'addAgain', title: 'add again', digits: 0 },
  { name: 'remove', title: 'remove', digits: 0 },
  { name: 'lookUp', title: 'look up', digits: 0 },
  { name: 'iterate', title: 'iterate', digits: 1 },
  { name: 'mode', title: 'get mode', digits: 1 },
  { name: 'toDer', title: 'to DER', digits: 0 },
  { name: 'fromDer', title: 'from DER', digits: 0 },
];

export const calls: Group = {
  name: 'calls',
  title: 'Cache calls',
  note:
    'CPU nanoseconds for each call, of all threads. "add again" finds the same session in the cache; "look up" is ' +
    'hasSession, "iterate" goes through sessions(), for each session.',
  columns: callColumns,
  async run(effort) {
    const rows: Row[] = [];
    for (const [title, sessions] of effort.isQuick ? sizes.slice(0, 1) : sizes) {
      rows.push(...(await measureRounds(title, 'calls', sessions, effort)));
    }
    return rows;
  },
};

export const imports: Group = {
  name: 'import',
  title: 'Import of sessions with random lifetimes',
  note:
    'CPU nanoseconds for each session, sorted by expiry before it is added. "DER" begins with bytes, "sessions" with ' +
    'objects: importSessions and addSessions.',
  columns: [
    { name: 'importDer', title: 'DER', digits: 0, hasSpread: true },
    { name: 'importSessions', title: 'sessions', digits: 0, hasSpread: true },
  ],
  run: (effort) =>
    effort.isQuick ? measureRounds('20k', 'import', 20_000, effort) : measureRounds('100k', 'import', 100_000, effort),
};

export const memory: Group = {
  name: 'memory',
  title: 'Memory of cached sessions',
  note: 'Growth of the resident memory for each session in the cache, which nothing else holds.',
  columns: [{ name: 'bytes', title: 'bytes/session', digits: 0, hasSpread: true }],
  async run(effort) {
    const sessions = effort.isQuick ? 100_000 : 250_000;
    const results = await alternate(subjects, Math.min(effort.rounds, 3), (subject) =>
      runForNumbers(command(subject, 'memory', sessions), effort.cores.server),
    );
    return [...results].map(([subject, rounds]) => ({ situation: `${sessions / 1000}k`, subject, rounds }));
  },
};
