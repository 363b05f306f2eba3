#!/usr/bin/env node
import { run } from './run.ts';

// `sslctx cache list | head`: nobody reads any more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await run(process.argv.slice(2));
