// docs/coverage.md: every session function of the installed headers is in sslctx/capi, or there is a reason.
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execute } from '../helpers/process.ts';

test('no function of the headers is forgotten, and the page is not stale', async (t) => {
  const args = ['scripts/run.mjs', 'scripts/coverage.mjs', '--check'];
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { code, stdout, stderr } = await execute(process.execPath, args, { cwd });
  t.is(code, 0, stderr);
  t.regex(stdout, /^\d+ functions, \d+ in capi$/m);
});
