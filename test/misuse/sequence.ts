// Runs in a child process: random calls in random order, on objects in whatever state earlier calls have left them, with
// callbacks that do the same from inside of libssl. Arguments: seed, number of calls, file for the last call.
import { openSync, writeSync } from 'node:fs';
import * as capi from '../../src/capi/index.ts';
import { createSslCtxPair, createSslObjects, exchange, useCertificate } from '../helpers/pair.ts';
import { Random } from '../helpers/random.ts';
import { describe, functionNamed } from './check.ts';
import { HANDLE_KINDS, type HandleKind, type Parameter, type Signature } from './signature.ts';
import { SIGNATURES } from './signatures.ts';
import { STATES, World } from './world.ts';

const [seed = 1, count = 1000] = process.argv.slice(2, 4).map(Number);
const journal = openSync(process.argv[4] ?? '', 'w');
const random = new Random(seed);

/** What callbacks throw on purpose. */
class OnPurpose extends Error {
  readonly code = 'ON_PURPOSE';
}

const POOL = 6;
const pools = new Map<HandleKind, object[]>(HANDLE_KINDS.map((kind) => [kind, []]));

function keep(value: unknown): void {
  if (Array.isArray(value)) for (const one of value.slice(0, 2)) keep(one);
  if (typeof value !== 'object' || value === null) return;
  const kind = HANDLE_KINDS.find((name) => name === value.constructor.name);
  const pool = kind === undefined ? undefined : pools.get(kind);
  if (pool === undefined || pool.includes(value)) return;
  if (pool.length < POOL) pool.push(value);
  else pool[random.below(POOL)] = value;
}

function refill(): void {
  const { handles } = new World(random.of(STATES));
  for (const handle of Object.values(handles)) keep(handle);
}

const INTEGERS = [
  0,
  1,
  2,
  3,
  4,
  0x80,
  0x300,
  0x303,
  0x304,
  32,
  100,
  2 ** 31 - 1,
  2 ** 32 - 1,
  2 ** 34 - 1,
  -1,
  2 ** 53 - 1,
  2 ** 53,
];
const STRINGS = [
  '',
  'DEFAULT',
  'ALL:@SECLEVEL=0',
  'TLS_AES_128_GCM_SHA256',
  'localhost',
  'P-256',
  'password',
  'x'.repeat(300),
];
const LENGTHS = [0, 1, 3, 16, 32, 33, 80, 255, 512, 20_000];

function bytes(): Uint8Array {
  const session = random.below(4) === 0 ? random.of(pools.get('SSL_SESSION') ?? []) : undefined;
  if (session instanceof capi.SSL_SESSION) {
    try {
      const der = capi.i2d_SSL_SESSION(session);
      if (der !== null) return der;
    } catch {
      // It has been freed.
    }
  }
  return new Uint8Array(random.of(LENGTHS)).fill(random.below(256));
}

function argument({ kind, or, valid }: Parameter): unknown {
  if (or !== undefined && random.below(5) === 0) return null;
  switch (kind) {
    case 'integer':
      return random.below(2) === 0 ? valid : random.of(INTEGERS);
    case 'string':
      return random.below(2) === 0 ? valid : random.of(STRINGS);
    case 'bytes':
      return random.below(3) === 0 ? valid : bytes();
    case 'out':
      return new Uint8Array(random.of(LENGTHS));
    case 'bio method':
      return capi.BIO_s_mem();
    case 'any':
      return valid;
    case 'callback':
      return callback;
    default:
      return random.of(pools.get(kind) ?? []);
  }
}

let depth = 0;
/** How deep into libssl this has come. */
const reached = { callbacks: 0, nested: 0, finished: 0, resumed: 0 };

function callback(...args: unknown[]): unknown {
  reached.callbacks++;
  for (const value of args) keep(value);
  if (depth < 3 && random.below(3) === 0) {
    depth++;
    reached.nested++;
    for (let i = random.below(3); i >= 0; i--) step();
    depth--;
  }
  if (random.below(20) === 0) globalThis.gc?.();
  // The ticket decrypt callback: OpenSSL 3.0 leaks the session when it says SSL_TICKET_RETURN_ABORT in TLS 1.3.
  if (args.length === 4) return 1 + random.below(4);
  if (random.below(25) === 0) throw new OnPurpose('on purpose');
  return answer();
}

