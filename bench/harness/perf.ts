// What a process spends its time on, as perf(1) samples it.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Where time can go. */
export const parts = [
  'kernel',
  'libssl, libcrypto',
  'C library',
  'addon or node:: in C++',
  'V8 and JavaScript',
  'libuv',
  'other',
] as const;

export type Part = (typeof parts)[number];

/** One function, and its share of all samples. */
export interface Sample {
  readonly part: Part;
  readonly name: string;
  readonly share: number;
}

/** Throws what to do when perf cannot be used. */
export function requirePerf(): void {
  const { status, error } = spawnSync('perf', ['--version']);
  if (error !== undefined || status !== 0) {
    throw new Error('perf is needed: Debian has it as linux-perf, Fedora, Alpine and Arch as perf');
  }
  const level = Number(readFileSync('/proc/sys/kernel/perf_event_paranoid', 'utf8'));
  if (level > 1 && process.getuid?.() !== 0) {
    throw new Error(
      `perf may not look into the kernel: kernel.perf_event_paranoid is ${level}; set it to 1, or be root`,
    );
  }
}

/** Records a process for as long as `command` runs. No hardware counters: virtual machines have none. */
export function recordCommand(pid: number, file: string, command: readonly string[]): readonly string[] {
  const settings = ['-q', '-e', 'cpu-clock', '-F', '4999'];
  return ['perf', 'record', ...settings, '-p', String(pid), '-o', file, '--', ...command];
}

/** The functions of a recording, the greatest share first. Those of a file of which perf knows no names are one. */
export function readSamples(file: string): Sample[] {
  const settings = ['--stdio', '-F', 'overhead,dso,symbol', '-t', '|', '--percent-limit', '0'];
  const text = execFileSync('perf', ['report', '-i', file, ...settings], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 26,
  });
  const samples = new Map<string, Sample>();
  for (const line of text.split('\n')) {
    const [percent = '', object = '', symbol = ''] = line.split('|').map((field) => field.trim());
    if (line.startsWith('#') || !percent.endsWith('%')) continue;
    const found = symbol.replace(/^\[.\]\s*/, '');
    const name = /^0x/.test(found) ? `all of ${object.replace(/ tid .*/, '')}` : found;
    const share = Number.parseFloat(percent) / 100 + (samples.get(name)?.share ?? 0);
    samples.set(name, { part: partOf(object, found), name, share });
  }
  return [...samples.values()].sort((left, right) => right.share - left.share);
}

/** By the file that the function is in; `node` contains half of them, OpenSSL among them. */
function partOf(object: string, name: string): Part {
  if (object.startsWith('[kernel') || object === '[vdso]' || object.endsWith('.ko')) return 'kernel';
  if (/^lib(ssl|crypto)\b/.test(object)) return 'libssl, libcrypto';
  if (/^(libc|libm|ld-linux|libpthread|ld-musl)\b/.test(object)) return 'C library';
  if (object.startsWith('sslctx') || /^lib(stdc\+\+|gcc_s|c\+\+)/.test(object)) return 'addon or node:: in C++';
  if (/^libnode|^node$/.test(object)) return partOfNode(name);
  if (object.startsWith('libuv')) return 'libuv';
  if (object.startsWith('[JIT]') || /^perf-\d+\.map$/.test(object) || object.startsWith('//anon')) {
    return 'V8 and JavaScript';
  }
  return 'other';
}

function partOfNode(name: string): Part {
  if (/^uv_/.test(name)) return 'libuv';
  if (/\bnode::/.test(name)) return 'addon or node:: in C++';
  // Node-API belongs to the way into JavaScript, wherever it comes from; C++ that is not Node's is V8's.
  if (/^(Builtins_|napi_|v8impl|_?Z)|::|^0x|^operator |^std/.test(name)) return 'V8 and JavaScript';
  // C, and the assembler of OpenSSL: of what Node contains, nothing else works for a TLS server.
  return 'libssl, libcrypto';
}
