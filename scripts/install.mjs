// npm's install script: looks for what the build needs, says in one message what is missing, and builds the addon.
import { spawnSync } from 'node:child_process';
import { nodeGyp } from './node-gyp.mjs';
import { explain, missing } from './requirements.mjs';

const absent = missing(['build']);
if (absent.length > 0) {
  console.error(`\n${explain(absent)}\n`);
  process.exit(1);
}
const { command, args, env } = nodeGyp('rebuild', '--jobs', 'max');
process.exit(spawnSync(command, args, { env, stdio: 'inherit' }).status ?? 1);
