// Compiles the C programs against the libssl that pkg-config names: the one that the addon is linked with. And the
// programs in TypeScript, as the published package is: what loads TypeScript into Node 20 gives each function its name by
// a call of its own, which would cost a connection several microseconds.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const client = ['client', 'common'];

const programs = {
  load: ['load', ...client],
  bulk: ['bulk', ...client],
  echo: ['echo', ...client],
  idle: ['idle', ...client],
  server: ['server', 'connection', 'sessions', 'common'],
  restart: ['restart', 'sessions', 'common'],
  cache: ['cache', 'imports', 'sessions', 'common'],
} as const;

/** The C programs, by the name of their main file. */
export type CProgram = keyof typeof programs;

const programNames = ['load', 'bulk', 'echo', 'idle', 'server', 'restart', 'cache'] as const satisfies CProgram[];

/** Where {@link buildPrograms} puts a program. */
export function programPath(program: CProgram): string {
  return join(folder, 'build', program);
}

/** Where {@link buildPrograms} puts what it has made of a TypeScript file of this folder. */
export function scriptPath(file: string): string {
  return join(folder, 'build', 'js', 'bench', file.replace(/\.ts$/, '.js'));
}

/** Compiles all of them, those in TypeScript too; takes some seconds. */
export function buildPrograms(): void {
  buildC(programNames);
  buildScripts();
}

/** Compiles those in TypeScript. */
export function buildScripts(): void {
  const tsc = join(folder, '..', 'node_modules', '.bin', 'tsc');
  execFileSync(tsc, ['-p', folder], { stdio: 'inherit' });
}

/** Compiles programs in C. */
export function buildC(names: readonly CProgram[]): void {
  const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
  const pkgConfig = (what: string): string[] =>
    words(execFileSync(process.env.PKG_CONFIG || 'pkg-config', [what, 'libssl', 'libcrypto'], { encoding: 'utf8' }));
  const flags = ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', ...pkgConfig('--cflags')];
  // A libssl in a folder of its own is found when running, too.
  const libraries = pkgConfig('--libs').flatMap((flag) =>
    flag.startsWith('-L') ? [flag, `-Wl,-rpath,${flag.slice(2)}`] : [flag],
  );
  const [compiler = 'cc', ...compilerArguments] = words(process.env.CC ?? '');
  mkdirSync(join(folder, 'build'), { recursive: true });
  for (const program of names) {
    const files = programs[program].map((source) => join(folder, 'c', `${source}.c`));
    const output = join(folder, 'build', program);
    execFileSync(compiler, [...compilerArguments, ...flags, '-o', output, ...files, ...libraries], {
      stdio: 'inherit',
    });
  }
}
