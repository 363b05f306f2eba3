import * as capi from '../../src/capi/index.ts';

/**
 * What one call removes, in the order in which libssl tells of it: given in that of expiry. OpenSSL 4.0 collects them on a
 * stack, and tells of them when it has released its lock.
 */
export function asRemoved<T>(byExpiry: readonly T[]): T[] {
  return capi.OpenSSL_version_num() >= 0x40000000 ? byExpiry.toReversed() : [...byExpiry];
}
