// Builds dist/: what tsc makes of src/, and for each entry of the package a CommonJS file that hands on the ES module.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

// A file whose source was deleted would stay in the package.
rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'src'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
for (const { require: commonJs, default: module } of Object.values(exports)) {
  if (commonJs === undefined) continue;
  const from = JSON.stringify(`./${basename(module)}`);
  // One copy of the code: Node 20.19 and newer can require ES modules.
  writeFileSync(join(root, commonJs.default), `module.exports = require(${from});\n`);
  // TypeScript's node16 and node18 do not know that Node can.
  writeFileSync(join(root, commonJs.types), `// @ts-ignore\nexport * from ${from};\n`);
}
