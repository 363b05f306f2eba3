// Random programs against the model, a few fixed seeds of them; `npm run fuzz:model` does as many as there is time for.
import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { SLOWER } from '../helpers/limits.ts';
import { explain, perform, type Task } from './runner.ts';

const STEPS = 4000;

for (const seed of [1, 2, 3]) {
  test.serial(`${STEPS} operations of seed ${seed} do what the model says`, async (t) => {
    t.timeout(120_000 * SLOWER);
    const task: Task = { seed, steps: STEPS };
    const outcome = await perform(task);
    t.is(outcome.failure && explain(task, outcome), undefined);
    t.is(outcome.step, STEPS);
    const { reached } = outcome;
    for (const what of ['SSL_CTX_add_session', 'addSession', 'remove callbacks', 'event evicted', 'inside']) {
      t.true((reached[what] ?? 0) > 10, `${what}: ${reached[what]}`);
    }
  });
}

const kept = new URL('programs/', import.meta.url);
for (const name of readdirSync(kept)) {
  test.serial(`kept program ${name}`, async (t) => {
    const task: Task = { ops: JSON.parse(readFileSync(new URL(name, kept), 'utf8')) };
    const outcome = await perform(task);
    t.is(outcome.failure && explain(task, outcome), undefined);
  });
}
