// What no function expects. One list for all positions; check.ts knows which of it a position may take.
import * as capi from '../../src/capi/index.ts';
import { SLOWER } from '../helpers/limits.ts';
import type { Handles } from './check.ts';
import { freedHandles, World } from './world.ts';

const HANDLE_CLASSES = [
  capi.SSL_METHOD,
  capi.SSL_CIPHER,
  capi.SSL_CTX,
  capi.SSL,
  capi.SSL_SESSION,
  capi.BIO,
  capi.X509,
  capi.EVP_PKEY,
  capi.X509_STORE,
  capi.X509_CRL,
  capi.PKCS12,
];

export interface Hostile {
  /** For messages, because many of these cannot be printed. */
  name: string;
  value: unknown;
}

const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  2,
  3,
  -1,
  255,
  256,
  32767,
  65535,
  65536,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0.5,
  -0.5,
  1e308,
  5e-324,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 2,
  2 ** 34 - 1,
  2 ** 34,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
];

const STRINGS: readonly string[] = [
  '',
  'x',
  '0',
  'nul\0inside',
  '\0',
  '\ud800',
  '\udfff\ud800',
  'é€😀',
  '%s%n%x',
  ':',
  'DEFAULT:!!!',
  '../..',
  'a'.repeat(256),
  'a'.repeat(65_536),
  // Under the sanitizers libssl takes too long for a mebibyte of it.
  'a:'.repeat((1 << 19) / (SLOWER === 1 ? 1 : 16)),
];

function bad(): never {
  throw new Error('user code was run');
}

/** Objects that notice when anything is read of them. */
const TRAPS = Object.fromEntries(
  [
    'get',
    'set',
    'has',
    'ownKeys',
    'getPrototypeOf',
    'getOwnPropertyDescriptor',
    'defineProperty',
    'isExtensible',
    'apply',
    'construct',
  ].map((trap) => [trap, bad]),
);

class Lying extends Uint8Array {
  override get length(): number {
    return 2 ** 31;
  }
  override get byteLength(): number {
    return 2 ** 31;
  }
  override get byteOffset(): number {
    return 2 ** 20;
  }
  override get buffer(): ArrayBuffer {
    return new ArrayBuffer(0);
  }
}

