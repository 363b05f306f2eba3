// What a process has, when it has given back what it can.
import { fstatSync, readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import * as capi from '../../src/capi/index.ts';

/** What must be there again when all is closed. */
export interface Counts {
  /** Objects of libssl, of all threads. */
  readonly SSL_CTX: number;
  readonly SSL: number;
  readonly SSL_SESSION: number;
  /** Descriptors. */
  readonly fds: number;
  /** Handles of this thread, but those of methods and ciphers, which are libssl's constants. */
  readonly handles: number;
}

export function counts(): Counts {
  const { SSL_METHOD: _methods, SSL_CIPHER: _ciphers, ...handles } = capi.debug.liveHandles();
  return {
    ...capi.debug.live(),
    fds: descriptors(),
    handles: Object.values(handles).reduce((sum, count) => sum + count, 0),
  };
}

const listDescriptors = (): string[] => readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd');

/** Whoever lists them has one for that. */
function descriptors(): number {
  return listDescriptors().length - 1;
}

/**
 * Waits until no folder is being read. tsx goes through that of its cache when a process begins, which takes seconds where
 * there are many files, and its descriptor would count.
 */
export async function foldersRead(): Promise<void> {
  while (listDescriptors().some(isFolder)) await turn();
}

function isFolder(descriptor: string): boolean {
  try {
    return fstatSync(Number(descriptor)).isDirectory();
  } catch {
    // Closed meanwhile, as that of the listing.
    return false;
  }
}

/** Bytes. */
export interface Memory {
  readonly rss: number;
  /** Of malloc, in use; `null` where the C library does not tell. */
  readonly native: number | null;
  /** JavaScript's, of this thread. */
  readonly heap: number;
}

export function memory(): Memory {
  return {
    rss: process.memoryUsage.rss(),
    native: capi.debug.nativeHeap(),
    heap: getHeapStatistics().used_heap_size,
  };
}

/** Runs the garbage collector until finalizers and the ends of sockets have run: as long as counts go down. */
export async function settle(isDone: () => boolean = () => false): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Node needs --expose-gc');
  let least = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < 20 && !isDone(); idle++) {
    gc();
    for (let count = 0; count < 10; count++) await turn();
    const { SSL_CTX, SSL, SSL_SESSION, fds, handles } = counts();
    const sum = SSL_CTX + SSL + SSL_SESSION + fds + handles;
    if (sum < least) idle = 0;
    least = Math.min(least, sum);
  }
}
