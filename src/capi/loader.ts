// Finds the addon, loads it so that it runs the system's libssl, and has it verify that it does.
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { notBuilt, otherOpenssl, unsupportedRuntime } from './errors.ts';
import { factories } from './handles.ts';
import type { Native } from './native.ts';

const file = fileURLToPath(import.meta.resolve('#addon'));

/**
 * The node executable exports the symbols of its own OpenSSL, and the dynamic linker would take those first.
 * RTLD_DEEPBIND lets the addon's own libraries come first. Where it does not exist (macOS, whose symbols know their
 * library; musl) this is 0, and the addon's own check decides. The builds below native/build are linked with OpenSSL
 * inside for the sanitizers, which refuse RTLD_DEEPBIND.
 */
function flags(): number {
  const { RTLD_NOW, RTLD_DEEPBIND = 0 }: { RTLD_NOW?: number; RTLD_DEEPBIND?: number } = constants.dlopen;
  const now = RTLD_NOW ?? 2;
  // libssl keeps the addresses of our callbacks: the addon must never be unloaded. Linux has it linked so.
  if (process.platform === 'darwin') return now | 0x80;
  return /[\\/]native[\\/]build[\\/]/.test(file) ? now : now | RTLD_DEEPBIND;
}

/**
 * How arguments and results of the shortest calls travel: Node-API takes longer to convert two numbers than libssl does to
 * look up a session. Shared memory, which nobody can detach.
 */
export const registers: Float64Array = new Float64Array(new SharedArrayBuffer(64));

/** How glibc, musl and macOS say that libssl or libcrypto is gone, or older than the headers of the build were. */
const libraryIsAnother = [
  /version [`']?OPENSSL_\d/,
  /lib(?:ssl|crypto)\.so[.\d]*: cannot open shared object file/,
  /Error loading shared library lib(?:ssl|crypto)\./,
  /Error relocating/,
  /Library not loaded: \S*lib(?:ssl|crypto)\./,
];

/** What dlopen says, with what to do about it. */
function explained(error: unknown): unknown {
  if (!existsSync(file)) return notBuilt(file, error);
  if ('deno' in process.versions) return unsupportedRuntime('Deno', error);
  if (!(error instanceof Error)) return error;
  return libraryIsAnother.some((words) => words.test(error.message)) ? otherOpenssl(error) : error;
}

function load(): Native {
  const module: { exports: unknown } = { exports: {} };
  try {
    process.dlopen(module, file, flags());
  } catch (error) {
    throw explained(error);
  }
  const addon = module.exports as Native;
  addon.setFactories(factories);
  addon.setRegisters(registers);
  // V8 keeps an object with this many members as a hash table, but not one that is a prototype: there, each call knows its
  // function.
  return Object.create(addon);
}

/** The functions of the addon. Handles are integers here. */
export const native: Native = load();
