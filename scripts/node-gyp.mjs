// Runs node-gyp: `node scripts/node-gyp.mjs COMMAND...`
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What to spawn, so that node-gyp needs no network. */
export function nodeGyp(...args) {
  return { command: process.execPath, args: [nodeGypScript(), ...args], env: environment() };
}

function nodeGypScript() {
  // npm and pnpm name the one that they bring along; this repository has its own.
  const named = process.env.npm_config_node_gyp;
  if (named) return named;
  return fileURLToPath(new URL('../node_modules/node-gyp/bin/node-gyp.js', import.meta.url));
}

/**
 * node-gyp downloads Node's headers unless told where they are, and most Nodes have theirs beside them. The addon
 * includes none of them: it is the build settings that lie there (common.gypi) that node-gyp wants.
 */
function environment() {
  const prefix = dirname(dirname(process.execPath));
  const isThere = existsSync(join(prefix, 'include', 'node', 'common.gypi'));
  return isThere ? { npm_config_nodedir: prefix, ...process.env } : process.env;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { command, args, env } = nodeGyp(...process.argv.slice(2));
  process.exit(spawnSync(command, args, { env, stdio: 'inherit' }).status ?? 1);
}
