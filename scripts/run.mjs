// Runs a TypeScript program of this repository: `node scripts/run.mjs FILE [ARGUMENT...]`
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { needsTsx } from './typescript.mjs';

if (needsTsx) (await import('tsx/esm/api')).register();
// The program sees the arguments that it would see had it been run itself.
process.argv.splice(1, 1);
await import(pathToFileURL(resolve(process.argv[1])).href);
