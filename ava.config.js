export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  // Node 20, and 22 before 22.18, cannot read TypeScript by themselves.
  nodeArguments: ['--expose-gc', ...(process.features.typescript ? [] : ['--import=tsx'])],
  // A process for each file: a crash in native code ends one file, not the run.
  workerThreads: false,
  timeout: '2m',
};
