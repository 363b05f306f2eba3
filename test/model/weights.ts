// How often each operation is done, in proportion to the others.
import type { Weights } from './program.ts';

export const WEIGHTS: Weights = {
  make: 120,
  add: 220,
  remove: 60,
  dup: 20,
  roundTrip: 10,
  set: 20,
  reschedule: 40,
  upRef: 8,
  free: 30,
  useFreed: 10,
  drop: 20,
  take: 40,
  find: 20,
  flush: 10,
  configure: 24,
  makeContext: 12,
  listen: 12,
  upRefContext: 3,
  freeContext: 6,
  useFreedContext: 5,
  dropContext: 2,
  collectNow: 1,
  collect: 1,
};
