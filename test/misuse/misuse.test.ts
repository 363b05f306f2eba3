// Every function of capi, with arguments that no program should pass: a typed error or a legal value, and never a crash,
// an error left behind, or another cache than before. Each share runs in a process of its own, one after the other.
import test from 'ava';
import * as capi from '../../src/capi/index.ts';
import { report } from './children.ts';
import { hostileValues } from './hostile.ts';
import { HANDLE_KINDS } from './signature.ts';
import { SIGNATURES } from './signatures.ts';

const SHARES = 8;
const SEED = 20_261_120;

const functions: string[] = [];
const classes: string[] = [];
for (const [name, value] of Object.entries(capi)) {
  if (typeof value === 'object')
    functions.push(
      ...Object.keys(value)
        .filter((key) => typeof Reflect.get(value, key) === 'function')
        .map((key) => `${name}.${key}`),
    );
  else if (typeof value === 'function') (String(value).startsWith('class') ? classes : functions).push(name);
}

test('every exported function has a row, and every row a function', (t) => {
  t.deepEqual(
    functions.filter((name) => !Object.hasOwn(SIGNATURES, name)),
    [],
    'add them to test/misuse/signatures.ts',
  );
  const missing = Object.keys(SIGNATURES).filter((name) => !functions.includes(name));
  // Exported, but not in this libssl.
  t.deepEqual(
    missing.filter((name) => !Object.hasOwn(capi, name)),
    [],
  );
  t.true(functions.length > 250);
});

test('every exported class is known here, and cannot be constructed or called', (t) => {
  t.deepEqual(classes.toSorted(), HANDLE_KINDS.toSorted());
  const { values } = hostileValues();
  for (const name of classes) {
    const type: unknown = Reflect.get(capi, name);
    if (typeof type !== 'function') return t.fail();
    for (const args of [[], [1], ...values.map(({ value }) => [value, 1])]) {
      t.throws(() => Reflect.construct(type, args), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
      t.throws(() => Reflect.construct(type, args, class extends Object {}), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
    }
    t.throws(() => Reflect.apply(type, undefined, []), { instanceOf: TypeError });
    t.throws(() => Reflect.apply(type, {}, [1]), { instanceOf: TypeError });
    const heir = Reflect.construct(Function, ['type', 'return class extends type {}'])(type);
    t.throws(() => Reflect.construct(heir, [1]), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  }
});

test('handles show no state of theirs', (t) => {
  const session = capi.SSL_SESSION_new();
  t.deepEqual(Reflect.ownKeys(session), []);
  t.is(JSON.stringify(session), '{}');
  t.deepEqual(Reflect.ownKeys(Object.getPrototypeOf(session)), ['constructor']);
});

for (let share = 0; share < SHARES; share++) {
  test.serial(`hostile arguments, share ${share + 1} of ${SHARES}`, async (t) => {
    const { calls = 0 } = await report(t, 'runner.ts', [share, SHARES, SEED]);
    t.true(calls > 10_000, `${calls} calls`);
  });
}
