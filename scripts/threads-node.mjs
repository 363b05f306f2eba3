// `npm run test:threads:tsan [-- FILE...]`: the tests that have threads, in Node, with the addon under ThreadSanitizer.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, root, run } from './threads-build.mjs';

const folder = build('thread', 'sslctx');
const runtime = execFileSync('gcc', ['-print-file-name=libtsan.so'], { encoding: 'utf8' }).trim();
const suppressions = join(mkdtempSync(join(tmpdir(), 'sslctx-tsan-')), 'all.supp');
const parts = ['node.supp', 'libssl.supp'].map((name) => readFileSync(join(root, 'scripts', 'tsan', name), 'utf8'));
writeFileSync(suppressions, parts.join('\n'));

// Which libssl this is about: the one inside of the addon, and no other.
const addon = join(folder, 'Release', 'sslctx.node');
const ask = `const m = { exports: {} }; process.dlopen(m, ${JSON.stringify(addon)}, 2);
const { version, libssl, libcrypto } = m.exports.openssl;
console.log(version, 'in', libssl);
process.exit(libssl === ${JSON.stringify(addon)} && libcrypto === libssl ? 0 : 1);`;
run(process.execPath, ['-e', ask], {
  ...process.env,
  LD_PRELOAD: runtime,
  TSAN_OPTIONS: `suppressions=${suppressions}`,
});

run('npx', ['ava', '--config', 'tsan.config.js', ...process.argv.slice(2)], {
  ...process.env,
  SSLCTX_TSAN_SUPPRESSIONS: suppressions,
});
