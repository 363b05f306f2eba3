// What the numbers of an operation stand for where they choose no object.
import type { Op } from '../program.ts';

/** Long ago, and far in the future: no clock comes near in the course of a run. */
const TIMES = [1_000_000_000, 1_000_000_050, 4_000_000_000, 4_000_000_050] as const;

export function number(op: Op, index: number): number {
  return op.numbers[index] ?? 0;
}

export function one<T>(list: readonly [T, ...T[]], value: number): T {
  return list[value % list.length] ?? list[0];
}

export function timeOf(value: number): number {
  return one(TIMES, value) + ((value >> 4) % 20);
}

export function timeoutOf(value: number): number {
  return (value >> 2) % 40;
}

/** Few enough to meet again. */
export function idOf(value: number): Buffer {
  const bytes = Buffer.alloc(value % 11 === 0 ? 8 : 32, 0x5a);
  bytes[0] = value % 20;
  return bytes;
}

export function now(): number {
  return Math.floor(Date.now() / 1000);
}
