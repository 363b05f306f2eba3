// clang-format over all C and C++ files: checks, or rewrites with --write.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const found = ['native', 'test']
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
  .filter((path) => /\.(c|cc|h)$/.test(path) && !path.startsWith(join('native', 'build')))
  .sort();
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '-Werror'];
const result = spawnSync('clang-format-19', [...mode, ...found], { stdio: 'inherit' });
if (result.error)
  console.error(`clang-format-19: ${result.error.message}; install it with: node scripts/setup.mjs lint`);
process.exit(result.status ?? 1);
