// npm run bench -- --help
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPrograms } from './build.ts';
import { makeCertificates } from './certificates.ts';
import { stopAll } from './harness/program.ts';
import type { Effort } from './harness/rows.ts';
import { type Options, readOptions, usage } from './options.ts';
import { verdicts } from './report/goals.ts';
import { describeMachine } from './report/machine.ts';
import { reportMarkdown } from './report/markdown.ts';
import { Results } from './report/results.ts';

const resultsFolder = fileURLToPath(new URL('results', import.meta.url));

async function measure(options: Options, effort: Effort): Promise<Results> {
  const results = new Results();
  for (const group of options.groups) {
    const start = performance.now();
    console.error(`bench: ${group.title.toLowerCase()}`);
    try {
      results.add(group, await group.run(effort));
    } catch (error) {
      // The other groups need not be lost.
      console.error(error);
      results.add(group, [], error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
      await stopAll();
    }
    console.error(`bench:   ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  return results;
}

function write(effort: Effort, results: Results, json: string | undefined): void {
  const machine = describeMachine(effort);
  const goals = verdicts(results);
  const markdown = reportMarkdown(machine, results, goals);
  const data = `${JSON.stringify({ machine, goals, groups: results }, undefined, 2)}\n`;
  console.log(markdown);
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(join(resultsFolder, 'latest.md'), markdown);
  writeFileSync(join(resultsFolder, 'latest.json'), data);
  if (json !== undefined) writeFileSync(json, data);
}

async function main(options: Options): Promise<void> {
  if (process.platform !== 'linux') throw new Error('the programs in C use epoll and /proc: Linux only');
  buildPrograms();
  const folder = mkdtempSync(join(tmpdir(), 'sslctx-bench-'));
  // However it ends: there are private keys.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const effort: Effort = { ...options, certificates: makeCertificates(folder) };
  write(effort, await measure(options, effort), options.json);
}

process.once('SIGINT', () => void stopAll().then(() => process.exit(130)));
try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(usage);
  else await main(options);
} catch (error) {
  console.error(error instanceof RangeError ? `${error.message}\n\n${usage}` : error);
  process.exitCode = 1;
}
