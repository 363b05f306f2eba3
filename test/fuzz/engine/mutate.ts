// Mutants of any bytes: bits, pieces, numbers at their limits, words, and pieces of others.

import type { Random } from '../../helpers/random.ts';
import { mutant as derMutant } from '../../misuse/mutate.ts';

const limits = ['0', '-1', '1', '255', '65536', '2147483648', '4294967296', '9007199254740992', '1e999', ''];

type Mutation = (bytes: Buffer, random: Random, others: readonly Buffer[], words: readonly string[]) => Buffer;

function splice(bytes: Buffer, at: number, deleted: number, inserted: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + deleted)]);
}

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[random.below(bytes.length)] =
      random.below(2) === 0 ? random.of([0, 1, 10, 0x7f, 0x80, 0xff]) : random.below(256);
    return bytes;
  },
  function remove(bytes, random) {
    return splice(
      bytes,
      random.below(bytes.length),
      1 + random.below(random.of([1, 8, bytes.length])),
      Buffer.alloc(0),
    );
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length);
    return splice(bytes, at, 0, bytes.subarray(at, at + 1 + random.below(random.of([1, 8, bytes.length]))));
  },
  function insert(bytes, random) {
    const more = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)));
    return splice(bytes, random.below(bytes.length + 1), 0, more);
  },
  function addWord(bytes, random, _others, words) {
    if (words.length === 0) return bytes;
    return splice(
      bytes,
      random.below(bytes.length + 1),
      random.below(2) * random.below(8),
      Buffer.from(random.of(words)),
    );
  },
  function replaceNumber(bytes, random) {
    const found = [...bytes.toString('latin1').matchAll(/\d+/g)];
    if (found.length === 0) return bytes;
    const [text, at] = random.of(found.map(({ 0: number, index = 0 }): [string, number] => [number, index]));
    return splice(bytes, at, text.length, Buffer.from(random.of(limits)));
  },
  function cross(bytes, random, others) {
    const other = random.of(others);
    const at = random.below(other.length + 1);
    const piece = other.subarray(at, at + random.below(other.length + 1));
    return splice(bytes, random.below(bytes.length + 1), random.below(bytes.length + 1), piece);
  },
];

export interface MutantOptions {
  readonly words: readonly string[];
  readonly isDer: boolean;
  /** Bytes at most. */
  readonly limit: number;
}

/** Mutates one of the ASN.1 sequences in the bytes, and makes the number before it right where that was its length. */
function mutateSequence(bytes: Buffer, random: Random): Buffer {
  const starts: Array<readonly [start: number, end: number]> = [];
  for (let start = bytes.indexOf(0x30); start >= 0; start = bytes.indexOf(0x30, start + 1)) {
    const first = bytes[start + 1] ?? 0;
    const width = first < 0x80 ? 0 : first & 0x7f;
    if (width > 2 || start + 2 + width > bytes.length) continue;
    const end = start + 2 + width + (width === 0 ? first : bytes.readUIntBE(start + 2, width));
    // The outermost one, and nothing that looks like one by chance.
    if (end <= bytes.length && end - start > 32 && start >= (starts.at(-1)?.[1] ?? 0)) starts.push([start, end]);
  }
  if (starts.length === 0) return bytes;
  const [start, end] = random.of(starts);
  const changed = derMutant([bytes.subarray(start, end)], random);
  const head = Buffer.from(bytes.subarray(0, start));
  if (start >= 4 && head.readUInt32BE(start - 4) === end - start) head.writeUInt32BE(changed.length, start - 4);
  return Buffer.concat([head, changed, bytes.subarray(end)]);
}

/** A mutant of one of `corpus`, with one to eight mutations. */
export function mutantOf(corpus: readonly Buffer[], random: Random, { words, isDer, limit }: MutantOptions): Buffer {
  let bytes: Buffer = Buffer.from(random.of(corpus));
  if (isDer && random.below(2) === 0) return mutateSequence(bytes, random).subarray(0, limit);
  for (let count = random.of([1, 1, 2, 2, 3, 4, 8]); count > 0; count--) {
    // Of nothing there is nothing to flip or to remove.
    const usable = bytes.length === 0 ? mutations.slice(4, 6) : mutations;
    bytes = Buffer.from(random.of(usable)(bytes, random, corpus, words));
  }
  return bytes.subarray(0, limit);
}
