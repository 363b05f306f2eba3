// H12: numbers that libssl takes without a word, cuts off, or takes too literally.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { sameObjects } from '../helpers/same.ts';
import { makeSession } from '../helpers/session.ts';
import { codeOf } from './contexts.ts';
import { unguarded } from './unguarded.ts';

const ctx = capi.SSL_CTX_new(capi.TLS_method());
const ssl = capi.SSL_new(ctx);

interface Limit {
  name: string;
  call: (value: number) => unknown;
  good: readonly number[];
  bad: readonly number[];
}

const NEVER = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0.5,
  -1,
  -(2 ** 31),
  -(2 ** 63),
  2 ** 53,
  2 ** 63,
  2 ** 64,
];

const LIMITS: readonly Limit[] = [
  {
    name: 'SSL_CTX_set_session_cache_mode',
    call: (value) => capi.SSL_CTX_set_session_cache_mode(ctx, value),
    good: [0, 1, 2, 3, 0x80, 0x100, 0x200, 0x300, 0x400, 0x783],
    bad: [4, 0x40, 0x784, 0x800, 0x1000, 2 ** 31, 2 ** 32, 2 ** 32 + 2],
  },
  {
    name: 'SSL_CTX_sess_set_cache_size',
    call: (value) => capi.SSL_CTX_sess_set_cache_size(ctx, value),
    good: [0, 1, 20480, 2 ** 31 - 1],
    bad: [],
  },
  {
    name: 'SSL_CTX_set_timeout',
    call: (value) => capi.SSL_CTX_set_timeout(ctx, value),
    good: [0, 1, 7200, 2 ** 31 - 1],
    bad: [2 ** 31, 2 ** 32, 18446744074],
  },
  {
    name: 'SSL_SESSION_set_timeout',
    call: (value) => capi.SSL_SESSION_set_timeout(makeSession({ id: 1 }), value),
    good: [0, 1, 7200, 2 ** 31 - 1],
    bad: [2 ** 31, 2 ** 32, 18446744074],
  },
  {
    name: 'SSL_SESSION_set_time',
    call: (value) => capi.SSL_SESSION_set_time(makeSession({ id: 1 }), value),
    good: [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 34 - 1],
    bad: [2 ** 34, 18446744073, 18446744074],
  },
  {
    name: 'SSL_CTX_flush_sessions',
    call: (value) => capi.SSL_CTX_flush_sessions(ctx, value),
    good: [0, 1, 2 ** 31, 2 ** 34 - 1],
    bad: [2 ** 34],
  },
  {
    name: 'SSL_CTX_set_num_tickets',
    call: (value) => capi.SSL_CTX_set_num_tickets(ctx, value),
    good: [0, 1, 2, 32],
    bad: [33, 20000, 2 ** 32],
  },
  {
    name: 'SSL_set_num_tickets',
    call: (value) => capi.SSL_set_num_tickets(ssl, value),
    good: [0, 1, 2, 32],
    bad: [33, 20000, 2 ** 32],
  },
  {
    name: 'SSL_CTX_set_max_early_data',
    call: (value) => capi.SSL_CTX_set_max_early_data(ctx, value),
    good: [0, 1, 2 ** 32 - 1],
    bad: [2 ** 32],
  },
  {
    name: 'SSL_SESSION_set_max_early_data',
    call: (value) => capi.SSL_SESSION_set_max_early_data(makeSession({ id: 1 }), value),
    good: [0, 1, 2 ** 32 - 1],
    bad: [2 ** 32],
  },
];

for (const { name, call, good, bad } of LIMITS) {
  test(`${name}: what is in range goes through, everything else is refused before libssl sees it`, (t) => {
    for (const value of good) t.notThrows(() => call(value), `${value}`);
    for (const value of [...NEVER, ...bad]) {
      t.throws(() => call(value), { code: 'ERR_OUT_OF_RANGE', instanceOf: RangeError }, `${value}`);
    }
  });
}

interface Length {
  name: string;
  call: (bytes: Uint8Array) => unknown;
  max: number;
}

const LENGTHS: readonly Length[] = [
  { name: 'SSL_SESSION_set1_id', call: (bytes) => capi.SSL_SESSION_set1_id(makeSession({ id: 1 }), bytes), max: 32 },
  {
    name: 'SSL_SESSION_set1_id_context',
    call: (bytes) => capi.SSL_SESSION_set1_id_context(makeSession({ id: 1 }), bytes),
    max: 32,
  },
  { name: 'SSL_CTX_set_session_id_context', call: (bytes) => capi.SSL_CTX_set_session_id_context(ctx, bytes), max: 32 },
  { name: 'SSL_set_session_id_context', call: (bytes) => capi.SSL_set_session_id_context(ssl, bytes), max: 32 },
  {
    name: 'SSL_SESSION_set1_master_key',
    call: (bytes) => capi.SSL_SESSION_set1_master_key(makeSession({ id: 1 }), bytes),
    max: 512,
  },
];

for (const { name, call, max } of LENGTHS) {
  test(`${name}: at most ${max} bytes`, (t) => {
    for (const length of [0, 1, max]) t.is(call(new Uint8Array(length)), 1, `${length}`);
    for (const length of [max + 1, 256 + max, 65536 + max, 1 << 20]) {
      t.throws(() => call(new Uint8Array(length)), { code: 'ERR_OUT_OF_RANGE' }, `${length}`);
    }
  });
}

test('SSL_CTX_set_tlsext_ticket_keys: 80 bytes, no more and no less', (t) => {
  t.is(capi.SSL_CTX_set_tlsext_ticket_keys(ctx, new Uint8Array(80)), 1);
  for (const length of [0, 48, 79, 81, 1 << 20]) {
    t.is(
      codeOf(() => capi.SSL_CTX_set_tlsext_ticket_keys(ctx, new Uint8Array(length))),
      'ERR_OUT_OF_RANGE',
    );
  }
});

test('times after 2038 are exact, and sort', (t) => {
  const own = capi.SSL_CTX_new(capi.TLS_method());
  const times = [2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 2 ** 34 - 1];
  const sessions = times.map((time, id) => makeSession({ id, time, timeout: 2 ** 31 - 1 }));
  for (const session of sessions) t.is(capi.SSL_CTX_add_session(own, session), 1);
  t.deepEqual(
    sessions.map((session) => capi.SSL_SESSION_get_time(session)),
    times,
  );
  sameObjects(t, capi.SSL_CTX_sessions(own), sessions.toReversed());
  capi.SSL_CTX_flush_sessions(own, 2 ** 31 + 2 ** 31);
  t.is(capi.SSL_CTX_sess_number(own), 2);
});

test('without the guard: cut off, ignored, or half a megabyte of tickets', async (t) => {
  const { facts } = await unguarded('h12_ranges');
  t.is(facts.mode, 2, '0x100000002 became 2');
  t.is(facts.negativeSize, 0, 'looks like the size before');
  t.is(facts.size, 100, 'and changed nothing');
  t.is(facts.time, capi.OpenSSL_version_num() < 0x30200000 ? -1 : facts.time);
  t.true((facts.ticketBytes ?? 0) > 400_000, '2000 tickets in one go');
});
