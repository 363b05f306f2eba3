// Tells node:diagnostics_channel how long a store takes, and how it answers.
import { performance } from 'node:perf_hooks';
import type { SslContext } from '../context.ts';
import { type StoreLookupMessage, type StoreWriteMessage, storeLookup, storeWrite } from '../diagnostics.ts';
import { SslctxError, toError } from '../errors.ts';

/** `answer` as it is; it is only watched when somebody listens. */
export function traceLookup<T>(
  context: SslContext,
  operation: StoreLookupMessage['operation'],
  answer: Promise<T>,
): Promise<T> {
  if (!storeLookup.hasSubscribers) return answer;
  const publish = (message: StoreLookupMessage): void => storeLookup.publish(message);
  return watch(answer, {
    answered: (duration, data) => {
      const outcome = data === undefined || data === null ? 'miss' : 'hit';
      publish({ context, operation, outcome, duration });
    },
    failed: (duration, error) => publish({ context, operation, outcome: failureOf(error), error, duration }),
  });
}

/** As {@link traceLookup}. */
export function traceWrite<T>(
  context: SslContext,
  operation: StoreWriteMessage['operation'],
  answer: Promise<T>,
): Promise<T> {
  if (!storeWrite.hasSubscribers) return answer;
  const publish = (message: StoreWriteMessage): void => storeWrite.publish(message);
  return watch(answer, {
    answered: (duration) => publish({ context, operation, outcome: 'success', duration }),
    failed: (duration, error) => publish({ context, operation, outcome: failureOf(error), error, duration }),
  });
}

function watch<T>(
  answer: Promise<T>,
  tell: { answered: (duration: number, data: T) => void; failed: (duration: number, error: Error) => void },
): Promise<T> {
  const began = performance.now();
  answer.then(
    (data) => tell.answered(performance.now() - began, data),
    (thrown: unknown) => tell.failed(performance.now() - began, toError(thrown)),
  );
  return answer;
}

function failureOf(error: Error): 'timeout' | 'failure' {
  return error instanceof SslctxError && error.code === 'ERR_SSLCTX_STORE_TIMEOUT' ? 'timeout' : 'failure';
}
