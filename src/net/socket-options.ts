// The options that sockets of clients and servers have in common.
import type { OnReadOptions } from './onread.ts';

/** What all sockets can be told. */
export interface SslSocketOptions {
  /** Whether this side may go on writing when the peer has ended its own. Default false: `end` follows by itself. */
  allowHalfOpen?: boolean | undefined;
  /**
   * Whether a peer whose stream ends without close_notify is an error, `ERR_SSL_UNEXPECTED_EOF_WHILE_READING`, after which
   * libssl drops the session. For protocols that do not mark the end of a message themselves: many clients never send a
   * close_notify. Default false: `end` as usual, and `isTruncated`.
   */
  requireCloseNotify?: boolean | undefined;
  /** Reads into a buffer of yours: for bulk data. See {@link OnReadOptions}. */
  onread?: OnReadOptions | undefined;
}

export const socketOptionNames = ['allowHalfOpen', 'requireCloseNotify', 'onread'] as const;
