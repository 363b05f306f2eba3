// A cache in a file, and back: what encryption, file and event loop add to loops in C.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from '../build.ts';
import type { Numbers } from '../harness/numbers.ts';
import { runForNumbers, typescript } from '../harness/program.ts';
import { alternate } from '../harness/rounds.ts';
import type { Effort, Group, Row } from '../harness/rows.ts';

async function restart(sessions: number, { cores }: Effort): Promise<Numbers> {
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-bench-'));
  try {
    const program = typescript('peers/restart.ts', ['--expose-gc']);
    const command = [...program, '--sessions', String(sessions), '--file', join(folder, 'sessions')];
    const saved = await runForNumbers([...command, '--phase', 'save'], cores.server);
    const loaded = await runForNumbers([...command, '--phase', 'load'], cores.server);
    return { ...saved, ...loaded };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const warmRestart: Group = {
  name: 'restart',
  title: 'Warm restart',
  note:
    'CPU nanoseconds for each session. C: a loop of i2d_SSL_SESSION into memory; loops of d2i_SSL_SESSION and of ' +
    'SSL_CTX_add_session. sslctx: an encrypted file, written and synchronized by one process, read by the next. ' +
    '"pause" is the longest that the event loop did not go on, in milliseconds; memory grows by so many bytes for each ' +
    'session, when loading that of the cache itself.',
  columns: [
    { name: 'save', title: 'save', digits: 0, hasSpread: true },
    { name: 'load', title: 'load', digits: 0, hasSpread: true },
    { name: 'add', title: 'add alone', digits: 0 },
    { name: 'saveSeconds', title: 'save, s', digits: 2 },
    { name: 'loadSeconds', title: 'load, s', digits: 2 },
    { name: 'savePause', title: 'pause, save', digits: 0 },
    { name: 'loadPause', title: 'pause, load', digits: 0 },
    { name: 'saveBytes', title: 'bytes, save', digits: 0 },
    { name: 'loadBytes', title: 'bytes, load', digits: 0 },
  ],
  async run(effort): Promise<Row[]> {
    const sessions = effort.isQuick ? 50_000 : 1_000_000;
    const results = await alternate(['C', 'sslctx'], Math.min(effort.rounds, 3), (subject) =>
      subject === 'C'
        ? runForNumbers([programPath('restart'), '--sessions', String(sessions)], effort.cores.server)
        : restart(sessions, effort),
    );
    return [...results].map(([subject, rounds]) => ({ situation: `${sessions / 1000}k`, subject, rounds }));
  },
};
