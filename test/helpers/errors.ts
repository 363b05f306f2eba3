// For `test.afterEach`.
import type { ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';

/** Neither in the thread nor in what capi has taken from it. */
export function leavesNoErrors(t: ExecutionContext): void {
  t.is(capi.ERR_peek_error(), 0);
  t.is(capi.debug.errorQueueDepth(), 0);
}
