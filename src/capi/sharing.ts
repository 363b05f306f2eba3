// One SSL_CTX in several threads. For src/context.ts and src/context-events.ts: C needs no functions for it.
import { type Callbacks, Kind } from './callbacks.ts';
import { contextCallbacks, contextId, type SSL_CTX, type SSL_SESSION } from './handles.ts';
import { native } from './loader.ts';

/** The same order as `Tidings` in native/inbox.h. */
const tidings = ['new', 'removed', 'end', 'lost'] as const;

/** What other threads' calls and connections do to the cache. */
export interface Elsewhere {
  new: (session: SSL_SESSION) => void;
  removed: (session: SSL_SESSION) => void;
  /** More happened than this thread has had time to hear. */
  lost: (count: number) => void;
}

/** Returns the number by which other threads of this process can take the context over. */
export function shareContext(ctx: SSL_CTX): number {
  return native.shareContext(contextId(ctx));
}

/** The context of that number. Throws ERR_SSLCTX_FREED when no thread has it any more. */
export function adoptContext(number: number): SSL_CTX {
  return native.adoptContext(number);
}

export function isSharedContext(ctx: SSL_CTX): boolean {
  return native.isSharedContext(contextId(ctx));
}

/** Told in the event loop; of sessions only what this thread has SSL_CTX_sess_set_new_cb and _remove_cb for. */
export function setElsewhere(ctx: SSL_CTX, elsewhere: Elsewhere): void {
  const callbacks: Callbacks = contextCallbacks(ctx);
  callbacks[Kind.elsewhere] = (what: number, argument: never) => {
    const name = tidings[what];
    if (name !== undefined && name !== 'end') elsewhere[name](argument);
  };
}

/** One of this process only: numbers of contexts mean nothing to others. */
export const processTag: string = native.processTag;
