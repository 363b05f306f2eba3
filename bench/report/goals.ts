// The goals, and what has been measured for each.
import { median, ratios, type Summary, summarize } from '../harness/statistics.ts';
import { withOnRead } from '../peers/servers.ts';
import type { Results } from './results.ts';

/** A goal and its verdict. */
export interface Verdict {
  readonly question: string;
  readonly peer: string;
  readonly goal: string;
  readonly measured: Summary | undefined;
  readonly verdict: 'met' | 'missed' | 'not measured' | 'contended';
}

type Measure = (results: Results) => readonly number[] | undefined;

interface Goal {
  readonly question: string;
  readonly peer: string;
  readonly relation: '<=' | '>=';
  readonly limit: number;
  readonly measure: Measure;
  /** Whether it takes time on the clock, which says nothing when others use the machine. */
  readonly isTimed: boolean;
}

/** This package's number over the peer's, round by round. */
function over(group: string, situation: string, name: string, peer: string, own = 'sslctx'): Measure {
  return (results) => divide(results.values(group, situation, own, name), results.values(group, situation, peer, name));
}

function divide(
  values: readonly number[] | undefined,
  others: readonly number[] | undefined,
): readonly number[] | undefined {
  return values === undefined || others === undefined ? undefined : ratios(values, others);
}

function uploadInto(peer: string): Measure {
  return over('bulk', 'upload', 'serverSeconds', peer, withOnRead);
}

function cpu(situation: string, peer: string): Measure {
  return over('handshakes', situation, 'serverMicroseconds', peer);
}

/** How much dearer a call becomes with the cache, over what it becomes in C. */
function callGrowth(name: string): Measure {
  const growth = (results: Results, subject: string): readonly number[] | undefined =>
    divide(results.values('calls', '1M', subject, name), results.values('calls', '1k', subject, name));
  return (results) => divide(growth(results, 'sslctx'), growth(results, 'C'));
}

const handshakeGrowth: Measure = (results) => {
  const growth = (peer: string): readonly number[] | undefined =>
    divide(
      results.values('growth', '1.2 resumed, id', `${peer}, 1M`, 'serverMicroseconds'),
      results.values('growth', '1.2 resumed, id', `${peer}, 1k`, 'serverMicroseconds'),
    );
  return divide(growth('sslctx'), growth('C'));
};

const threadCost: Measure = (results) => {
  const cost = (subject: string): readonly number[] | undefined =>
    results.values('threads', '1.2 resumed, id', subject, 'serverMicroseconds');
  return divide(cost('4 threads'), cost('1 thread'));
};

function resumed(situation: string): Measure {
  return (results) => results.values('handshakes', situation, 'sslctx', 'reused');
}

const full = '1.3 full, RSA-2048';
const stormed = '1.3 full, RSA-2048, 32 at a time';

function goal(question: string, peer: string, relation: '<=' | '>=', limit: number, measure: Measure): Goal {
  return { question, peer, relation, limit, measure, isTimed: false };
}

/** Not CPU, but time on the clock: of the storm. */
function timed(question: string, relation: '<=' | '>=', limit: number, name: string): Goal {
  const measure = over('storm', stormed, name, 'node:tls');
  return { question, peer: 'node:tls', relation, limit, measure, isTimed: true };
}

/** Whether the storm had the two cores for itself: one side at least must have been busy. */
function wasQuiet(results: Results): boolean {
  return ['node:tls', 'sslctx'].every((subject) => {
    const load = (name: string): number => median(results.values('storm', stormed, subject, name) ?? []);
    return Math.max(load('serverLoad'), load('clientLoad')) > 0.9;
  });
}

