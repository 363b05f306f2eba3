// All groups, in the order of the report.
import type { Group } from '../harness/rows.ts';
import { calls, imports, memory } from './cache.ts';
import { growth } from './growth.ts';
import { handshakes } from './handshakes.ts';
import { idle } from './idle.ts';
import { warmRestart } from './restart.ts';
import { store } from './store.ts';
import { storm } from './storm.ts';
import { bulk, echo } from './streams.ts';
import { threads } from './threads.ts';

export const groups: readonly Group[] = [
  calls,
  imports,
  memory,
  warmRestart,
  handshakes,
  growth,
  threads,
  store,
  bulk,
  echo,
  storm,
  idle,
];
