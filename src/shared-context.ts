// A context on its way from thread to thread.
import { processTag } from './capi/sharing.ts';
import { invalidType, invalidValue } from './errors.ts';

/**
 * What `context.share()` returns: for `postMessage` or `workerData`. Only a name: it keeps nothing alive, so the thread
 * that posts it must have the context until the other one has taken it over.
 */
export interface SharedContext {
  /** Of the process that it is good in. */
  readonly process: string;
  readonly id: number;
  readonly sessionIdContext: Uint8Array;
  readonly trusts: boolean;
  readonly usesSecret: boolean;
}

interface Parts {
  readonly id: number;
  readonly idContext: Buffer;
  readonly trusts: boolean;
  readonly usesSecret: boolean;
}

export function writeShared({ id, idContext, trusts, usesSecret }: Parts): SharedContext {
  return { process: processTag, id, sessionIdContext: Uint8Array.from(idContext), trusts, usesSecret };
}

/** @throws {TypeError} `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` for one of another process */
export function readShared(shared: unknown): Parts {
  if (!isShared(shared)) throw invalidType('shared', 'what SslContext.share returns', shared);
  if (shared.process !== processTag) throw invalidValue('shared', 'is of another process');
  const { id, sessionIdContext, trusts, usesSecret } = shared;
  return { id, idContext: Buffer.from(sessionIdContext), trusts, usesSecret };
}

function isShared(value: unknown): value is SharedContext {
  if (typeof value !== 'object' || value === null) return false;
  const { process, id, sessionIdContext, trusts, usesSecret }: Partial<Record<keyof SharedContext, unknown>> = value;
  return (
    typeof process === 'string' &&
    typeof id === 'number' &&
    sessionIdContext instanceof Uint8Array &&
    typeof trusts === 'boolean' &&
    typeof usesSecret === 'boolean'
  );
}
