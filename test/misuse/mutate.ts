// Mutations of DER and PEM: some that know the format, some that do not.
import type { Random } from '../helpers/random.ts';

interface Element {
  /** Where the tag is. */
  start: number;
  /** Where the contents begin, and where they end. */
  contents: number;
  end: number;
}

/** The elements of valid DER, nested ones included. */
function elements(der: Uint8Array, from = 0, to = der.length): Element[] {
  const found: Element[] = [];
  let start = from;
  while (start + 2 <= to) {
    const tag = der[start] ?? 0;
    const first = der[start + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    let length = first < 0x80 ? first : 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (der[start + 2 + i] ?? 0);
    const contents = start + 2 + lengthBytes;
    const end = contents + length;
    if (end > to) break;
    found.push({ start, contents, end });
    if ((tag & 0x20) !== 0) found.push(...elements(der, contents, end));
    start = end;
  }
  return found;
}

const INTERESTING = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xfe, 0xff];

function splice(bytes: Uint8Array, start: number, deleted: number, ...inserted: Uint8Array[]): Buffer {
  return Buffer.concat([bytes.subarray(0, start), ...inserted, bytes.subarray(start + deleted)]);
}

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** Sets the lengths of all elements around `element` right again after it has grown by `by`, where they are short enough. */
function regrow(der: Buffer, element: Element, by: number, all: readonly Element[]): Buffer {
  for (const outer of all) {
    if (outer.contents > element.start || outer.end < element.end) continue;
    const width = outer.contents - outer.start - 1;
    const length = outer.end - outer.contents + by;
    if (length < 0) continue;
    if (width === 1 && length < 0x80) der[outer.start + 1] = length;
    else if (width > 1 && length < 256 ** (width - 1)) der.writeUIntBE(length, outer.start + 2, width - 1);
  }
  return der;
}

type Mutation = (der: Buffer, random: Random, others: readonly Uint8Array[]) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(der, random) {
    const at = random.below(der.length);
    der[at] = (der[at] ?? 0) ^ (1 << random.below(8));
    return der;
  },
  function setByte(der, random) {
    der[random.below(der.length)] = random.below(2) === 0 ? random.of(INTERESTING) : random.below(256);
    return der;
  },
  function truncate(der, random) {
    return der.subarray(0, random.below(der.length));
  },
  function deleteRange(der, random) {
    return splice(der, random.below(der.length), 1 + random.below(8));
  },
  function insertRange(der, random) {
    return splice(der, random.below(der.length), 0, randomBytes(random, 1 + random.below(8)));
  },
  function setLength(der, random) {
    const { start } = random.of(elements(der));
    der[start + 1] = random.of(INTERESTING);
    return der;
  },
  function setTag(der, random) {
    const { start } = random.of(elements(der));
    der[start] = random.below(2) === 0 ? 0xa0 + random.below(24) : random.of([0x02, 0x04, 0x05, 0x0c, 0x30, 0x31]);
    return der;
  },
  // From here on what comes out is mostly well-formed.
  function dropElement(der, random) {
    const all = elements(der);
    const element = random.of(all);
    const size = element.end - element.start;
    return splice(regrow(der, element, -size, all), element.start, size);
  },
  function repeatElement(der, random) {
    const all = elements(der);
    const element = random.of(all);
    const copy = Buffer.from(der.subarray(element.start, element.end));
    return splice(regrow(der, element, copy.length, all), element.end, 0, copy);
  },
  function fillContents(der, random) {
    const { contents, end } = random.of(elements(der));
    der.fill(random.of(INTERESTING), contents, end);
    return der;
  },
  function randomContents(der, random) {
    const { contents, end } = random.of(elements(der));
    randomBytes(random, end - contents).copy(der, contents);
    return der;
  },
  function growContents(der, random) {
    const all = elements(der);
    const element = random.of(all);
    const more = randomBytes(random, random.of([1, 2, 16, 33, 100, 600]));
    return splice(regrow(der, element, more.length, all), element.end, 0, more);
  },
  function emptyContents(der, random) {
    const all = elements(der);
    const element = random.of(all);
    const size = element.end - element.contents;
    return splice(regrow(der, element, -size, all), element.contents, size);
  },
  function takeElement(der, random, others) {
    const other = Buffer.from(random.of(others));
    const from = random.of(elements(other));
    const all = elements(der);
    const to = random.of(all);
    const by = from.end - from.start - (to.end - to.start);
    return splice(regrow(der, to, by, all), to.start, to.end - to.start, other.subarray(from.start, from.end));
  },
];

/** A mutant of one of `seeds`, with one to four mutations. */
export function mutant(seeds: readonly Uint8Array[], random: Random): Buffer {
  let der: Buffer = Buffer.from(random.of(seeds));
  for (let count = random.of([1, 1, 1, 2, 3, 4]); count > 0 && der.length > 0; count--) {
    const usable = elements(der).length > 0 ? MUTATIONS : MUTATIONS.slice(0, 5);
    der = Buffer.from(random.of(usable)(der, random, seeds));
  }
  return der;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=- \n\r\t\0:,';

/** A mutant of PEM text. */
export function pemMutant(pem: string, random: Random): Buffer {
  let text: Buffer = Buffer.from(pem);
  for (let count = 1 + random.below(4); count > 0 && text.length > 0; count--) {
    const at = random.below(text.length);
    switch (random.below(6)) {
      case 0:
        text = splice(text, at, 1, Buffer.from(random.of([...ALPHABET])));
        break;
      case 1:
        text = splice(text, at, random.of([1, 4, 64, 65]));
        break;
      case 2:
        text = splice(text, at, 0, Buffer.from(random.of([...ALPHABET]).repeat(random.of([1, 4, 64, 300, 70_000]))));
        break;
      case 3:
        text = splice(
          text,
          at,
          0,
          Buffer.from(
            random.of([
              '-----BEGIN SSL SESSION PARAMETERS-----\n',
              '-----END SSL SESSION PARAMETERS-----\n',
              '-----BEGIN CERTIFICATE-----\n',
              'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n',
              '\n\n',
              '-----',
            ]),
          ),
        );
        break;
      case 4:
        text = Buffer.from(text.subarray(0, at));
        break;
      default:
        text[at] = random.below(256);
    }
  }
  return text;
}
