// One source, two programs: as it is, and with the names of its imports replaced.
import { spawn } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { atExit, TemporaryFiles } from '../../src/testing/cleanup.ts';
import { type Certificate, makeCertificate } from '../../src/testing/index.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

function source(name: string): string {
  return new URL(`../../src/${name}`, import.meta.url).href;
}

/** What an app changes to move over. */
export const swaps: ReadonlyArray<readonly [string, string]> = [
  [`from 'node:https'`, `from '${source('http/https.ts')}'`],
  [`from 'node:http2'`, `from '${source('http/http2.ts')}'`],
  [`from 'node:tls'`, `from '${source('http/tls.ts')}'`],
  [
    `import { Agent, buildConnector, fetch, Pool, request } from 'undici'`,
    `import { Agent, fetch, Pool, request } from 'undici';\nimport { connector as buildConnector } from '${source('index.ts')}'`,
  ],
];

/** The fixture of this name, in a file of its own beside which its packages are found. */
export function program(t: ExecutionContext, name: string, isSwapped: boolean): string {
  const files = new TemporaryFiles();
  t.teardown(() => files.remove());
  symlinkSync(`${project}node_modules`, files.path('node_modules'));
  const original = readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
  const swapped = swaps.reduce((text, [from, to]) => text.replace(from, to), original);
  if (swapped === original) throw new Error(`${name} has no import to replace`);
  return files.write(name, isSwapped ? swapped : original);
}

export interface Running {
  /** The first line that it prints. */
  readonly greeting: string;
  /** All lines and the exit status, when it has ended. */
  readonly ended: Promise<{ lines: string[]; code: number | null }>;
}

/** Starts a program, which ends with the test at the latest. */
export async function run(t: ExecutionContext, file: string, ...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [...process.execArgv, file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const forget = atExit(() => child.kill('SIGKILL'));
  t.teardown(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  const ended = new Promise<{ lines: string[]; code: number | null }>((resolve) => {
    child.on('close', (code) => {
      forget();
      resolve({ lines, code });
    });
  });
  const greeting = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      resolve(line);
    });
    child.on('error', reject);
    void ended.then(({ code }) => reject(new Error(`${file} ended with ${code} and said nothing`)));
  });
  return { greeting, ended };
}

/** The certificates of the fixtures, in a folder that the test removes. */
export function certificates(t: ExecutionContext): { folder: string; ca: Certificate } {
  const files = new TemporaryFiles();
  t.teardown(() => files.remove());
  const ca = makeCertificate({ commonName: 'company', isCa: true });
  const write = (name: string, { cert, key }: Certificate): string => files.write(`${name}.pem`, `${cert}${key}`);
  files.write('ca.pem', ca.cert);
  write('server', makeCertificate({ commonName: 'server', issuer: ca }));
  write('renewed', makeCertificate({ commonName: 'renewed', issuer: ca }));
  write('shop', makeCertificate({ commonName: 'shop', altNames: ['shop.test'], issuer: ca }));
  write('client', makeCertificate({ commonName: 'alice', client: true, issuer: ca }));
  write('stranger', makeCertificate({ commonName: 'mallory', client: true }));
  return { folder: files.path('.'), ca };
}
