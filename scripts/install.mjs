// npm's install script: looks for what the build needs, says in one message what is missing, and builds the addon.
import { spawnSync } from 'node:child_process';
import { nodeGyp } from './node-gyp.mjs';
import { explain, missing } from './requirements.mjs';

if (process.platform === 'win32') {
  // npm refuses by the "os" of package.json, but not with --force.
  console.error(
    '\nsslctx does not run on Windows: it uses the libssl of the system, which Windows does not have. Use WSL.\n',
  );
  process.exit(1);
}
const absent = missing(['build']);
if (absent.length > 0) {
  console.error(`\n${explain(absent)}\n`);
  process.exit(1);
}
const { command, args, env } = nodeGyp('rebuild', '--jobs', 'max');
process.exit(spawnSync(command, args, { env, stdio: 'inherit' }).status ?? 1);
