// Runs in a child process: calls each function of one share with hostile values in every position, and alone knows what
// it does when it crashes. Arguments: share, number of shares, seed, file for the last call.
import { openSync, writeSync } from 'node:fs';
import * as capi from '../../src/capi/index.ts';
import { createSslCtxPair, exchange } from '../helpers/pair.ts';
import { Random } from '../helpers/random.ts';
import { dependsOnState, functionNamed, mustRefuse, wrongError, wrongResult } from './check.ts';
import { type Hostile, type HostileValues, hostileValues } from './hostile.ts';
import type { Signature } from './signature.ts';
import { SIGNATURES } from './signatures.ts';
import { STATES, type State, World } from './world.ts';

const [share = 0, shares = 1, seed = 1] = process.argv.slice(2, 5).map(Number);
const journal = openSync(process.argv[5] ?? '', 'w');

const problems: string[] = [];
let calls = 0;

/** One function in one state, with a world that is made anew when a call may have changed it. */
class Subject {
  readonly name: string;
  readonly signature: Signature;
  readonly #run: (...args: unknown[]) => unknown;
  readonly #state: State;
  #world: World;
  #hostile: HostileValues;

  constructor(name: string, signature: Signature, run: (...args: unknown[]) => unknown, state: State) {
    this.name = name;
    this.signature = signature;
    this.#run = run;
    this.#state = state;
    this.#world = new World(state);
    this.#hostile = hostileValues();
  }

  get hostile(): HostileValues {
    return this.#hostile;
  }

  valid(): Hostile[] {
    return this.signature.parameters.map((parameter) => ({ name: 'valid', value: this.#world.valid(parameter) }));
  }

  /** Calls once and notes whatever is not as it should be. */
  call(args: readonly Hostile[]): void {
    const text = `${this.name}(${args.map(({ name }) => name).join(', ')}) [${this.#state}]`;
    // Where the process dies, this line survives it.
    writeSync(journal, `${text}\n`.padEnd(1000), 0);
    calls++;
    const before = capi.SSL_CTX_sessions(this.#world.ctx);
    capi.ERR_clear_error();
    const { returned, problem } = this.#outcome(args);
    if (problem !== undefined) problems.push(`${text}: ${problem}`);
    if (!returned && capi.ERR_peek_error() !== 0) problems.push(`${text}: threw, and queued an OpenSSL error as well`);
    if (!returned || !this.signature.changesCache) this.#checkCache(text, before);
    if (capi.debug.errorQueueDepth() !== 0) problems.push(`${text}: errors were left in OpenSSL's own queue`);
    if (returned && this.signature.changesCache) this.#world = new World(this.#state);
    if (returned && this.signature.frees) this.#hostile = hostileValues();
  }

  #outcome(args: readonly Hostile[]): { returned: boolean; problem: string | undefined } {
    const genuine = new Set([...this.#hostile.genuine, ...Object.values(this.#world.handles)]);
    const handles = { genuine, freed: this.#hostile.freed };
    const refusals = this.signature.parameters
      .map((parameter, index) => mustRefuse(parameter, args[index]?.value, handles))
      .filter((code) => code !== undefined);
    try {
      const result = this.#run(...args.map(({ value }) => value));
      const problem =
        refusals.length > 0
          ? `took what must throw ${refusals.join(' or ')}`
          : wrongResult(result, this.signature.result);
      return { returned: true, problem };
    } catch (error) {
      if (refusals.length === 0) return { returned: false, problem: wrongError(error, undefined) };
      // With several wrong arguments, any of them may be the one that is named.
      const wrong = refusals.map((code) => wrongError(error, code));
      return { returned: false, problem: wrong.includes(undefined) ? undefined : wrong[0] };
    }
  }

  #checkCache(text: string, before: readonly capi.SSL_SESSION[]): void {
    const after = capi.SSL_CTX_sessions(this.#world.ctx);
    const same = after.length === before.length && after.every((session, index) => session === before[index]);
    if (!same || capi.SSL_CTX_sess_number(this.#world.ctx) !== before.length)
      problems.push(`${text}: the cache has changed`);
  }
}

function everyPosition(subject: Subject): void {
  for (let position = 0; position < subject.signature.parameters.length; position++) {
    for (let index = 0; index < subject.hostile.values.length; index++) {
      const value = subject.hostile.values[index];
      if (value !== undefined) subject.call(subject.valid().with(position, value));
    }
  }
}

function numbersOfArguments(subject: Subject): void {
  const valid = subject.valid();
  for (let count = 0; count < valid.length; count++) subject.call(subject.valid().slice(0, count));
  subject.call([...subject.valid(), { name: 'one more', value: {} }, { name: 'and another', value: null }]);
}

function combinations(subject: Subject, random: Random, count: number): void {
  if (subject.signature.parameters.length < 2) return;
  for (let i = 0; i < count; i++) {
    subject.call(subject.valid().map((valid) => (random.below(3) === 0 ? valid : random.of(subject.hostile.values))));
  }
}

const names = Object.keys(SIGNATURES).sort();
for (const [index, name] of names.entries()) {
  const signature = SIGNATURES[name];
  const run = functionNamed(name);
  if (index % shares !== share || signature === undefined || run === undefined) continue;
  const random = new Random(seed + index);
  for (const state of dependsOnState(signature) ? STATES : STATES.slice(0, 1)) {
    const subject = new Subject(name, signature, run, state);
    subject.call(subject.valid());
    everyPosition(subject);
    numbersOfArguments(subject);
    combinations(subject, random, 60);
  }
}

// And the library still works.
const pair = createSslCtxPair();
exchange(pair, exchange(pair).session);
console.log(
  JSON.stringify({ counts: { calls }, problems: problems.slice(0, 40), more: Math.max(0, problems.length - 40) }),
);
