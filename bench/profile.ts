// npm run bench:profile -- [--seconds 3] [--names]: where each microsecond of a resumed handshake and of a bulk transfer goes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPrograms } from './build.ts';
import { makeCertificates } from './certificates.ts';
import { loadCommand, type Situation, warmUp } from './groups/situations.ts';
import { bulkCommand, type Direction } from './groups/streams.ts';
import { take } from './harness/numbers.ts';
import { parts, readSamples, recordCommand, requirePerf, type Sample } from './harness/perf.ts';
import { chooseCores, runForNumbers, stopAll } from './harness/program.ts';
import type { Effort } from './harness/rows.ts';
import { type Server, startServer } from './peers/servers.ts';
import { describeMachine } from './report/machine.ts';
import { table } from './report/markdown.ts';

/** A kind of work, and what it is counted in. */
interface Work {
  readonly title: string;
  readonly unit: string;
  readonly serve: 'handshakes' | 'streams';
  readonly situation: Situation;
  readonly direction?: Direction;
}

/** One server at work: its cost for each unit, and where that went. */
interface Profile {
  readonly subject: string;
  readonly cost: number;
  readonly samples: readonly Sample[];
}

const subjects = ['C', 'node:tls', 'sslctx'];
const stateless = { tls: '1.3', tickets: 'stateless', key: 'ecdsa' } as const;
const works: readonly Work[] = [
  {
    title: 'A TLS 1.2 handshake, resumed by ID',
    unit: 'us',
    serve: 'handshakes',
    situation: { title: 'resumed', tls: '1.2', tickets: 'stateful', key: 'ecdsa', resume: 'id' },
  },
  {
    title: 'A TLS 1.3 handshake, resumed by ticket',
    unit: 'us',
    serve: 'handshakes',
    situation: { ...stateless, title: 'resumed', resume: 'ticket' },
  },
  ...(['download', 'upload'] as const).map((direction) => ({
    title: `Bulk ${direction}, TLS 1.3, 64 KiB a write`,
    unit: 'ms/GB',
    serve: 'streams' as const,
    situation: { ...stateless, title: direction, resume: 'full' as const },
    direction,
  })),
];

function commandOf(work: Work, server: Server, seconds: number, effort: Effort): readonly string[] {
  const { direction, situation } = work;
  return direction === undefined
    ? loadCommand(server, situation, 16, seconds)
    : bulkCommand(server, direction, seconds, effort);
}

/** One server, first without perf, which takes time itself, and then with it. */
async function profile(subject: string, work: Work, effort: Effort): Promise<Profile> {
  const { tls, tickets, key } = work.situation;
  const certificate = effort.certificates[key];
  const server = await startServer(subject, { tls, tickets, certificate, serve: work.serve }, effort);
  const map = `/tmp/perf-${server.program.pid}.map`;
  const file = join(effort.certificates.folder, 'perf.data');
  try {
    if (work.direction === undefined) await warmUp([server], work.situation, 16, effort);
    else await runForNumbers(commandOf(work, server, effort.warmUp, effort), effort.cores.client);
    const command = commandOf(work, server, effort.seconds, effort);
    const numbers = await runForNumbers(command, effort.cores.client);
    const cpu = take(numbers, 'serverCpu');
    const cost =
      work.direction === undefined ? (cpu / take(numbers, 'count')) * 1e6 : (cpu / take(numbers, 'bytes')) * 1e12;
    await runForNumbers(recordCommand(server.program.pid, file, command), effort.cores.client);
    return { subject, cost, samples: readSamples(file) };
  } finally {
    await server.program.stop();
    rmSync(map, { force: true });
  }
}

function partsTable(profiles: readonly Profile[]): string {
  const cell = (value: number): string => value.toFixed(1);
  const share = ({ samples }: Profile, part: string): number =>
    samples.reduce((sum, sample) => sum + (sample.part === part ? sample.share : 0), 0);
  const lines = parts.map((part) => [part, ...profiles.map((each) => cell(each.cost * share(each, part)))]);
  const total = ['**all**', ...profiles.map(({ cost }) => cell(cost))];
  return table(['', ...profiles.map(({ subject }) => subject)], [...lines, total]);
}

function functionsTable({ cost, samples }: Profile, unit: string): string {
  const lines = samples
    .slice(0, 15)
    .map(({ part, name, share }) => [(cost * share).toFixed(1), part, `\`${name.slice(0, 80)}\``]);
  return table([unit, 'part', 'function'], lines);
}

function report(work: Work, profiles: readonly Profile[]): string {
  const { title, unit } = work;
  const functions = profiles.map((each) => `### ${each.subject}\n\n${functionsTable(each, unit)}\n`);
  return `## ${title}\n\nServer CPU, ${unit}.\n\n${partsTable(profiles)}\n\n${functions.join('\n')}`;
}

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '3' }, names: { type: 'boolean', default: false } },
});

async function main(seconds: number): Promise<void> {
  requirePerf();
  if (!(seconds > 0 && seconds <= 600)) throw new RangeError('--seconds must be above 0 and at most 600');
  buildPrograms();
  // perf finds the names of compiled JavaScript in the file that this makes. But V8 marks its whole heap again and again
  // then where much memory comes and goes: an upload costs nearly twice as much.
  if (values.names) process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --perf-basic-prof`;
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-profile-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const common = { rounds: 1, warmUp: 1.5, leadIn: 0, isQuick: false, connections: 0, peers: subjects };
  const effort: Effort = { ...common, seconds, cores: chooseCores(), certificates: makeCertificates(folder) };
  const facts = Object.entries(describeMachine(effort)).map(([name, value]) => `- ${name}: ${value}`);
  const sections = [`# Profile\n\n${facts.join('\n')}\n`];
  for (const work of works) {
    console.error(`profile: ${work.title}`);
    const profiles: Profile[] = [];
    for (const subject of subjects) profiles.push(await profile(subject, work, effort));
    sections.push(report(work, profiles));
  }
  const markdown = sections.join('\n');
  console.log(markdown);
  const results = fileURLToPath(new URL('results', import.meta.url));
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'profile.md'), markdown);
}

process.once('SIGINT', () => void stopAll().then(() => process.exit(130)));
try {
  await main(Number(values.seconds));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await stopAll();
  process.exitCode = 1;
}
