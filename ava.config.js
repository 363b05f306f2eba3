import { needsTsx } from './scripts/typescript.mjs';

export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  nodeArguments: ['--expose-gc', ...(needsTsx ? ['--import=tsx'] : [])],
  // A process for each file: a crash in native code ends one file, not the run.
  workerThreads: false,
  timeout: '2m',
};
