// Memory BIOs and BIO pairs.
import { type BIO, bioId } from './handles.ts';
import { native } from './loader.ts';
import type { BIO_METHOD } from './native.ts';

export type { BIO_METHOD };

/** A memory buffer. BIO_s_mem(3). */
export function BIO_s_mem(): BIO_METHOD {
  return native.BIO_s_mem();
}

/** BIO_new(3). */
export function BIO_new(method: BIO_METHOD): BIO {
  return native.BIO_new(method);
}

/** Two ends of a pipe; buffer sizes in bytes, 0 for the default of 17 KiB. BIO_new_bio_pair(3). */
export function BIO_new_bio_pair(writebuf1: number, writebuf2: number): [BIO, BIO] {
  return native.BIO_new_bio_pair(writebuf1, writebuf2);
}

/** 1 or 0. BIO_up_ref(3). */
export function BIO_up_ref(bio: BIO): number {
  return native.BIO_up_ref(bioId(bio));
}

/** Gives back one reference of the handle; 1. BIO_free(3). */
export function BIO_free(bio: BIO): number {
  return native.BIO_free(bioId(bio));
}

/** Fills `buffer`; the number of bytes, or 0 or -1. BIO_read(3). */
export function BIO_read(bio: BIO, buffer: Uint8Array): number {
  return native.BIO_read(bioId(bio), buffer);
}

/** The number of bytes, or -1. BIO_write(3). */
export function BIO_write(bio: BIO, bytes: Uint8Array): number {
  return native.BIO_write(bioId(bio), bytes);
}

/** Bytes to read. BIO_ctrl_pending(3). */
export function BIO_ctrl_pending(bio: BIO): number {
  return native.BIO_ctrl_pending(bioId(bio));
}

/** Bytes written that wait for the peer to read. BIO_ctrl_wpending(3). */
export function BIO_ctrl_wpending(bio: BIO): number {
  return native.BIO_ctrl_wpending(bioId(bio));
}

/** Bytes that a pair takes now. BIO_ctrl_get_write_guarantee(3). */
export function BIO_ctrl_get_write_guarantee(bio: BIO): number {
  return native.BIO_ctrl_get_write_guarantee(bioId(bio));
}

/** 1 at the end. BIO_eof(3). */
export function BIO_eof(bio: BIO): number {
  return native.BIO_eof(bioId(bio));
}

/** 1 when the last call may be repeated. BIO_should_retry(3). */
export function BIO_should_retry(bio: BIO): number {
  return native.BIO_should_retry(bioId(bio));
}

/** The end for the other side of a pair. BIO_s_bio(3). */
export function BIO_shutdown_wr(bio: BIO): number {
  return native.BIO_shutdown_wr(bioId(bio));
}

/** What an empty memory BIO returns: -1 to wait for more, 0 for its end. 1, or 0 for another type. BIO_s_mem(3). */
export function BIO_set_mem_eof_return(bio: BIO, value: number): number {
  return native.BIO_set_mem_eof_return(bioId(bio), value);
}