function detached(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** A view whose resizable buffer has become too small for it. */
function outOfBounds(): Uint8Array {
  const buffer = Reflect.construct(ArrayBuffer, [64, { maxByteLength: 64 }]);
  const bytes = new Uint8Array(buffer, 32, 32);
  const resize: unknown = Reflect.get(buffer, 'resize');
  if (typeof resize === 'function') resize.call(buffer, 16);
  return bytes;
}

/** Memory that `grow` takes away from its views. */
function wasmBytes(): Uint8Array {
  const wasm: unknown = Reflect.get(globalThis, 'WebAssembly');
  const type: unknown = typeof wasm === 'object' && wasm !== null ? Reflect.get(wasm, 'Memory') : undefined;
  if (typeof type !== 'function') throw new Error('this Node has no WebAssembly');
  return new Uint8Array(Reflect.construct(type, [{ initial: 1 }]).buffer, 0, 32);
}

function byteSources(): Hostile[] {
  const view = (name: string, value: unknown): Hostile => ({ name, value });
  return [
    ...[0, 1, 3, 16, 32, 33, 48, 80, 255, 256, 512, 513, 65_535, 1 << 20].map((length) =>
      view(`Uint8Array of ${length}`, new Uint8Array(length).fill(0x41)),
    ),
    view('a Buffer from the pool', Buffer.from('0123456789')),
    view('Uint8ClampedArray', new Uint8ClampedArray(32)),
    view('Uint8Array over a SharedArrayBuffer', new Uint8Array(new SharedArrayBuffer(32))),
    view('Uint8Array over WebAssembly.Memory', wasmBytes()),
    view('a detached Uint8Array', detached(32)),
    view('an out-of-bounds Uint8Array', outOfBounds()),
    view('a Uint8Array with lying getters', new Lying(8)),
    view('ArrayBuffer', new ArrayBuffer(32)),
    view('SharedArrayBuffer', new SharedArrayBuffer(32)),
    view('a detached ArrayBuffer', detached(32).buffer),
    view('DataView', new DataView(new ArrayBuffer(32))),
    view('Int8Array', new Int8Array(32)),
    view('Uint16Array', new Uint16Array(32)),
    view('Float64Array', new Float64Array(4)),
    view('BigUint64Array', new BigUint64Array(4)),
    view('an array of numbers', [1, 2, 3]),
    view('an array-like', { length: 3, 0: 1, 1: 2, 2: 3 }),
    view('a Proxy of a Uint8Array', new Proxy(new Uint8Array(32), {})),
    view('an object that inherits from a Uint8Array', Object.create(new Uint8Array(32))),
  ];
}

function forged(handles: Readonly<Record<string, object>>): Hostile[] {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  return [
    ...HANDLE_CLASSES.map((type) => ({
      name: `Object.create(${type.name}.prototype)`,
      value: Object.create(type.prototype),
    })),
    ...HANDLE_CLASSES.map((type) => ({ name: `the class ${type.name}`, value: type })),
    ...Object.entries(handles).flatMap(([name, handle]) => [
      { name: `structuredClone(${name})`, value: structuredClone(handle) },
      { name: `Proxy of ${name}`, value: new Proxy(handle, {}) },
      { name: `Object.create(${name})`, value: Object.create(handle) },
      { name: `a copy of ${name}`, value: Object.assign(Object.create(Object.getPrototypeOf(handle)), handle) },
    ]),
    { name: 'a Proxy full of traps', value: new Proxy({}, TRAPS) },
    { name: 'a function Proxy full of traps', value: new Proxy(() => {}, { ...TRAPS, apply: () => undefined }) },
    { name: 'a revoked Proxy', value: revoked.proxy },
  ];
}

function objects(): Hostile[] {
  return Object.entries({
    'an empty object': {},
    'an object without prototype': Object.create(null),
    'an object whose conversions throw': { valueOf: bad, toString: bad, [Symbol.toPrimitive]: bad, toJSON: bad },
    'an object with throwing getters': Object.defineProperties(
      {},
      {
        constructor: { get: bad },
        length: { get: bad },
        name: { get: bad },
      },
    ),
    'an object whose constructor has an odd name': { constructor: { name: Symbol('name') } },
    'a Number object': Object(5),
    'a String object': Object('x'),
    'a BigInt object': Object(5n),
    'an array': [],
    'a Date': new Date(0),
    'a RegExp': /x/,
    'a Map': new Map(),
    'a WeakRef': new WeakRef({}),
    'a Promise': Promise.resolve(1),
    'an Error': new Error('x'),
    'a function': () => {},
    'an async function': async () => {},
    'a generator function': function* generator() {},
    'a class': class {},
    'a bound function': (() => {}).bind(null),
    'a function that throws': bad,
    globalThis,
  }).map(([name, value]) => ({ name, value }));
}

export interface HostileValues extends Handles {
  values: readonly Hostile[];
}

/** Live handles are of a world of their own, which nothing that is done to them can spoil for the watched one. */
export function hostileValues(): HostileValues {
  const handles: Readonly<Record<string, object>> = { ...new World('connected server').handles };
  const freed = freedHandles();
  const values: Hostile[] = [
    { name: 'undefined', value: undefined },
    { name: 'null', value: null },
    { name: 'true', value: true },
    { name: 'false', value: false },
    ...NUMBERS.map((value) => ({ name: `the number ${value}`, value })),
    ...[0n, 1n, -1n, 2n ** 31n, 2n ** 64n].map((value) => ({ name: `the bigint ${value}`, value })),
    ...STRINGS.map((value) => ({ name: `the string ${JSON.stringify(value.slice(0, 16))} of ${value.length}`, value })),
    { name: 'a symbol', value: Symbol('hostile') },
    { name: 'a well-known symbol', value: Symbol.iterator },
    ...objects(),
    ...byteSources(),
    ...forged(handles),
    ...Object.entries(handles).map(([name, value]) => ({ name: `a live ${name}`, value })),
    ...freed.map((value) => ({ name: `a freed ${value.constructor.name}`, value })),
  ];
  return { values, freed: new Set(freed), genuine: new Set([...Object.values(handles), ...freed]) };
}
