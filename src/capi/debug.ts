// What tests need to see and C cannot tell.
import { native } from './loader.ts';

/**
 * Objects of libssl alive in this process, in all threads, as counted by libssl's own new and free callbacks of their
 * ex_data; with a libssl that Node shares, Node's are among them.
 */
export function live(): { SSL_CTX: number; SSL: number; SSL_SESSION: number } {
  return native.live();
}

/** Handles of each C type that this environment has not given back. */
export function liveHandles(): Record<string, number> {
  return native.liveHandles();
}

/**
 * Bytes that this process has of malloc now, in all threads: of libssl, this package, Node and V8, but not the objects of
 * JavaScript. `null` where the C library is not glibc 2.33 or later.
 *
 * @see mallinfo2(3)
 */
export function nativeHeap(): number | null {
  return native.nativeHeap();
}

/** Errors in the thread's own OpenSSL queue, which is emptied: anything but 0 is a bug of sslctx. */
export function errorQueueDepth(): number {
  return native.errorQueueDepth();
}
