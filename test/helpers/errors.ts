// For `test.afterEach`.
import type { ExecutionContext } from 'ava';
import * as capi from '../../src/capi/index.ts';

/** Neither in the thread nor in what capi has taken from it. The next test is not to find those of this one. */
export function leavesNoErrors(t: ExecutionContext): void {
  const error = capi.ERR_peek_error();
  capi.ERR_clear_error();
  t.is(error, 0);
  t.is(capi.debug.errorQueueDepth(), 0);
}
