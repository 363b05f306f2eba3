// The command line.
import { parseArgs } from 'node:util';
import { groups } from './groups/index.ts';
import { type Cores, chooseCores } from './harness/program.ts';
import type { Group } from './harness/rows.ts';
import { peerNames } from './peers/servers.ts';

/** How to use it. */
export const usage = `npm run bench -- [OPTION...]
  --quick            two minutes: fewer rounds, no large caches
  --only GROUP,...   ${groups.map(({ name }) => name).join(', ')}
  --rounds N         default 5; --quick: 2
  --seconds N        of each measurement, default 0.5; --quick: 0.25
  --connections N    of the group idle, default 2000, at most 10000; --quick: 500
  --peers NAME,...   ${peerNames.join(', ')}; default all but the last, --quick: the first three
  --no-pin           leave the choice of cores to the system
  --json FILE        besides bench/results/latest.json`;

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly leadIn: number;
  readonly connections: number;
  readonly isQuick: boolean;
  readonly peers: readonly string[];
  readonly groups: readonly Group[];
  readonly cores: Cores;
  readonly json: string | undefined;
}

/** Reads the command line; throws for what makes no sense. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      peers: { type: 'string' },
      'no-pin': { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const isQuick = values.quick;
  const names = groups.map(({ name }) => name);
  const only = among('only', values.only?.split(',') ?? names, names);
  return {
    rounds: positive('rounds', values.rounds ?? (isQuick ? '2' : '5'), 1000),
    seconds: positive('seconds', values.seconds ?? (isQuick ? '0.25' : '0.5'), 600),
    warmUp: isQuick ? 0.6 : 1.5,
    leadIn: isQuick ? 0.25 : 1,
    connections: positive('connections', values.connections ?? (isQuick ? '500' : '2000'), 10_000),
    isQuick,
    peers: among('peers', values.peers?.split(',') ?? peerNames.slice(0, isQuick ? 3 : 4), peerNames),
    groups: groups.filter(({ name }) => only.includes(name)),
    cores: values['no-pin'] ? { server: undefined, client: undefined } : chooseCores(),
    json: values.json,
  };
}

function positive(name: string, text: string, greatest: number): number {
  const value = Number(text);
  if (!(value > 0 && value <= greatest)) throw new RangeError(`--${name} must be above 0 and at most ${greatest}`);
  return value;
}

function among(name: string, values: readonly string[], known: readonly string[]): readonly string[] {
  const unknown = values.find((value) => !known.includes(value));
  if (unknown !== undefined)
    throw new RangeError(`--${name}: there is no '${unknown}'; there are: ${known.join(', ')}`);
  return values;
}
