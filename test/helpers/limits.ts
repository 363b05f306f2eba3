/**
 * Limits of time end hangs, and are far above what a test needs. Under the sanitizers everything takes several times as
 * long, and the start of a worker or a process many times: multiply by this.
 */
export const SLOWER = process.env.ASAN_OPTIONS === undefined && process.env.TSAN_OPTIONS === undefined ? 1 : 5;
