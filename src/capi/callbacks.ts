// Where the functions that libssl calls back are kept: in objects that only the handles hold, so that a function which
// closes over its own context can be collected together with it.
import { invalidCallback } from './errors.ts';
import type { SSL_CTX } from './handles.ts';

/** The same order as `CallbackKind` in native/callbacks.h. */
export const Kind = {
  newSession: 0,
  removeSession: 1,
  getSession: 2,
  clientHello: 3,
  generateSessionId: 4,
  notResumable: 5,
  pskFindSession: 6,
  pskUseSession: 7,
  ticketGenerate: 8,
  ticketDecrypt: 9,
  ticketKey: 10,
  allowEarlyData: 11,
  servername: 12,
  alpnSelect: 13,
  keylog: 14,
  info: 15,
  message: 16,
  /** None of libssl's: what other threads do to a context that they share. */
  elsewhere: 17,
} as const;

export type Kind = (typeof Kind)[keyof typeof Kind];

// biome-ignore lint/complexity/noBannedTypes: seventeen signatures, each checked where it is set
type Callback = Function;

/** Native code reads the functions by number, and `handle` as the context argument of remove callbacks. */
export interface Callbacks {
  handle?: SSL_CTX;
  [kind: number]: Callback | undefined;
  /** What the user gave, where an adapter stands in its place. */
  originals?: Map<Kind, Callback>;
}

export function newCallbacks(): Callbacks {
  return {};
}

/** Puts `callback` in its place, behind `adapt` when C needs another answer than the user gives. True when there is one. */
export function setCallback<F extends Callback>(
  callbacks: Callbacks,
  kind: Kind,
  name: string,
  callback: F | null,
  adapt?: (callback: F) => Callback,
): boolean {
  if (callback !== null && typeof callback !== 'function') throw invalidCallback(name, callback);
  callbacks[kind] = callback === null ? undefined : (adapt?.(callback) ?? callback);
  callbacks.originals ??= new Map();
  if (callback === null) callbacks.originals.delete(kind);
  else callbacks.originals.set(kind, callback);
  return callback !== null;
}

/** What the user gave last, or null. */
export function getCallback<F extends Callback>(callbacks: Callbacks, kind: Kind): F | null {
  return (callbacks.originals?.get(kind) as F | undefined) ?? null;
}

// SSL_new copies these from the context: a later change of the context does not reach connections that exist.
const copied: readonly Kind[] = [
  Kind.generateSessionId,
  Kind.notResumable,
  Kind.pskFindSession,
  Kind.pskUseSession,
  Kind.allowEarlyData,
  Kind.info,
  Kind.message,
];

export function copyToConnection(context: Callbacks, connection: Callbacks): void {
  for (const kind of copied) {
    const callback = context[kind];
    if (callback !== undefined) connection[kind] = callback;
  }
}
