// The Nodes that are supported: where to get them, and the tests run with one of them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

export const supportedNodes = ['20', '22', '24', '26'];

export const npm = (cwd, ...args) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const programOf = (project, line) => join(project, 'node_modules', `node${line}`, 'bin', 'node');

/**
 * Puts the Nodes' own binaries, as npm has them, into a project's node_modules. Returns their paths by line. Those that are
 * there already stay as they are.
 */
export function installNodes(project, lines) {
  if (!lines.every((line) => existsSync(programOf(project, line)))) {
    const platform = `node-${process.platform}-${process.arch}`;
    const aliases = lines.map((line) => `node${line}@npm:${platform}@^${line}`);
    npm(project, 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', ...aliases);
  }
  return new Map(lines.map((line) => [line, programOf(project, line)]));
}

/**
 * Runs the tests, shows what they print, and counts ava's marks, which begin a line when there are no colours.
 * @param {string} node the program
 * @param {{ cwd: string, args: string[], env?: NodeJS.ProcessEnv, print?: (line: string) => void }} options
 */
export async function runSuite(node, { cwd, args, env = process.env, print = console.log }) {
  const ava = join(cwd, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
  // Tests start programs that are scripts of Node, which must run with this Node too.
  const environment = { ...env, NO_COLOR: '1', PATH: `${dirname(node)}:${env.PATH}` };
  const begin = Date.now();
  const child = spawn(node, [ava, ...args], { cwd, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const passed = [];
  const failed = [];
  for await (const text of createInterface({ input: child.stdout })) {
    print(text);
    const [, mark, title] = /^ *([✔✘]) (?:\[fail\]: )?(.*)/.exec(text) ?? [];
    if (mark === '✔') passed.push(title);
    if (mark === '✘') failed.push(title);
  }
  const [status, signal] = await closed;
  const minutes = (Date.now() - begin) / 60_000;
  // A file that crashed has no mark of its own: the status counts, too.
  const ok = status === 0 && passed.length > 0 && failed.length === 0;
  return { ok, passed: passed.length, failed, end: signal ?? `status ${status}`, minutes };
}
