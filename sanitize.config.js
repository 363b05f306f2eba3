// The suite with AddressSanitizer, LeakSanitizer and UBSan: `npm run test:sanitize`.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import common from './ava.config.js';

const folder = fileURLToPath(new URL('scripts/asan/', import.meta.url));
const runtime = execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();

export default {
  ...common,
  // These are about the addon that users get, how it is loaded, and the headers of the system's OpenSSL.
  files: [...common.files, '!test/package/**', '!test/coverage/**'],
  // Freed memory is kept for a while, so how far a process grows is no measure here; and process.exit leaves V8's heap.
  match: ['*', '!*stays in bounds*', '!*a process that ends without closing it'],
  environmentVariables: {
    LD_PRELOAD: runtime,
    // Leaks are found at the end of each Node process, which then exits with an error.
    ASAN_OPTIONS: 'detect_leaks=1:strict_string_checks=1',
    LSAN_OPTIONS: `suppressions=${folder}v8.supp:print_suppressions=0`,
    UBSAN_OPTIONS: 'print_stacktrace=1',
    // "sanitize" picks the other addon, in the processes that tests start as well: see "imports" in package.json.
    NODE_OPTIONS: `--conditions=sanitize --require=${folder}preload.cjs`,
  },
  timeout: '10m',
};
