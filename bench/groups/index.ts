// All groups, in the order of the report. Still to come, with the features: worker threads on one cache; Redis.
import type { Group } from '../harness/rows.ts';
import { calls, imports, memory } from './cache.ts';
import { growth } from './growth.ts';
import { handshakes } from './handshakes.ts';
import { idle } from './idle.ts';
import { warmRestart } from './restart.ts';
import { storm } from './storm.ts';
import { bulk, echo } from './streams.ts';

export const groups: readonly Group[] = [
  calls,
  imports,
  memory,
  warmRestart,
  handshakes,
  growth,
  bulk,
  echo,
  storm,
  idle,
];
