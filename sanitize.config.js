// The suite with AddressSanitizer, LeakSanitizer and UBSan: `npm run test:sanitize`.
import { execFileSync } from 'node:child_process';
import common from './ava.config.js';

const runtime = execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();

export default {
  ...common,
  // These are about the addon that users get, and about how it is loaded.
  files: [...common.files, '!test/package/**'],
  environmentVariables: {
    LD_PRELOAD: runtime,
    // Leaks are found at the end of each test file's process, which then exits with an error.
    ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:strict_string_checks=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  },
  // "sanitize" picks the other addon: see "imports" in package.json.
  nodeArguments: [...common.nodeArguments, '--conditions=sanitize'],
  timeout: '10m',
};