const goals: readonly Goal[] = [
  goal('addSession, 1k sessions', 'C loop', '<=', 1.2, over('calls', '1k', 'add', 'C')),
  goal('addSession, 1M sessions', 'C loop', '<=', 1.2, over('calls', '1M', 'add', 'C')),
  goal('import in random order of expiry, from DER', 'sorted C loop', '<=', 1.5, over('import', '', 'importDer', 'C')),
  goal(
    'import in random order of expiry, from objects',
    'sorted C loop',
    '<=',
    1.5,
    over('import', '', 'importSessions', 'C'),
  ),
  goal('TLS 1.2 resumed by ID', 'C', '<=', 1.1, cpu('1.2 resumed, id', 'C')),
  goal('TLS 1.2 resumed by ID', 'node:tls with a Map', '<=', 0.35, cpu('1.2 resumed, id', 'node:tls')),
  goal('TLS 1.2 resumed by ticket', 'node:tls', '<=', 0.4, cpu('1.2 resumed, ticket', 'node:tls')),
  goal('TLS 1.3 resumed, stateful', 'C', '<=', 1.1, cpu('1.3 resumed, stateful', 'C')),
  goal('TLS 1.3 resumed, stateless', 'C', '<=', 1.1, cpu('1.3 resumed, stateless', 'C')),
  goal('TLS 1.3 resumed by ticket', 'node:tls', '<=', 0.75, cpu('1.3 resumed, kept ticket', 'node:tls')),
  goal('fraction resumed, TLS 1.3 stateful', '-', '>=', 1, resumed('1.3 resumed, stateful')),
  goal('fraction resumed, TLS 1.3 rotating tickets', '-', '>=', 1, resumed('1.3 resumed, stateless')),
  goal('full TLS 1.3, RSA-2048', 'node:tls', '<=', 0.7, cpu(full, 'node:tls')),
  goal('full TLS 1.3, RSA-2048', 'C', '<=', 1.05, cpu(full, 'C')),
  goal('bulk download, CPU per GB', 'C', '<=', 1, over('bulk', 'download', 'serverSeconds', 'C')),
  goal('bulk download, CPU per GB', 'node:tls', '<=', 0.87, over('bulk', 'download', 'serverSeconds', 'node:tls')),
  goal('bulk upload, CPU per GB', 'C', '<=', 1, over('bulk', 'upload', 'serverSeconds', 'C')),
  goal('bulk upload, CPU per GB', 'node:tls', '<=', 0.87, over('bulk', 'upload', 'serverSeconds', 'node:tls')),
  goal('bulk upload into one buffer (onread), CPU per GB', 'C', '<=', 1, uploadInto('C')),
  goal('bulk upload into one buffer (onread), CPU per GB', 'node:tls', '<=', 0.87, uploadInto('node:tls')),
  timed('event-loop delay p99 in a storm', '<=', 1, 'delayP99'),
  timed('handshakes/s in a storm', '>=', 1.25, 'perSecond'),
  goal('memory of an idle connection', 'node:tls', '<=', 0.75, over('idle', '', 'kilobytes', 'node:tls')),
  goal('memory of a cached session', 'C', '<=', 1.05, over('memory', '', 'bytes', 'C')),
  goal('warm restart: save a cache', 'C loop', '<=', 1.25, over('restart', '', 'save', 'C')),
  goal('warm restart: load a cache', 'C loop', '<=', 1.75, over('restart', '', 'load', 'C')),
  goal('resumption, 4 worker threads on one cache', '1 thread', '<=', 1.05, threadCost),
  goal('addSession, 1M against 1k sessions', "C's growth", '<=', 1.1, callGrowth('add')),
  goal('removeSession, 1M against 1k sessions', "C's growth", '<=', 1.1, callGrowth('remove')),
  goal('resumption, 1M against 1k sessions', "C's growth", '<=', 1.1, handshakeGrowth),
];

/** One for each goal. */
export function verdicts(results: Results): Verdict[] {
  return goals.map(({ question, peer, relation, limit, measure, isTimed }) => {
    const values = measure(results);
    const measured = values === undefined ? undefined : summarize(values);
    const goalText = `${relation} ${limit}`;
    if (measured === undefined) return { question, peer, goal: goalText, measured, verdict: 'not measured' };
    if (isTimed && !wasQuiet(results)) return { question, peer, goal: goalText, measured, verdict: 'contended' };
    const isMet = relation === '<=' ? measured.median <= limit : measured.median >= limit;
    return { question, peer, goal: goalText, measured, verdict: isMet ? 'met' : 'missed' };
  });
}