function answer(): unknown {
  switch (random.below(8)) {
    case 0:
      return null;
    case 1:
      return 0;
    case 2:
      return 1;
    case 3:
      return random.below(6) - 1;
    case 4:
      return random.of(pools.get('SSL_SESSION') ?? []);
    case 5:
      return random.below(2) === 0 ? crypto.getRandomValues(new Uint8Array(32)) : bytes();
    case 6:
      return random.below(2) === 0
        ? {
            ret: random.below(4) - 1,
            name: new Uint8Array(16),
            aesKey: new Uint8Array(32),
            hmacKey: new Uint8Array(32),
          }
        : { session: random.of(pools.get('SSL_SESSION') ?? []), identity: bytes() };
    default:
      return undefined;
  }
}

const problems: string[] = [];
let calls = 0;

const NEITHER = new Set(['SSL_CTX_set_default_verify_paths', 'ERR_get_error_all']);
const FUNCTIONS = Object.entries(SIGNATURES).flatMap(([name, signature]) => {
  const run = functionNamed(name);
  return run === undefined || NEITHER.has(name) ? [] : [{ name, signature, run }];
});

function attempt(name: string, run: () => unknown): void {
  if (depth === 0) writeSync(journal, `seed ${seed}, call ${calls}: ${name}\n`.padEnd(200), 0);
  calls++;
  try {
    keep(run());
  } catch (error) {
    const typed = error instanceof Error && 'code' in error && typeof error.code === 'string';
    if (!typed) problems.push(`seed ${seed}, call ${calls}, ${name}: threw ${describe(error)}`);
  }
  if (capi.debug.errorQueueDepth() !== 0)
    problems.push(`seed ${seed}, call ${calls}, ${name}: left errors in the queue`);
}

function one({
  name,
  signature,
  run,
}: {
  name: string;
  signature: Signature;
  run: (...args: unknown[]) => unknown;
}): void {
  // Frees are as likely as all others, which would leave nothing alive.
  if (signature.frees && random.below(4) !== 0) return;
  const args = signature.parameters.map(argument);
  attempt(name, () => run(...args));
}

/** What the contexts' last connections left for their next ones. */
const tickets = new WeakMap<capi.SSL_CTX, capi.SSL_SESSION>();

/** Two connections, joined, some steps into their handshake. */
function connect(): void {
  attempt('a handshake', () => {
    const contexts = (pools.get('SSL_CTX') ?? []).filter((ctx) => ctx instanceof capi.SSL_CTX);
    const sctx = random.of(contexts);
    const cctx = random.below(2) === 0 ? sctx : random.of(contexts);
    const pair = createSslObjects(sctx, cctx);
    keep(pair.server);
    keep(pair.client);
    const session = random.below(2) === 0 ? tickets.get(sctx) : random.of(pools.get('SSL_SESSION') ?? []);
    if (random.below(4) !== 0 && session instanceof capi.SSL_SESSION) capi.SSL_set_session(pair.client, session);
    for (let turns = random.of([0, 1, 2, 3, 6, 6, 6, 6]); turns > 0; turns--) {
      capi.SSL_do_handshake(pair.client);
      capi.SSL_do_handshake(pair.server);
    }
    reached.finished += capi.SSL_is_init_finished(pair.server);
    reached.resumed += capi.SSL_session_reused(pair.server);
    capi.SSL_read(pair.client, new Uint8Array(10));
    const own = capi.SSL_get1_session(pair.client);
    if (own !== null) tickets.set(sctx, own);
    if (random.below(2) === 0) capi.SSL_shutdown(pair.client);
    if (random.below(2) === 0) capi.SSL_shutdown(pair.server);
    return random.below(2) === 0 ? own : capi.SSL_get1_session(pair.server);
  });
}

function step(): void {
  const choice = random.below(40);
  if (choice === 0 || choice === 2) connect();
  else if (choice === 1 && depth === 0) attempt('a world', refill);
  else one(random.of(FUNCTIONS));
}

/** A context that does handshakes until somebody breaks it. */
function useful(): void {
  const ctx = capi.SSL_CTX_new(capi.TLS_method());
  useCertificate(ctx);
  capi.SSL_CTX_set_session_id_context(ctx, Buffer.from('useful'));
  if (random.below(2) === 0) capi.SSL_CTX_set_options(ctx, capi.SSL_OP_NO_TICKET);
  if (random.below(2) === 0) capi.SSL_CTX_set_max_proto_version(ctx, capi.TLS1_2_VERSION);
  keep(ctx);
}

attempt('a world', refill);
attempt('a context', useful);
while (calls < count) {
  // Any call may deliver what a callback was to hear of a collected connection, and what that throws.
  if (random.below(50) === 0) attempt('a context', useful);
  step();
}

// And the library still works.
const pair = createSslCtxPair();
exchange(pair, exchange(pair).session);
console.log(
  JSON.stringify({
    counts: { calls, ...reached },
    problems: problems.slice(0, 40),
    more: Math.max(0, problems.length - 40),
  }),
);
