// ava with ThreadSanitizer: see scripts/threads-node.mjs.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import common from './ava.config.js';

const runtime = execFileSync('gcc', ['-print-file-name=libtsan.so'], { encoding: 'utf8' }).trim();
const preload = fileURLToPath(new URL('scripts/asan/preload.cjs', import.meta.url));
const suppressions = process.env.SSLCTX_TSAN_SUPPRESSIONS;

export default {
  ...common,
  files: [
    'test/threads/**/*.test.ts',
    // Those that start workers.
    ...['H05', 'H14', 'H15', 'H17', 'sockets'].map((name) => `test/hazards/${name}.test.ts`),
  ],
  environmentVariables: {
    LD_PRELOAD: runtime,
    TSAN_OPTIONS: `suppressions=${suppressions} report_signal_unsafe=0`,
    NODE_OPTIONS: `--conditions=sanitize-threads --require=${preload}`,
  },
  timeout: '10m',
};
