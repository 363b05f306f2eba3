// How a context uses its store, and the check of it.
import { checkOptionNames } from '../context-options.ts';
import { invalidType, invalidValue, requireInteger } from '../errors.ts';
import type { SessionStore } from './session-store.ts';

/** How a context uses its store. */
export interface SessionStoreOptions {
  /** Milliseconds that a handshake waits for the store, 1 to 600000; then it goes on as a full one. Default 500. */
  lookupTimeout?: number | undefined;
  /** Milliseconds for a write, 1 to 600000; then the next one has its turn. Default 5000. */
  writeTimeout?: number | undefined;
  /** How many writes may wait, 1 to 16777216; then sessions are dropped. Default 10000. */
  maxQueue?: number | undefined;
  /** After how many failures in a row the store is not asked any more, 1 to 1000. Default 5. */
  breakerThreshold?: number | undefined;
  /** Milliseconds until it is asked again, 1 to 600000; while it fails, up to thirty times that. Default 1000. */
  retryAfter?: number | undefined;
  /** Milliseconds after which `revoke` gives up, 1 to 600000. Default 60000. */
  revokeTimeout?: number | undefined;
  /**
   * Whether a session is good for one resumption only: RFC 8446, appendix C.4, and needed for early data, with which it is
   * always so. Needs `take` of the store. Default false.
   */
  singleUse?: boolean | undefined;
  /**
   * Whether the internal cache of the context stays in use as its mode says, in front of the store. Default false: the
   * mode becomes `server` and `no-internal`.
   */
  internalCache?: boolean | undefined;
  /** Keys of session IDs, 32 bytes each, in place of the store's own `idKeys`. */
  idKeys?: readonly Uint8Array[] | undefined;
}

const optionNames: Readonly<Record<keyof SessionStoreOptions, true>> = {
  lookupTimeout: true,
  writeTimeout: true,
  maxQueue: true,
  breakerThreshold: true,
  retryAfter: true,
  revokeTimeout: true,
  singleUse: true,
  internalCache: true,
  idKeys: true,
};

export function checkStore(store: SessionStore): void {
  const isStore = typeof store === 'object' && store !== null;
  if (!isStore) throw invalidType('sessionStore', 'an object with get, set and delete', store);
  for (const name of ['get', 'set', 'delete'] as const) {
    if (typeof store[name] !== 'function') throw invalidType(`sessionStore.${name}`, 'a function', store[name]);
  }
}

export function checkOptions(options: SessionStoreOptions, store: SessionStore): void {
  checkOptionNames(options, Object.keys(optionNames), 'sessionStore options');
  const { lookupTimeout = 1, writeTimeout = 1, maxQueue = 1, breakerThreshold = 1, retryAfter = 1, idKeys } = options;
  requireInteger('revokeTimeout', options.revokeTimeout ?? 1, 1, 600_000);
  requireInteger('lookupTimeout', lookupTimeout, 1, 600_000);
  requireInteger('writeTimeout', writeTimeout, 1, 600_000);
  requireInteger('maxQueue', maxQueue, 1, 1 << 24);
  requireInteger('breakerThreshold', breakerThreshold, 1, 1000);
  requireInteger('retryAfter', retryAfter, 1, 600_000);
  if (options.singleUse === true && store.take === undefined)
    throw invalidValue('singleUse', `needs a store with 'take'`);
  for (const key of idKeys ?? store.idKeys ?? []) {
    if (!(key instanceof Uint8Array) || key.length !== 32) throw invalidValue('idKeys', 'must be keys of 32 bytes');
  }
}
