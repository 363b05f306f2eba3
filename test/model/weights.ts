// How often each operation is done, in proportion to the others.
import type { Weights } from './program.ts';

/** In a thread: what needs no process and no event loop of its own. */
export const WORKER_WEIGHTS: Weights = {
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
  addMany: 10,
  importMany: 8,
  transfer: 8,
  lend: 10,
  pem: 4,
  connect: 30,
  end: 12,
  reenter: 10,
  collectNow: 1,
};

export const WEIGHTS: Weights = {
  ...WORKER_WEIGHTS,
  collect: 1,
  openSite: 1,
  visitSite: 8,
  manageSite: 3,
  closeSite: 1,
  startWorker: 1,
  terminateWorker: 1,
};
